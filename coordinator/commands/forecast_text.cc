#include "coordinator/commands/forecast_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "common/base/elapsed.h"
#include "common/base/message_text.h"

using nlohmann::json;

namespace wcam {

namespace {

std::string with_commas(double value) {
  std::string digits = std::to_string(std::llround(value));
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

std::string formatted(const char* format, double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

std::string bytes_text(double bytes) {
  if (bytes < 1e6) return formatted("%.0f kB", bytes / 1e3);
  if (bytes < 1e9) return formatted(bytes < 1e7 ? "%.1f MB" : "%.0f MB", bytes / 1e6);
  return formatted("%.1f GB", bytes / 1e9);
}

std::string seconds_text(double seconds) {
  if (seconds < 0.1) return formatted("%.1f ms", 1e3 * seconds);
  if (seconds < 10) return formatted("%.2f s", seconds);
  return duration_text(seconds);
}

std::string range_text(const Range& range, std::string (*text)(double)) {
  const std::string low = text(range.low), high = text(range.high);
  return low == high ? low : low + " to " + high;
}

std::string row(const char* name, const std::string& text) {
  std::array<char, 16> head{};
  std::snprintf(head.data(), head.size(), "%-10s", name);
  return head.data() + text + "\n";
}

std::string selection_text(const Forecast& f, const Plan& plan) {
  const std::string sample = with_commas(f.sample);
  if (plan.selection.rule == SelectionRule::kListed) return "those of the select-file";
  if (plan.selection.rule == SelectionRule::kAll) return sample + " of them explained, whatever is predicted";
  return "up to " + sample + " of them explained, those that some variant affects under every case";
}

json to_json(const Range& range) { return {{"low", range.low}, {"high", range.high}}; }

// Of things that are counted.
json whole(const Range& range) {
  return {{"low", std::llround(range.low)}, {"high", std::llround(range.high)}};
}

}  // namespace

std::string work_text(const Forecast& f) {
  return range_text(f.predict_jobs, with_commas) + " predict jobs of " +
         with_commas(static_cast<double>(f.forwards_per_predict)) + " forwards, " +
         range_text(f.explain_jobs, with_commas) + " WCAMs of " +
         with_commas(static_cast<double>(f.forwards_per_wcam)) + " forwards" +
         (f.forwards_there > 0 ? ", of which " + with_commas(f.forwards_there) + " are there" : "");
}

std::string forwards_text(const Forecast& f) { return range_text(f.forwards(), with_commas); }

std::string reason_for_ranges(const Forecast& f) {
  const auto exact = [](const Range& range) { return range.low == range.high; };
  if (exact(f.predict_jobs) && exact(f.explain_jobs)) return "";
  return "predictions that are still to be made decide what is explained of " + with_commas(f.to_decide) +
         (f.to_decide == 1 ? " image" : " images") + " of the sample";
}

std::string describe(const Forecast& f, const Plan& plan, const Crew& crew, bool begun) {
  std::string text =
      row("images", with_commas(static_cast<double>(plan.images.size())) + ", " + selection_text(f, plan));
  text += row("variants", with_commas(static_cast<double>(plan.variants.size())) + " of " +
                              plan.perturbation + ", and the source");
  text += row("cases", with_commas(static_cast<double>(plan.cases.size())) + ": " +
                           joined(plan.cases, &CaseSpec::name));
  text += row(begun ? "left" : "to do", work_text(f));
  text += row("forwards", forwards_text(f));
  if (const std::string reason = reason_for_ranges(f); !reason.empty()) text += row("ranges", reason);
  if (f.seconds)
    text += row("time", range_text(*f.seconds, duration_text) + " with " + std::to_string(crew.workers) +
                            (crew.workers == 1 ? " worker" : " workers"));
  text += row("disk", range_text(f.disk_bytes(), bytes_text) + ": segments " +
                          range_text(f.segment_bytes, bytes_text) + ", results.h5 " +
                          range_text(f.results_bytes, bytes_text) + ", ledger " +
                          range_text(f.ledger_bytes, bytes_text));
  if (f.memory_bytes)
    text += row("memory", bytes_text(static_cast<double>(*f.memory_bytes)) +
                              " a worker with one case loaded; others loaded come on top (--model-memory)");
  if (f.cases.empty()) return text;
  std::size_t width = 16;
  for (const Forecast::CaseCost& c : f.cases) width = std::max(width, c.name.size());
  const auto table_row = [&](std::string name, const std::array<std::string, 4>& cells) {
    name.resize(width, ' ');
    std::array<char, 64> columns{};
    std::snprintf(columns.data(), columns.size(), " %10s %12s %12s %12s\n", cells[0].c_str(),
                  cells[1].c_str(), cells[2].c_str(), cells[3].c_str());
    return name + columns.data();
  };
  text += "\n" + table_row("case", {"load", "a forward", "predict job", "WCAM"});
  for (const Forecast::CaseCost& c : f.cases)
    text += table_row(c.name, {seconds_text(c.load_seconds), seconds_text(c.image_seconds),
                               seconds_text(c.predict_seconds), seconds_text(c.wcam_seconds)});
  return text;
}

std::string to_json_text(const Forecast& f, const Plan& plan) {
  json cases = json::array();
  for (std::size_t c = 0; c < plan.cases.size(); ++c) {
    json entry{{"name", plan.cases[c].name}};
    if (!f.cases.empty()) {
      entry["load_seconds"] = f.cases[c].load_seconds;
      entry["forward_seconds"] = f.cases[c].image_seconds;
      entry["predict_seconds"] = f.cases[c].predict_seconds;
      entry["wcam_seconds"] = f.cases[c].wcam_seconds;
    }
    cases.push_back(std::move(entry));
  }
  const json document{
      {"sweep", sweep_id(plan)},
      {"images", plan.images.size()},
      {"variants", plan.variants.size()},
      {"select", to_string(plan.selection.rule)},
      {"sample", std::llround(f.sample)},
      {"cases", std::move(cases)},
      {"predict", {{"jobs", whole(f.predict_jobs)}, {"forwards_each", f.forwards_per_predict}}},
      {"explain",
       {{"jobs", whole(f.explain_jobs)},
        {"forwards_each", f.forwards_per_wcam},
        {"forwards_there", std::llround(f.forwards_there)}}},
      {"forwards", whole(f.forwards())},
      {"seconds", f.seconds ? to_json(*f.seconds) : json()},
      {"memory_bytes", f.memory_bytes ? json(*f.memory_bytes) : json()},
      {"bytes",
       {{"all", whole(f.disk_bytes())},
        {"segments", whole(f.segment_bytes)},
        {"results", whole(f.results_bytes)},
        {"ledger", whole(f.ledger_bytes)}}}};
  return document.dump(1) + "\n";
}

}  // namespace wcam
