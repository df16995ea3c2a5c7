// Is the shift larger when the label flips, at equal severity?
//
// Altered variants are stronger corruptions than unaffected ones, so that comparing all of them mixes
// strength with the change of label. Here each altered variant is set against the control that was chosen for
// it (same case, image and severity), and an image's mean differences are tested.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "analysis/report/sections.h"
#include "analysis/report/wording.h"
#include "common/base/message_text.h"

namespace wcam {

namespace {

// Distance less noise floor, or the distance where no floor is known.
double beyond_noise(const Shift& shift, std::size_t measure, const Observations& found) {
  return found.noise == NoiseFrom::kNothing ? shift.distance[measure]
                                            : shift.distance[measure] - floor_of(shift, measure);
}

struct Group {
  std::array<ImageMeans, kMeasureCount> control, altered;             // pairs of equal severity
  std::array<ImageMeans, kMeasureCount> all_unaffected, all_altered;  // unmatched
  ImageMeans unaffected_severity, altered_severity;                   // unmatched
  std::size_t equal = 0, unequal = 0;                                 // pairs
};
using Key = std::pair<LabelKind, std::size_t>;  // kind of label, case

struct Tested {
  LabelKind kind{};
  std::size_t case_index = 0;
  std::array<Paired, kMeasureCount> matched, unmatched;
  Paired severity;  // of the unmatched
  std::size_t equal = 0, unequal = 0;
};

std::map<Key, Group> gather(const Observations& found) {
  std::map<Key, Group> groups;
  std::map<std::tuple<LabelKind, std::size_t, std::uint32_t, int>, const Shift*> altered;
  for (const Shift& shift : found.shifts)
    if (shift.role == Role::kAltered)
      altered.emplace(std::tuple(shift.kind, shift.case_index, shift.image, int{shift.variant}), &shift);
  for (const Shift& shift : found.shifts) {
    Group& group = groups[{shift.kind, shift.case_index}];
    const bool is_altered = shift.role == Role::kAltered;
    for (std::size_t m = 0; m < kMeasureCount; ++m)
      (is_altered ? group.all_altered : group.all_unaffected)[m].add(shift.image,
                                                                     beyond_noise(shift, m, found));
    (is_altered ? group.altered_severity : group.unaffected_severity)
        .add(shift.image, found.variants[shift.variant].severity);
    const auto match = altered.find({shift.kind, shift.case_index, shift.image, shift.control_of});
    if (shift.control_of < 0 || match == altered.end()) continue;
    // A family without severities has none that differ.
    if (std::abs(shift.severity_difference) > 0.5) {
      ++group.unequal;
      continue;
    }
    ++group.equal;
    for (std::size_t m = 0; m < kMeasureCount; ++m) {
      const double of_control = beyond_noise(shift, m, found),
                   of_altered = beyond_noise(*match->second, m, found);
      if (std::isnan(of_control) || std::isnan(of_altered)) continue;
      group.control[m].add(shift.image, of_control);
      group.altered[m].add(shift.image, of_altered);
    }
  }
  return groups;
}

std::vector<Tested> test(const std::map<Key, Group>& groups) {
  std::vector<Tested> tested;
  for (const auto& [key, group] : groups) {
    Tested one{key.first,   key.second,   {}, {}, paired(group.unaffected_severity, group.altered_severity),
               group.equal, group.unequal};
    for (std::size_t m = 0; m < kMeasureCount; ++m) {
      one.matched[m] = paired(group.control[m], group.altered[m]);
      one.unmatched[m] = paired(group.all_unaffected[m], group.all_altered[m]);
    }
    tested.push_back(std::move(one));
  }
  // Families: all cases and kinds of label, for each measure by itself.
  for (std::size_t m = 0; m < kMeasureCount; ++m) {
    std::vector<Paired*> matched, unmatched;
    for (Tested& one : tested) {
      matched.push_back(&one.matched[m]);
      unmatched.push_back(&one.unmatched[m]);
    }
    correct(matched);
    correct(unmatched);
  }
  return tested;
}

ReportTable table_of(const std::vector<Tested>& tested, const Observations& found) {
  ColumnMeanings columns{
      {"case", "name of the classifier"},
      {"explained", "for which class: the same kind of label in all maps"},
      {"comparison",
       "matched: each altered variant with its control of equal severity; unmatched: all altered "
       "with all unaffected ones, severities as they are"},
      {"measure", "as in shift.csv"},
      {"pairs", "of variants; matched only"},
      {"images", "that have both"}};
  add_estimate_columns(columns, "control", "mean shift of the unaffected, noise floor taken off");
  add_estimate_columns(columns, "altered", "mean shift of the altered, noise floor taken off");
  add_estimate_columns(columns, "difference", "altered less control");
  add_estimate_columns(columns, "effect", "Hedges' g of the images' differences");
  columns.emplace_back("p", "two-sided sign-flip test of the images' differences");
  columns.emplace_back("p_holm", "after Holm's correction over cases and classes explained");
  add_estimate_columns(columns, "severity_difference",
                       "severity of the altered less that of the unaffected; 0 by choice of the matched");
  ReportTable table = make_table("flips.csv", columns);
  for (const Tested& one : tested)
    for (const bool matched : {true, false})
      for (std::size_t m = 0; m < kMeasureCount; ++m) {
        const Paired& result = (matched ? one.matched : one.unmatched)[m];
        std::vector<Cell> row{found.case_name(one.case_index),
                              to_string(one.kind),
                              std::string(matched ? "matched" : "unmatched"),
                              id_of(kMeasures[m]),
                              matched ? count_cell(one.equal) : Cell(kUnknown),
                              count_cell(result.difference.images)};
        for (const Estimate* estimate : {&result.first, &result.second, &result.difference, &result.effect})
          add_cells(row, *estimate);
        row.push_back(p_cell(result.p));
        row.push_back(p_cell(result.p_holm));
        add_cells(row, matched ? Estimate{0, std::nullopt, 0} : one.severity.difference);
        table.rows.push_back(std::move(row));
      }
  return table;
}

Chart chart_of(const std::vector<Tested>& tested, const std::vector<LabelKind>& kinds,
               const Observations& found) {
  Chart chart;
  chart.kind = Chart::Kind::kDots;
  chart.name = "flips_matched";
  chart.x_title = "Case";
  chart.y_title = "Spearman distance beyond noise";
  for (const LabelKind kind : kinds) {
    ChartSeries altered{"label flips, " + in_words(kind), {}}, control{"control, " + in_words(kind), {}};
    for (const Tested& one : tested) {
      if (one.kind != kind) continue;
      const double x = static_cast<double>(one.case_index);
      const Paired& result = one.matched[kMainMeasure];
      altered.points.push_back(chart_point(found.case_name(one.case_index), x, result.second));
      control.points.push_back(chart_point(found.case_name(one.case_index), x, result.first));
    }
    chart.series.push_back(std::move(altered));
    chart.series.push_back(std::move(control));
  }
  chart.lines.push_back({"no shift beyond noise", 0});
  chart.caption =
      "Shift of the map from the source's, noise floor taken off, of variants that flip the label and of "
      "unaffected controls of the same image and severity; by the class explained; 95 % intervals over "
      "images.";
  return chart;
}

constexpr std::size_t kListed = 3;  // so many cases are told one by one where nothing was found

// "0.02 [-0.01, 0.05] under baseline and ..." or, of many, from what to what.
std::string differences_of(const std::vector<const Tested*>& cases, const Observations& found) {
  std::vector<std::string> each;
  double low = 0, high = 0;
  for (const Tested* one : cases) {
    const Estimate& difference = one->matched[kMainMeasure].difference;
    each.push_back(found.case_name(one->case_index) + " " + with_interval(difference));
    low = std::min(low, difference.interval ? difference.interval->first : difference.value);
    high = std::max(high, difference.interval ? difference.interval->second : difference.value);
  }
  if (each.size() <= kListed) return "difference " + listed(each);
  return "intervals of the differences within " + decimal(low, 3) + " to " + decimal(high, 3);
}

// Of one kind of label.
std::string sentence(const std::vector<const Tested*>& cases, LabelKind kind, std::size_t family,
                     const Observations& found) {
  std::vector<std::string> larger, smaller, few;
  std::vector<const Tested*> open;
  std::size_t needed = 0, images = 0;
  for (const Tested* one : cases) {
    const Paired& result = one->matched[kMainMeasure];
    images = std::max(images, result.difference.images);
    if (result.difference.images < kFewestImages) {
      few.push_back(found.case_name(one->case_index));
    } else if (is_a_shift(result)) {
      (result.difference.value > 0 ? larger : smaller)
          .push_back(found.case_name(one->case_index) + " (" + decimal(result.second.value) + " against " +
                     decimal(result.first.value) + ", difference " + with_interval(result.difference) + ", " +
                     corrected_p(result) + ")");
    } else {
      open.push_back(one);
      const std::size_t of_case = result.difference.value > 0 ? result.images_to_see_it() : 0;
      if (of_case > 0 && (needed == 0 || of_case < needed)) needed = of_case;
    }
  }
  std::string text = "Explained for " + in_words(kind) + ", at equal severity the shift is ";
  if (!larger.empty()) text += "larger when the label flips under " + few_listed(larger, "flips.csv");
  if (!smaller.empty())
    text += (larger.empty() ? "" : " and ") + std::string("smaller when the label flips under ") +
            few_listed(smaller, "flips.csv");
  if (!larger.empty() || !smaller.empty()) text += family_words(family, "test");
  if (!open.empty())
    text += (larger.empty() && smaller.empty() ? "not shown to be larger when the label flips"
                                               : "; no difference is shown under the others") +
            std::string(" (") + differences_of(open, found) + needed_words(needed, images) + ")";
  if (!few.empty()) {
    if (larger.empty() && smaller.empty() && open.empty()) text += "not compared";
    text += "; nothing is asserted of " + listed(few) + ": fewer than " + std::to_string(kFewestImages) +
            " images";
  }
  return text + ".";
}

// What a comparison without controls would have said.
std::string confounded_sentence(const std::vector<Tested>& tested, LabelKind kind,
                                const Observations& found) {
  std::vector<std::string> misled;
  double most = 0;
  for (const Tested& one : tested) {
    const Paired& naive = one.unmatched[kMainMeasure];
    const Estimate& stronger = one.severity.difference;
    if (one.kind != kind || !is_a_shift(naive) || naive.difference.value < 0 ||
        is_a_shift(one.matched[kMainMeasure]) ||
        !((stronger.interval ? stronger.interval->first : stronger.value) > 0))
      continue;
    misled.push_back(found.case_name(one.case_index) + " (by " + with_interval(naive.difference) + ")");
    most = std::max(most, stronger.value);
  }
  if (misled.empty()) return "";
  return " Without controls it would seem larger under " + few_listed(misled, "flips.csv") +
         ", but there altered variants are stronger (by up to " + decimal(most, 1) +
         " severities on average): severity explains it as well as the label.";
}

}  // namespace

Section flips_section(const Observations& found) {
  Section section;
  section.id = "flips";
  section.question = "Is the shift larger when the label flips, at equal severity?";
  const std::vector<Tested> tested = test(gather(found));
  std::size_t equal = 0, unequal = 0, family = 0;
  std::vector<LabelKind> kinds;
  for (const LabelKind kind : {LabelKind::kSource, LabelKind::kPredicted, LabelKind::kTrue}) {
    bool has_pairs = false;
    for (const Tested& one : tested) {
      if (one.kind != kind) continue;
      has_pairs = has_pairs || one.equal > 0;
      equal += one.equal;
      unequal += one.unequal;
      family += one.matched[kMainMeasure].p ? 1 : 0;
      section.images = std::max(section.images, one.matched[kMainMeasure].difference.images);
    }
    if (has_pairs) kinds.push_back(kind);
  }
  if (equal + unequal == 0) {
    section.answer =
        "Nothing is asserted, since no altered variant has a control: wcam run --controls matched "
        "explains for each of them an unaffected one of the same severity.";
  } else if (section.images < kFewestImages) {
    section.answer =
        too_few_sentence(section.images, found, " with an altered variant and its control of equal severity");
  } else {
    for (const LabelKind kind : kinds) {
      std::vector<const Tested*> cases;
      for (const Tested& one : tested)
        if (one.kind == kind) cases.push_back(&one);
      section.answer += (section.answer.empty() ? "" : " ") + sentence(cases, kind, family, found);
    }
    section.answer += confounded_sentence(tested, kinds.front(), found);
  }
  section.charts.push_back(chart_of(tested, kinds, found));
  section.tables.push_back(table_of(tested, found));
  add_noise_doubts(section.doubts, found);
  if (unequal > 0)
    section.doubts.push_back(counted(unequal, "pair") + " of " + std::to_string(equal + unequal) +
                             " had no control of equal severity and " + (unequal == 1 ? "is" : "are") +
                             " left out: what is said is of the others.");
  if (equal > 0 && !has_severities(found.plan.perturbation))
    section.doubts.push_back("This family has no severities: controls are matched by image and case alone.");
  if (equal > 0)
    section.doubts.push_back(
        "A control may be another corruption than the variant it is matched with: equal severities of two "
        "corruptions need not be equally strong.");
  if (std::find(kinds.begin(), kinds.end(), LabelKind::kSource) == kinds.end())
    section.doubts.push_back(
        "Altered variants were not explained for the source's class, so that a flip changes what is "
        "explained "
        "too (--explain predicted,source).");
  add_doubt(section.doubts, few_images_doubt(section.images));
  return section;
}

}  // namespace wcam
