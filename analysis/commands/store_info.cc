#include "analysis/commands/store_info.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>
#include <set>

#include "analysis/statistics/ranks.h"
#include "common/base/elapsed.h"
#include "common/base/file.h"
#include "common/base/message_text.h"
#include "common/base/sweep_directory.h"
#include "common/command_line/options.h"
#include "common/store/open_results.h"
#include "common/store/store_file.h"
#include "common/study/perturbation.h"
#include "common/study/selection_settings.h"
#include "common/study/wcam_options.h"

namespace fs = std::filesystem;
using nlohmann::json;

namespace wcam {

namespace {

std::optional<std::int64_t> last_word(const SweepDirectory& sweep) try {
  if (!fs::exists(sweep.status())) return std::nullopt;
  return json::parse(read_file(sweep.status())).at("updated").get<std::int64_t>();
} catch (const json::exception&) {  // `wcam status` says what is wrong with it
  return std::nullopt;
}

void count_profiles(StoreInfo& info, const std::vector<ProfileRow>& profiles) {
  std::vector<double> seconds, sufficient;
  std::set<std::string> images;
  for (const ProfileRow& row : profiles) {
    ++info.roles[to_string(row.role)];
    ++info.explained_by_case[row.case_name];
    ++info.devices[row.device];
    ++info.provenances[row.provenance].first;
    images.insert(row.image);
    seconds.push_back(row.seconds);
    info.seconds += row.seconds;
    info.doubtful += row.doubts.empty() ? 0 : 1;
    for (const std::string& doubt : split_list(row.doubts)) ++info.doubts[doubt];
    info.asked_sufficient += row.sufficient_cells != 0 ? 1 : 0;
    if (row.sufficient_cells > 0) sufficient.push_back(static_cast<double>(row.sufficient_cells));
  }
  info.profiles = profiles.size();
  info.explained_images = images.size();
  info.median_seconds = seconds.empty() ? 0 : median(std::move(seconds));
  info.found_sufficient = sufficient.size();
  info.median_sufficient_cells = sufficient.empty() ? 0 : median(std::move(sufficient));
}

}  // namespace

namespace {

std::vector<StoreInfo::Run> runs_in(const std::string& text) try {
  std::vector<StoreInfo::Run> runs;
  if (text.empty()) return runs;
  for (const auto& run : json::parse(text))
    runs.push_back({run.at("began").get<std::string>(),
                    run.at("ended").is_null() ? "" : run["ended"].get<std::string>(),
                    run.at("host").get<std::string>(), run.at("version").get<std::string>(),
                    run.at("command").get<std::string>()});
  return runs;
} catch (const json::exception&) {  // for people alone
  return {};
}

}  // namespace

StoreInfo info_of(const fs::path& path) {
  const Results results = open_results(path);
  StoreInfo info;
  info.path = path;
  info.files = results.files();
  info.header = results.header();
  info.plan = results.plan();
  for (const fs::path& file : info.files) {
    store::StoreReader reader(file);
    ++info.written_by[reader.software_version()];
    if (info.runs.empty()) info.runs = runs_in(reader.runs_text());
  }
  count_profiles(info, results.profiles());
  results.for_each_prediction([&](PredictionRow&& row) {
    ++info.predictions;
    ++info.provenances[row.provenance].second;
  });
  info.stored_images = results.images();
  if (fs::is_directory(path)) info.updated = last_word(SweepDirectory{path});
  return info;
}

namespace {

// Continues below itself when the text has more lines.
std::string row(const std::string& name, const std::string& text) {
  std::string lines = fmt::format("{:<11}", name);
  for (const char c : text) {
    lines += c;
    if (c == '\n') lines.append(11, ' ');
  }
  return lines + "\n";
}

std::string counts_text(const std::map<std::string, std::size_t>& counts) {
  return joined(counts, [](const auto& entry) { return fmt::format("{}: {}", entry.first, entry.second); });
}

std::string files_text(const StoreInfo& info) {
  const bool packed = fs::is_directory(info.path) && !info.files.empty() &&
                      info.files.front() == SweepDirectory{info.path}.results();
  const std::size_t segments = info.files.size() - (packed ? 1 : 0);
  std::string text = !fs::is_directory(info.path) ? "one file"
                     : packed && segments == 0    ? "results.h5"
                     : packed ? "results.h5 and " + counted(segments, "segment") + " it does not hold yet"
                              : counted(segments, "segment");
  text += fmt::format(", format {} {}", store::kFormatName, store::kFormatVersion);
  if (!info.written_by.empty())
    text += ", written by " + joined(info.written_by, [](const auto& entry) {
              return entry.first.empty() ? std::string("a program that does not say") : "wcam " + entry.first;
            });
  return text;
}

std::string time_text(std::int64_t unix_time) {
  const auto seconds = static_cast<std::time_t>(unix_time);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02} UTC", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min);
}

// "contrast, jpeg at severities 1, 5", corruptions of unlike severities in lines of their own.
std::string variants_text(const Plan& plan) {
  std::map<std::string, std::vector<std::string>> severities;  // by corruption
  std::vector<std::string> names;                              // in the plan's order
  for (const std::string& text : plan.variants) {
    const Variant variant = parse_variant(text);
    auto& known = severities[variant.name];
    if (known.empty()) names.push_back(variant.name);
    known.push_back(std::to_string(variant.severity));
  }
  const std::string head = fmt::format("{} of {}", plan.variants.size(), plan.perturbation);
  if (!has_severities(plan.perturbation)) return head + ": " + joined(names);
  std::vector<std::pair<std::string, std::string>> groups;  // severities, names
  for (const std::string& name : names) {
    const std::string at = joined(severities.at(name));
    const auto known =
        std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == at; });
    if (known == groups.end())
      groups.emplace_back(at, name);
    else
      known->second += ", " + name;
  }
  std::string text = head;
  for (const auto& [at, of] : groups) text += fmt::format("\n{} at severity {}", of, at);
  return text;
}

std::string cases_text(const Plan& plan) {
  std::string text;
  std::size_t width = 0;
  for (const CaseSpec& c : plan.cases) width = std::max(width, c.name.size());
  for (const CaseSpec& c : plan.cases)
    text += fmt::format("{}{:<{}}  SHA-256 {}...  {}", text.empty() ? "" : "\n", c.name, width,
                        c.sha256.substr(0, 12), c.file.string());
  return text;
}

std::string selection_text(const SelectionSettings& s) {
  std::string text = "those of a select-file";
  if (s.rule == SelectionRule::kAll) text = fmt::format("the first {}, all variants", s.sample_size);
  if (s.rule == SelectionRule::kPublished)
    text = fmt::format("the first {} that some variant affects under every case, at most {} each",
                       s.sample_size, counted(s.max_altered, "altered variant"));
  if (s.matched_controls)
    text += " and as many matched controls";
  else if (s.rule == SelectionRule::kPublished)
    text += fmt::format(" and {} unaffected", s.max_unaffected);
  return text + (s.only_correct ? ", of images that every case classifies rightly" : "");
}

std::string extends_text(const Plan& plan) {
  return "sweep " + joined(plan.earlier, [](const EarlierPlan& earlier) {
           return earlier.sweep_id.substr(0, 12) +
                  (earlier.nb_design == 0 ? "" : " of " + counted(earlier.nb_design, "design point"));
         });
}

std::string wcam_text(const WcamSettings& s) {
  const std::string design = s.design.empty()
                                 ? fmt::format("{} design, seed {}", to_string(s.sampler), s.design_seed)
                                 : "design of a file, SHA-256 " + s.design;
  return fmt::format("grid {}, {}, {} of {}, {} order by {}, mode {}, approximation: {}{}", s.grid,
                     counted(s.levels, "level"), counted(s.nb_design, "design point"), design,
                     to_string(s.order), to_string(s.estimator), to_string(s.mode),
                     to_string(s.approximation), s.sufficient ? ", sufficient cells asked for" : "");
}

std::string plan_text(const Plan& plan, bool of_sweep) {
  const auto labelled = std::count_if(plan.images.begin(), plan.images.end(),
                                      [](const PlannedImage& image) { return image.true_label.has_value(); });
  std::string images = fmt::format("{} planned, in {}", plan.images.size(), plan.images_root.string());
  if (of_sweep) images += fmt::format(", taken in an order of seed {}", plan.seed);
  if (labelled > 0) images += fmt::format("; {} with a true label", labelled);
  std::string text = row("images", images);
  if (of_sweep)
    text += row("explained", selection_text(plan.selection)) + row("variants", variants_text(plan)) +
            row("labels", "WCAMs of the class: " + to_string(plan.explain)) +
            row("replicates", std::to_string(plan.replicates));
  if (!plan.earlier.empty()) text += row("extends", extends_text(plan));
  return text + row("cases", cases_text(plan)) +
         row("pixels", fmt::format("{0} x {0}, the shorter side resized to {1} before", plan.input_size(),
                                   plan.resize())) +
         row("WCAM", wcam_text(plan.wcam));
}

std::string sufficient_text(const StoreInfo& info) {
  std::string text = fmt::format("{} of {} have their class from their most important cells alone",
                                 info.found_sufficient, counted(info.asked_sufficient, "WCAM"));
  if (info.found_sufficient > 0)
    text += fmt::format(": {:g} of {} in the median", info.median_sufficient_cells,
                        info.header.grid * info.header.grid);
  return text;
}

std::string provenance_text(const StoreInfo& info) {
  std::string text;
  for (const auto& [provenance, rows] : info.provenances)
    text += fmt::format("{}{}, {} by {}", text.empty() ? "" : "\n", counted(rows.first, "WCAM"),
                        counted(rows.second, "prediction"),
                        provenance.empty() ? "a machine that was not stored" : provenance);
  if (info.provenances.size() > 1)
    text += "\nunlike processors or libraries agree to rounding only (docs/reproducibility.md)";
  return text;
}

}  // namespace

std::string to_text(const StoreInfo& info) {
  std::string text =
      row("path", info.path.string()) + row("holds", files_text(info)) +
      row("sweep", info.header.sweep_id.empty() ? "none: made by `wcam explain`" : info.header.sweep_id);
  text += row("rows",
              fmt::format("{} of {}{}, {}, pixels of {}", counted(info.profiles, "WCAM"),
                          counted(info.explained_images, "image"),
                          info.roles.empty() ? "" : " (" + counts_text(info.roles) + ")",
                          counted(info.predictions, "prediction"), counted(info.stored_images, "variant")));
  if (info.profiles > 0)
    text += row("doubtful", fmt::format("{} of {}{}", info.doubtful, counted(info.profiles, "WCAM"),
                                        info.doubts.empty() ? "" : " (" + counts_text(info.doubts) + ")"));
  if (info.asked_sufficient > 0) text += row("sufficient", sufficient_text(info));
  if (info.plan) text += plan_text(*info.plan, !info.header.sweep_id.empty());
  if (!info.plan)
    text += row("grid", fmt::format("{}, {}; no plan: this is a segment, the sweep's folder has it",
                                    info.header.grid, counted(info.header.levels, "level")));
  if (!info.provenances.empty()) text += row("computed", provenance_text(info));
  if (info.profiles > 0)
    text += row("time", fmt::format("{} of computing for all WCAMs, {:.1f} s for one (median), on {}",
                                    info.seconds < 10 ? fmt::format("{:.1f} s", info.seconds)
                                                      : duration_text(info.seconds),
                                    info.median_seconds,
                                    joined(info.devices, [](const auto& entry) { return entry.first; })));
  constexpr std::size_t kShown = 3;
  const std::size_t left_out = info.runs.size() - std::min(info.runs.size(), kShown);
  for (std::size_t i = left_out; i < info.runs.size(); ++i) {
    const StoreInfo::Run& run = info.runs[i];
    text += row(i == left_out ? "served" : "",
                run.began + " to " + (run.ended.empty() ? "an end of its own" : run.ended) + " by " +
                    run.version + " on " + run.host + ":\n" + run.command);
  }
  if (left_out > 0) text += row("", "and " + counted(left_out, "time") + " before: --json");
  if (info.updated) text += row("last word", time_text(*info.updated) + ", of a coordinator");
  return text;
}

std::string to_json_text(const StoreInfo& info) {
  json provenances = json::array();
  for (const auto& [provenance, rows] : info.provenances)
    provenances.push_back(
        {{"provenance", provenance}, {"profiles", rows.first}, {"predictions", rows.second}});
  json runs = json::array();
  for (const StoreInfo::Run& run : info.runs)
    runs.push_back({{"began", run.began},
                    {"ended", run.ended},
                    {"host", run.host},
                    {"version", run.version},
                    {"command", run.command}});
  json document{{"path", info.path.string()},
                {"files", json::array()},
                {"format", store::kFormatName},
                {"format_version", store::kFormatVersion},
                {"written_by", info.written_by},
                {"sweep_id", info.header.sweep_id},
                {"grid", info.header.grid},
                {"levels", info.header.levels},
                {"profiles", info.profiles},
                {"predictions", info.predictions},
                {"stored_images", info.stored_images},
                {"explained_images", info.explained_images},
                {"roles", info.roles},
                {"explained_by_case", info.explained_by_case},
                {"devices", info.devices},
                {"provenances", std::move(provenances)},
                {"seconds", info.seconds},
                {"median_seconds", info.median_seconds},
                {"doubtful", info.doubtful},
                {"doubts", info.doubts},
                {"asked_sufficient", info.asked_sufficient},
                {"found_sufficient", info.found_sufficient},
                {"median_sufficient_cells", info.median_sufficient_cells},
                {"runs", std::move(runs)},
                {"updated", info.updated ? json(*info.updated) : json()},
                {"plan", json()}};
  for (const fs::path& file : info.files) document["files"].push_back(file.string());
  if (info.plan) {
    json plan = json::parse(to_json_text(*info.plan));
    plan["images"] = info.plan->images.size();
    for (std::size_t i = 0; i < info.plan->cases.size(); ++i)
      plan["cases"][i]["classes"] = info.plan->cases[i].classes.size();
    plan.erase("class_lists");
    document["plan"] = std::move(plan);
  }
  return document.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace wcam
