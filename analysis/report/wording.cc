#include "analysis/report/wording.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "analysis/statistics/stated.h"
#include "common/base/error.h"
#include "common/base/message_text.h"
#include "common/study/case_title.h"

namespace wcam {

namespace {

const std::string kNotKnown = "not known";

// Below, a studentised interval is wide and tests see large effects only.
constexpr std::size_t kFewImages = 20;

// Percentages of one interval have the same number of digits: more where it is narrow.
int percent_digits(const Estimate& estimate) {
  if (!estimate.interval) return std::abs(estimate.value) < 0.0995 ? 1 : 0;
  return estimate.interval->second - estimate.interval->first < 0.02 ? 1 : 0;
}

std::string brackets(const Estimate& estimate, double scale, int digits) {
  if (!estimate.interval) return "";
  return " [" + decimal(scale * estimate.interval->first, digits) + ", " +
         decimal(scale * estimate.interval->second, digits) + "]";
}

// What gives that many more images of the kind of which there are so few. A larger sample takes images that
// are planned and not predicted yet; where there are none left, or too few, only other images help.
std::string how_to_get_more(std::size_t images, std::size_t more, const Observations& found) {
  if (found.sweeps > 1) return "wcam run --extend with more images in one of the sweeps";
  if (found.plan.selection.rule == SelectionRule::kListed)
    return "wcam run --extend with a longer --select-file";
  // The sample has to grow by more than is missing where only some of its images count.
  const std::size_t sample = found.explained_images, planned = found.plan.images.size(),
                    left = planned - std::min(planned, found.images.size());
  const std::size_t larger =
      images == 0 ? std::max(sample + more, 2 * sample)
                  : static_cast<std::size_t>(
                        std::ceil(static_cast<double>(sample * kFewestImages) / static_cast<double>(images)));
  const bool small_sample = larger > static_cast<std::size_t>(found.plan.selection.sample_size),
             few_left = larger > sample + left;
  if (!small_sample && !few_left)
    return counted(left, "planned image") + (left == 1 ? " is" : " are") + " not predicted yet";
  return "wcam run --extend" + (small_sample ? " --sample-size " + std::to_string(larger) : "") +
         (few_left ? " --images FOLDER, where these " + counted(planned, "image") + " and more are" : "");
}

}  // namespace

std::string decimal(double value, int digits) {
  if (!std::isfinite(value)) return kNotKnown;
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  const std::string found = text;
  const bool zero = found.find_first_of("123456789") == std::string::npos;
  return zero && found[0] == '-' ? found.substr(1) : found;
}

std::string percent(double share) {
  if (!std::isfinite(share)) return kNotKnown;
  return decimal(100 * share, std::abs(share) < 0.0995 ? 1 : 0) + " %";
}

std::string points(double share) {
  if (!std::isfinite(share)) return kNotKnown;
  return decimal(100 * share, std::abs(share) < 0.0995 ? 1 : 0) + " percentage points";
}

std::string p_value(double p) { return p < 0.001 ? "p < 0.001" : "p = " + decimal(p, p < 0.1 ? 3 : 2); }

std::string few_listed(const std::vector<std::string>& names, const std::string& table) {
  constexpr std::size_t kTold = 3;
  if (names.size() <= kTold + 1) return listed(names);
  return first_few(names, kTold) + " (" + table + ")";
}

std::string too_few_of(const std::vector<std::string>& names) {
  constexpr std::size_t kNamed = 6;
  if (names.empty()) return "";
  return " Nothing is asserted of " + (names.size() <= kNamed ? listed(names) : first_few(names, kNamed)) +
         ": fewer than " + std::to_string(kFewestImages) + " images.";
}

std::string in_short(const std::string& text) {
  std::string kept;
  int depth = 0;
  for (const char c : text) {
    if (c == '(' || c == '[') {
      if (depth++ == 0 && kept.ends_with(' ')) kept.pop_back();
    } else if (c == ')' || c == ']') {
      if (--depth < 0) return text;
    } else if (depth == 0) {
      if (c == ' ' && kept.ends_with('.')) return kept;
      kept += c;
    }
  }
  return depth == 0 ? kept : text;
}

std::string with_interval(const Estimate& estimate) {
  const bool narrow = estimate.interval && estimate.interval->second - estimate.interval->first < 0.02;
  const int digits = narrow ? 3 : 2;
  return decimal(estimate.value, digits) + brackets(estimate, 1, digits);
}

std::string with_percent_interval(const Estimate& estimate) {
  if (!std::isfinite(estimate.value)) return kNotKnown;
  const int digits = percent_digits(estimate);
  return decimal(100 * estimate.value, digits) + " %" + brackets(estimate, 100, digits);
}

std::string with_points_interval(const Estimate& estimate) {
  if (!std::isfinite(estimate.value)) return kNotKnown;
  const int digits = percent_digits(estimate);
  return decimal(100 * estimate.value, digits) + " points" + brackets(estimate, 100, digits);
}

std::string corrected_p(const Paired& result) {
  return result.p_holm ? p_value(*result.p_holm) : "not tested";
}

std::string holm_words(std::size_t family, const std::string& one) {
  return family > 1 ? " after Holm's correction over " + counted(family, one) : "";
}

std::string level_of(std::size_t share, const Observations& found) {
  return share == 0 ? "the approximation" : "level " + std::to_string(found.shares() - share);
}

std::string in_words(LabelKind kind) {
  switch (kind) {
    case LabelKind::kPredicted:
      return "the predicted class";
    case LabelKind::kSource:
      return "the source's class";
    case LabelKind::kTrue:
      return "the true class";
  }
  invariant_broken("a kind of label without words");
}

std::string id_of(Measure measure) {
  switch (measure) {
    case Measure::kSpearman:
      return "spearman";
    case Measure::kCosine:
      return "cosine";
    case Measure::kTopTenth:
      return "top_tenth";
    case Measure::kTransport:
      return "transport";
    case Measure::kScale:
      return "scale";
  }
  invariant_broken("a measure without a name");
}

std::string in_words(Measure measure) {
  switch (measure) {
    case Measure::kSpearman:
      return "Spearman distance";
    case Measure::kCosine:
      return "cosine distance";
    case Measure::kTopTenth:
      return "share of the most important tenth not in common";
    case Measure::kTransport:
      return "Wasserstein distance on the grid (cells)";
    case Measure::kScale:
      return "Wasserstein distance of level shares (levels)";
  }
  invariant_broken("a measure without words");
}

std::string too_few_sentence(std::size_t images, const Observations& found, const std::string& of) {
  const std::size_t more = kFewestImages - std::min(images, kFewestImages);
  return "Nothing is asserted of " + counted(images, "image") + of + ": " + std::to_string(kFewestImages) +
         " are the fewest, so that " + std::to_string(more) + " more " + (more == 1 ? "is" : "are") +
         " needed (" + how_to_get_more(images, more, found) + ").";
}

bool is_worth_telling(std::size_t needed, std::size_t images) {
  constexpr std::size_t kAbsurd = 100;  // times as many
  return needed > images && needed < kAbsurd * images;
}

std::string needed_words(std::size_t needed, std::size_t images) {
  if (!is_worth_telling(needed, images)) return "";
  return "; about " + counted(needed, "image") + " would show a difference of that size";
}

std::string case_or_all(std::size_t case_index, const Observations& found) {
  return case_index == found.cases() ? "(all)" : found.case_name(case_index);
}

std::string title_of(std::size_t case_index, const Observations& found) {
  if (case_index == found.cases()) return case_or_all(case_index, found);
  return case_titles(found.plan.cases, &CaseSpec::name)[case_index];
}

std::string over_cases(std::size_t cases) { return cases < 2 ? "" : ", mean over " + counted(cases, "case"); }

std::string by_case_words(const std::vector<CaseVerdict>& cases, const std::string& table,
                          const Observations& found) {
  std::vector<std::string> few, open;
  std::vector<double> p_shown, p_open;
  std::size_t family = 1;
  for (const auto& [case_index, result, shown] : cases) {
    if (result->difference.images < kFewestImages) {
      few.push_back(found.case_name(case_index));
      continue;
    }
    family = std::max(family, result->family);
    (shown ? p_shown : p_open).push_back(result->p_holm.value_or(1));
    if (!shown)
      open.push_back(found.case_name(case_index) + " (difference " + with_interval(result->difference) +
                     ", " + corrected_p(*result) + ")");
  }
  const std::size_t compared = p_shown.size() + p_open.size();
  if (compared < 2) return "." + too_few_of(few);
  const std::string correction = holm_words(family, "test");
  if (p_shown.empty())
    return "; under no case by itself is it shown (smallest " +
           p_value(*std::min_element(p_open.begin(), p_open.end())) + correction + ")." + too_few_of(few);
  return "; it is shown under " + (open.empty() ? "all " : std::to_string(p_shown.size()) + " of ") +
         counted(compared, "case") + ", each by itself (largest " +
         p_value(*std::max_element(p_shown.begin(), p_shown.end())) + correction + ")" +
         (open.empty() ? "" : ", not under " + few_listed(open, table)) + "." + too_few_of(few);
}

std::string unreachable_words(const std::string& what, std::size_t images, std::size_t family) {
  if (images < kFewestImages || images >= fewest_images(family, kLevel)) return "";
  return "No " + what + " can be shown by " + counted(images, "image") + ": " + counted(family, "test") +
         " are corrected together, for which " + std::to_string(fewest_images(family, kLevel)) +
         " images are the fewest.";
}

std::string few_images_doubt(std::size_t images) {
  if (images < kFewestImages || images >= kFewImages) return "";
  return "It rests on " + counted(images, "image") + ": only large differences can be seen.";
}

ReportTable make_table(const std::string& name, const ColumnMeanings& columns) {
  ReportTable table;
  table.name = name;
  for (const auto& [column, meaning] : columns) {
    table.columns.push_back(column);
    table.meanings.push_back(meaning);
  }
  return table;
}

void add_estimate_columns(ColumnMeanings& columns, const std::string& name, const std::string& meaning) {
  columns.emplace_back(name, meaning);
  columns.emplace_back(name + "_low", "lower end of its 95 % interval over images; empty: not stated");
  columns.emplace_back(name + "_high", "upper end");
}

void add_cells(std::vector<Cell>& row, const Estimate& estimate) {
  row.emplace_back(estimate.value);
  row.emplace_back(estimate.interval ? estimate.interval->first : kUnknown);
  row.emplace_back(estimate.interval ? estimate.interval->second : kUnknown);
}

void add_cells(std::vector<Cell>& row, const Paired& tested) {
  add_cells(row, tested.difference);
  add_cells(row, tested.effect);
  row.push_back(p_cell(tested.p));
  row.push_back(p_cell(tested.p_holm));
}

Cell count_cell(std::size_t count) { return static_cast<long long>(count); }

Cell p_cell(const std::optional<double>& p) { return p.value_or(kUnknown); }

ChartPoint chart_point(const std::string& label, double x, const Estimate& estimate) {
  return {label, x, estimate.value, estimate.interval};
}

ChartPoint level_point(std::size_t share, const Estimate& estimate, const Observations& found) {
  return chart_point(share == 0 ? "approximation" : level_of(share, found), static_cast<double>(share),
                     in_percent(estimate));
}

}  // namespace wcam
