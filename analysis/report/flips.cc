// Is the shift larger when the label flips, at equal severity?
//
// Altered variants are stronger corruptions than unaffected ones, so that comparing all of them mixes
// strength with the change of label. Here each altered variant is set against the control that was chosen for
// it (same case, image and severity), and an image's mean differences are tested. Such a control is another
// corruption, so that beside it stands the nearest severity of the same one.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "analysis/report/sections.h"
#include "analysis/report/wording.h"
#include "common/base/error.h"
#include "common/base/message_text.h"

namespace wcam {

namespace {

// Distance less noise floor, or the distance where no floor is known.
double beyond_noise(const Shift& shift, std::size_t measure, const Observations& found) {
  return found.noise == NoiseFrom::kNothing ? shift.distance[measure]
                                            : shift.distance[measure] - floor_of(shift, measure);
}

// What altered variants are set against.
enum class Against : std::uint8_t { kControl, kSameCorruption, kAllUnaffected };
constexpr Against kAgainst[] = {Against::kControl, Against::kSameCorruption, Against::kAllUnaffected};

// The source's class first: with it a flip does not change what is explained.
constexpr LabelKind kKindsInOrder[] = {LabelKind::kSource, LabelKind::kPredicted, LabelKind::kTrue};

struct Compared {
  std::array<ImageMeans, kMeasureCount> unaffected, altered;
  ImageMeans unaffected_severity, altered_severity;
  std::size_t pairs = 0;  // kAllUnaffected: none are made
};
using Group = std::array<Compared, std::size(kAgainst)>;
using Key = std::pair<LabelKind, std::size_t>;  // kind of label, case

// Altered variants with their controls, each once, however many classes it is explained for.
struct Pairs {
  std::size_t equal = 0, unequal = 0;                   // in severity
  std::size_t of_two_corruptions = 0;                   // of the equal ones
  std::map<std::string, std::size_t> control, altered;  // corruptions of the equal ones, how often
};

struct TestedAgainst {
  std::array<Paired, kMeasureCount> shift;
  Paired severity;
  std::size_t pairs = 0;
};

struct Tested {
  LabelKind kind{};
  std::size_t case_index = 0;
  std::array<TestedAgainst, std::size(kAgainst)> against;

  const TestedAgainst& to(Against other) const { return against[static_cast<std::size_t>(other)]; }
  const Paired& matched() const { return to(Against::kControl).shift[kMainMeasure]; }
};

void add(Compared& compared, const Shift& shift, const Observations& found) {
  const bool altered = shift.role == Role::kAltered;
  for (std::size_t m = 0; m < kMeasureCount; ++m)
    (altered ? compared.altered : compared.unaffected)[m].add(shift.image, beyond_noise(shift, m, found));
  (altered ? compared.altered_severity : compared.unaffected_severity)
      .add(shift.image, found.variants[shift.variant].severity);
}

void add_pair(Compared& compared, const Shift& unaffected, const Shift& altered, const Observations& found) {
  ++compared.pairs;
  compared.unaffected_severity.add(unaffected.image, found.variants[unaffected.variant].severity);
  compared.altered_severity.add(altered.image, found.variants[altered.variant].severity);
  for (std::size_t m = 0; m < kMeasureCount; ++m) {
    const double of_unaffected = beyond_noise(unaffected, m, found),
                 of_altered = beyond_noise(altered, m, found);
    if (std::isnan(of_unaffected) || std::isnan(of_altered)) continue;
    compared.unaffected[m].add(unaffected.image, of_unaffected);
    compared.altered[m].add(altered.image, of_altered);
  }
}

bool is_equal(const Shift& control) {
  // A family without severities has none that differ.
  return !(std::abs(control.severity_difference) > 0.5);
}

using Place = std::tuple<LabelKind, std::size_t, std::uint32_t>;  // kind of label, case, image
Place place_of(const Shift& shift) { return {shift.kind, shift.case_index, shift.image}; }
using ByPlace = std::map<Place, std::vector<const Shift*>>;

ByPlace by_place(const Observations& found, Role role) {
  ByPlace places;
  for (const Shift& shift : found.shifts)
    if (shift.role == role) places[place_of(shift)].push_back(&shift);
  return places;
}

const Shift* altered_of(const Shift& control, const ByPlace& altered) {
  const auto there = altered.find(place_of(control));
  if (control.control_of < 0 || there == altered.end()) return nullptr;
  for (const Shift* one : there->second)
    if (int{one->variant} == control.control_of) return one;
  return nullptr;
}

// The unaffected variant of the same corruption whose severity is the nearest; of two the weaker, which comes
// first.
const Shift* nearest_of_corruption(const Shift& altered, const ByPlace& unaffected,
                                   const Observations& found) {
  const auto there = unaffected.find(place_of(altered));
  if (there == unaffected.end()) return nullptr;
  const Variant& variant = found.variants[altered.variant];
  const auto apart = [&](const Shift& one) {
    return std::abs(found.variants[one.variant].severity - variant.severity);
  };
  const Shift* nearest = nullptr;
  for (const Shift* one : there->second)
    if (found.variants[one->variant].name == variant.name && (!nearest || apart(*one) < apart(*nearest)))
      nearest = one;
  return nearest;
}

std::map<Key, Group> gather(const Observations& found) {
  const ByPlace altered = by_place(found, Role::kAltered), unaffected = by_place(found, Role::kUnaffected);
  std::map<Key, Group> groups;
  for (const Shift& shift : found.shifts) {
    Group& group = groups[{shift.kind, shift.case_index}];
    const auto against = [&](Against other) -> Compared& { return group[static_cast<std::size_t>(other)]; };
    add(against(Against::kAllUnaffected), shift, found);
    const Shift* match = altered_of(shift, altered);
    if (match && is_equal(shift)) add_pair(against(Against::kControl), shift, *match, found);
    if (shift.role != Role::kAltered) continue;
    if (const Shift* nearest = nearest_of_corruption(shift, unaffected, found))
      add_pair(against(Against::kSameCorruption), *nearest, shift, found);
  }
  return groups;
}

Pairs pairs_of(const Observations& found) {
  const ByPlace altered = by_place(found, Role::kAltered);
  std::set<std::tuple<std::size_t, std::uint32_t, int, int>> counted_ones;
  Pairs pairs;
  for (const Shift& control : found.shifts) {
    const Shift* match = altered_of(control, altered);
    if (!match ||
        !counted_ones.emplace(control.case_index, control.image, match->variant, control.variant).second)
      continue;
    ++(is_equal(control) ? pairs.equal : pairs.unequal);
    if (!is_equal(control)) continue;
    const std::string &of_control = found.variants[control.variant].name,
                      &of_altered = found.variants[match->variant].name;
    ++pairs.control[of_control];
    ++pairs.altered[of_altered];
    pairs.of_two_corruptions += of_control == of_altered ? 0 : 1;
  }
  return pairs;
}

std::vector<Tested> test(const std::map<Key, Group>& groups) {
  std::vector<Tested> tested;
  for (const LabelKind kind : kKindsInOrder)
    for (const auto& [key, group] : groups) {
      if (key.first != kind) continue;
      Tested one{kind, key.second, {}};
      for (std::size_t a = 0; a < group.size(); ++a) {
        one.against[a].pairs = group[a].pairs;
        one.against[a].severity = paired(group[a].unaffected_severity, group[a].altered_severity);
        for (std::size_t m = 0; m < kMeasureCount; ++m)
          one.against[a].shift[m] = paired(group[a].unaffected[m], group[a].altered[m]);
      }
      tested.push_back(std::move(one));
    }
  // Families: all cases and kinds of label, for each comparison and measure by itself.
  for (std::size_t a = 0; a < std::size(kAgainst); ++a)
    for (std::size_t m = 0; m < kMeasureCount; ++m) {
      std::vector<Paired*> family;
      for (Tested& one : tested) family.push_back(&one.against[a].shift[m]);
      correct(family);
    }
  return tested;
}

std::string id_of(Against other) {
  switch (other) {
    case Against::kControl:
      return "matched";
    case Against::kSameCorruption:
      return "same_corruption";
    case Against::kAllUnaffected:
      return "unmatched";
  }
  invariant_broken("a comparison without a name");
}

// What the answer tells comes first.
ReportTable table_of(const std::vector<Tested>& tested, const Observations& found) {
  ColumnMeanings columns{
      {"case", "name of the classifier"},
      {"explained", "for which class: the same kind of label in all maps"},
      {"comparison",
       "matched: each altered variant with its control of equal severity, another corruption; "
       "same_corruption: with the unaffected variant of its own corruption that is nearest in severity; "
       "unmatched: all altered with all unaffected ones, as they are"},
      {"measure", "as in shift.csv"},
      {"pairs", "of variants; empty: unmatched"},
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
  for (const Against other : kAgainst)
    for (std::size_t m = 0; m < kMeasureCount; ++m)
      for (const Tested& one : tested) {
        const TestedAgainst& compared = one.to(other);
        const Paired& result = compared.shift[m];
        if (result.difference.images == 0) continue;
        std::vector<Cell> row{found.case_name(one.case_index),
                              to_string(one.kind),
                              id_of(other),
                              id_of(kMeasures[m]),
                              other == Against::kAllUnaffected ? Cell(kUnknown) : count_cell(compared.pairs),
                              count_cell(result.difference.images)};
        for (const Estimate* estimate : {&result.first, &result.second, &result.difference, &result.effect})
          add_cells(row, *estimate);
        row.push_back(p_cell(result.p));
        row.push_back(p_cell(result.p_holm));
        add_cells(row, compared.severity.difference);
        table.rows.push_back(std::move(row));
      }
  return table;
}

// What a control is to the variant it is matched with.
std::string control_words(const Observations& found) {
  return has_severities(found.plan.perturbation) ? "another corruption of equal nominal severity"
                                                 : "another alteration";
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
      const Paired& result = one.matched();
      altered.points.push_back(chart_point(found.case_name(one.case_index), x, result.second));
      control.points.push_back(chart_point(found.case_name(one.case_index), x, result.first));
    }
    chart.series.push_back(std::move(altered));
    chart.series.push_back(std::move(control));
  }
  chart.lines.push_back({"no shift beyond noise", 0});
  chart.caption =
      "Shift of the map from the source's, noise floor taken off, of variants that flip the label and of "
      "their unaffected controls, each " +
      control_words(found) + "; by the class explained; 95 % intervals over images.";
  return chart;
}

// "difference 0.02 [-0.01, 0.05] on 10 images, p = 0.14". `correction`: what stands behind the first p of an
// answer.
std::string tested_words(const Paired& result, std::string& correction) {
  return "difference " + with_interval(result.difference) + " on " +
         counted(result.difference.images, "image") + ", " + corrected_p(result) +
         std::exchange(correction, "");
}

// How many images would show it; nothing of what is not larger.
std::string needed_for(const Paired& result) {
  return needed_words(result.difference.value > 0 ? result.images_to_see_it() : 0, result.difference.images);
}

// Of several cases: "differences 0.01 to 0.08 on 9 to 10 images, the least certain 0.04 [-0.10, 0.35], smallest p
// = 0.14; about 80 images would show the largest". Not their intervals' ends: a union of intervals is the
// interval of nothing.
std::string range_words(const std::vector<const Tested*>& cases, std::string& correction) {
  std::vector<double> differences, p;
  std::vector<std::size_t> images;
  const auto width = [](const Tested* one) {
    const auto& interval = one->matched().difference.interval;
    return interval ? interval->second - interval->first : 0;
  };
  const Tested* widest = cases.front();
  const Tested* largest = cases.front();
  for (const Tested* one : cases) {
    if (width(one) > width(widest)) widest = one;
    if (one->matched().difference.value > largest->matched().difference.value) largest = one;
    differences.push_back(one->matched().difference.value);
    images.push_back(one->matched().difference.images);
    if (one->matched().p_holm) p.push_back(*one->matched().p_holm);
  }
  const auto [low, high] = std::minmax_element(differences.begin(), differences.end());
  const auto [fewest, most] = std::minmax_element(images.begin(), images.end());
  return "differences " + decimal(*low) + " to " + decimal(*high) + " on " +
         (*fewest == *most ? "" : std::to_string(*fewest) + " to ") + counted(*most, "image") +
         ", the least certain " + with_interval(widest->matched().difference) +
         (p.empty() ? ""
                    : ", smallest " + p_value(*std::min_element(p.begin(), p.end())) +
                          std::exchange(correction, "")) +
         needed_for(largest->matched()) + "; flips.csv";
}

std::string open_words(const std::vector<const Tested*>& cases, std::string& correction) {
  if (cases.size() > 1) return range_words(cases, correction);
  const Paired& result = cases.front()->matched();
  return tested_words(result, correction) + needed_for(result);
}

// Of one kind of label; what it says begins with "the shift is".
std::string sentence(const std::vector<const Tested*>& cases, std::string& correction,
                     const Observations& found) {
  std::vector<std::string> larger, smaller, few;
  std::vector<const Tested*> open;
  for (const Tested* one : cases) {
    const Paired& result = one->matched();
    if (result.difference.images < kFewestImages)
      few.push_back(found.case_name(one->case_index));
    else if (is_a_shift(result))
      (result.difference.value > 0 ? larger : smaller)
          .push_back(found.case_name(one->case_index) + " (" + decimal(result.second.value) + " against " +
                     decimal(result.first.value) + ", " + tested_words(result, correction) + ")");
    else
      open.push_back(one);
  }
  std::string text = "the shift is ";
  if (!larger.empty()) text += "larger when the label flips under " + few_listed(larger, "flips.csv");
  if (!smaller.empty())
    text += (larger.empty() ? "" : " and ") + std::string("smaller when the label flips under ") +
            few_listed(smaller, "flips.csv");
  const bool none = larger.empty() && smaller.empty();
  if (!open.empty())
    text += (none               ? "not shown to be larger when the label flips"
             : open.size() == 1 ? "; no difference is shown under " + found.case_name(open[0]->case_index)
                                : std::string("; no difference is shown under the others")) +
            " (" + open_words(open, correction) + ")";
  if (none && open.empty()) text += "not compared";
  return text + "." + too_few_of(few);
}

// Against controls and, by the way, for each class explained.
std::string answer_of(const std::vector<Tested>& tested, const std::vector<LabelKind>& kinds,
                      const Observations& found) {
  std::size_t family = 0;
  for (const Tested& one : tested) family += one.matched().p ? 1 : 0;
  std::string text, correction = holm_words(family, "test");
  for (const LabelKind kind : kinds) {
    std::vector<const Tested*> cases;
    for (const Tested& one : tested)
      if (one.kind == kind) cases.push_back(&one);
    text += text.empty() ? "Against " + control_words(found) + ", and explained for " + in_words(kind) + ", "
                         : " Explained for " + in_words(kind) + ", ";
    text += sentence(cases, correction, found);
  }
  return text;
}

// What a comparison without controls would have said.
std::string confounded_sentence(const std::vector<Tested>& tested, LabelKind kind,
                                const Observations& found) {
  std::vector<std::string> misled;
  double most = 0;
  for (const Tested& one : tested) {
    const TestedAgainst& all = one.to(Against::kAllUnaffected);
    const Paired& naive = all.shift[kMainMeasure];
    const Estimate& stronger = all.severity.difference;
    if (one.kind != kind || !is_a_shift(naive) || naive.difference.value < 0 || is_a_shift(one.matched()) ||
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

// "brightness (13) and saturate (12)": the two most frequent.
std::string most_often(const std::map<std::string, std::size_t>& counts) {
  std::vector<std::pair<std::string, std::size_t>> order(counts.begin(), counts.end());
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> told;
  for (std::size_t i = 0; i < std::min<std::size_t>(2, order.size()); ++i)
    told.push_back(order[i].first + " (" + std::to_string(order[i].second) + ")");
  return listed(told);
}

// Equal severity and the same corruption are one variant, so that a control is always another corruption.
std::string corruptions_doubt(const Pairs& pairs, const Observations& found) {
  const std::string one = has_severities(found.plan.perturbation) ? "corruption" : "alteration";
  return "Of " + counted(pairs.equal, "pair") + " that are compared, " +
         std::to_string(pairs.of_two_corruptions) + (pairs.of_two_corruptions == 1 ? " is" : " are") +
         " of two different " + one + "s: controls are most often " + most_often(pairs.control) +
         ", altered variants " + most_often(pairs.altered) + ". What each " + one +
         " does by itself is part of the difference" +
         (has_severities(found.plan.perturbation) ? ", and equal severities need not be equally strong."
                                                  : ".");
}

// Where the corruption is the same, the severity is not.
std::string same_corruption_doubt(const std::vector<Tested>& tested, LabelKind kind,
                                  const Observations& found) {
  std::size_t pairs = 0, images = 0;
  double stronger = -std::numeric_limits<double>::infinity();
  std::vector<std::string> told;
  for (const Tested& one : tested) {
    const TestedAgainst& same = one.to(Against::kSameCorruption);
    if (one.kind != kind || same.pairs == 0) continue;
    const Paired& result = same.shift[kMainMeasure];
    pairs += same.pairs;
    images = std::max(images, result.difference.images);
    if (result.difference.images < kFewestImages) continue;
    std::string correction;
    stronger = std::max(stronger, same.severity.difference.value);
    told.push_back(found.case_name(one.case_index) + " " + tested_words(result, correction));
  }
  if (!told.empty())
    return "Against unaffected variants of the same corruption, whose severity is another (that of the "
           "altered "
           "is higher by up to " +
           decimal(stronger, 1) + " on average): " + few_listed(told, "flips.csv") + ".";
  return "Pairs of one corruption, whose severities differ instead, are too few to tell: " +
         (pairs == 0 ? "there are none"
                     : std::to_string(pairs) + " on at most " + counted(images, "image") + " of a case") +
         (found.plan.selection.rule == SelectionRule::kPublished ? " (--select all explains every variant)."
                                                                 : ".");
}

// A case whose difference is shown for one class explained and not for another: no difference between them.
std::string unlike_verdicts_doubt(const std::vector<Tested>& tested, const Observations& found) {
  std::vector<std::string> told;
  for (const Tested& shown : tested)
    for (const Tested& open : tested) {
      if (shown.case_index != open.case_index || !is_a_shift(shown.matched()) || is_a_shift(open.matched()) ||
          open.matched().difference.images < kFewestImages)
        continue;
      told.push_back("for " + in_words(shown.kind) + " and not for " + in_words(open.kind) + " under " +
                     found.case_name(shown.case_index) + " (" + with_interval(shown.matched().difference) +
                     " and " + with_interval(open.matched().difference) + ")");
    }
  if (told.empty()) return "";
  return "A difference that is shown " + few_listed(told, "flips.csv") +
         " does not show that the classes differ.";
}

// That of the case with the fewest, of those that something is asserted of; else the most that there are.
std::size_t images_of(const std::vector<Tested>& tested) {
  std::size_t fewest = 0, most = 0;
  for (const Tested& one : tested) {
    const std::size_t images = one.matched().difference.images;
    most = std::max(most, images);
    if (images >= kFewestImages) fewest = fewest == 0 ? images : std::min(fewest, images);
  }
  return fewest > 0 ? fewest : most;
}

}  // namespace

Section flips_section(const Observations& found) {
  Section section;
  section.id = "flips";
  section.question = "Is the shift larger when the label flips, at equal severity?";
  const std::vector<Tested> tested = test(gather(found));
  const Pairs pairs = pairs_of(found);
  section.images = images_of(tested);
  std::vector<LabelKind> kinds;  // that have pairs
  for (const LabelKind kind : kKindsInOrder)
    if (std::any_of(tested.begin(), tested.end(), [&](const Tested& one) {
          return one.kind == kind && one.to(Against::kControl).pairs > 0;
        }))
      kinds.push_back(kind);
  const auto explains = [&](LabelKind kind) {
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
  };
  if (pairs.equal + pairs.unequal == 0)
    section.answer =
        "Nothing is asserted, since no altered variant has a control: wcam run --controls matched "
        "explains for each of them an unaffected one of the same severity.";
  else if (section.images < kFewestImages)
    section.answer =
        too_few_sentence(section.images, found, " with an altered variant and its control of equal severity");
  else
    section.answer = answer_of(tested, kinds, found) + confounded_sentence(tested, kinds.front(), found);
  add_chart(section.charts, chart_of(tested, kinds, found));
  section.tables.push_back(table_of(tested, found));
  if (pairs.equal > 0) {
    section.doubts.push_back(corruptions_doubt(pairs, found));
    if (has_severities(found.plan.perturbation))
      section.doubts.push_back(same_corruption_doubt(tested, kinds.front(), found));
    else
      section.doubts.push_back(
          "This family has no severities: controls are matched by image and case alone.");
  }
  if (pairs.unequal > 0)
    section.doubts.push_back(counted(pairs.unequal, "pair") + " of " +
                             std::to_string(pairs.equal + pairs.unequal) +
                             " had no control of equal severity and " + (pairs.unequal == 1 ? "is" : "are") +
                             " left out: what is said is of the others.");
  if (explains(LabelKind::kPredicted))
    section.doubts.push_back(
        "Explained for the predicted class, an altered variant's map is of another class than its source's "
        "and its control's: the change of class is part of the difference" +
        std::string(explains(LabelKind::kSource) ? "." : " (--explain predicted,source tells them apart)."));
  add_doubt(section.doubts, unlike_verdicts_doubt(tested, found));
  add_noise_doubts(section.doubts, found);
  if (!tested.empty())
    add_doubt(section.doubts,
              unreachable_words("difference", section.images, tested.front().matched().family));
  add_doubt(section.doubts, few_images_doubt(section.images));
  return section;
}

}  // namespace wcam
