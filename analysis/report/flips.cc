// Is the shift larger when the label flips, at equal severity? As of shifts, the mean over cases is asked
// first (shift.cc).
//
// Altered variants are stronger corruptions than unaffected ones, so that comparing all of them mixes
// strength with the change of label. Here each altered variant is set against the control that was chosen for
// it (same case, image and severity), and an image's mean differences are tested. Such a control is another
// corruption, so that beside it stands the nearest severity of the same one.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
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
  std::size_t case_index = 0;  // as many as there are cases: the mean over all
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

// Of the images that have both, or a difference would be one of cases.
void add_both(ImageMeans& unaffected, ImageMeans& altered, const ImageMeans& more_unaffected,
              const ImageMeans& more_altered) {
  for (std::size_t image = 0; image < more_altered.places(); ++image) {
    if (!more_unaffected.has(image) || !more_altered.has(image)) continue;
    unaffected.add(static_cast<std::uint32_t>(image), more_unaffected.of(image));
    altered.add(static_cast<std::uint32_t>(image), more_altered.of(image));
  }
}

// To each kind of label the group of all cases: by image the mean over those that have it.
std::map<Key, Group> with_means_over_cases(std::map<Key, Group> groups, const Observations& found) {
  std::map<Key, Group> all;
  for (const auto& [key, group] : groups)
    for (std::size_t a = 0; a < group.size(); ++a) {
      Compared& mean = all[{key.first, found.cases()}][a];
      for (std::size_t m = 0; m < kMeasureCount; ++m)
        add_both(mean.unaffected[m], mean.altered[m], group[a].unaffected[m], group[a].altered[m]);
      add_both(mean.unaffected_severity, mean.altered_severity, group[a].unaffected_severity,
               group[a].altered_severity);
      mean.pairs += group[a].pairs;
    }
  groups.merge(all);
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

std::vector<Tested> test(const std::map<Key, Group>& groups, const Observations& found) {
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
  // Families, for each comparison and measure by itself: the kinds of label over all cases; the cases of one
  // kind.
  for (std::size_t a = 0; a < std::size(kAgainst); ++a)
    for (std::size_t m = 0; m < kMeasureCount; ++m) {
      std::map<std::optional<LabelKind>, std::vector<Paired*>> families;
      for (Tested& one : tested) {
        const bool all = one.case_index == found.cases();
        families[all ? std::nullopt : std::optional(one.kind)].push_back(&one.against[a].shift[m]);
      }
      for (const auto& [kind, family] : families) correct(family);
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
      {"case", "name of the classifier; (all): an image's mean over the cases"},
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
  columns.emplace_back("p_holm", "after Holm's correction over cases; (all): over classes explained");
  add_estimate_columns(columns, "severity_difference",
                       "severity of the altered less that of the unaffected; 0 by choice of the matched");
  ReportTable table = make_table("flips.csv", columns);
  for (const Against other : kAgainst)
    for (std::size_t m = 0; m < kMeasureCount; ++m)
      for (const Tested& one : tested) {
        const TestedAgainst& compared = one.to(other);
        const Paired& result = compared.shift[m];
        if (result.difference.images == 0) continue;
        std::vector<Cell> row{case_or_all(one.case_index, found),
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
      if (one.kind != kind || (found.cases() == 1 && one.case_index == found.cases())) continue;
      const double x = static_cast<double>(one.case_index);
      const Paired& result = one.matched();
      altered.points.push_back(chart_point(title_of(one.case_index, found), x, result.second));
      control.points.push_back(chart_point(title_of(one.case_index, found), x, result.first));
    }
    chart.series.push_back(std::move(altered));
    // Of a control, which keeps its label, the predicted class is the source's: the same maps, drawn once.
    const bool drawn = kind == LabelKind::kPredicted && kinds.front() == LabelKind::kSource;
    if (!drawn) chart.series.push_back(std::move(control));
  }
  chart.lines.push_back({"no shift beyond noise", 0});
  chart.caption =
      "Shift of the map from the source's, noise floor taken off, of variants that flip the label and of "
      "their unaffected controls, each " +
      control_words(found) + "; by the class explained" +
      (found.cases() > 1 ? "; (all): the mean over cases" : "") + "; 95 % intervals over images.";
  return chart;
}

// The mean over cases for one kind of label.
const Tested& over_all(const std::vector<Tested>& tested, LabelKind kind, const Observations& found) {
  return *std::find_if(tested.begin(), tested.end(), [&](const Tested& one) {
    return one.kind == kind && one.case_index == found.cases();
  });
}

// "difference 0.02 [-0.01, 0.05] on 10 images, mean over 4 cases, p = 0.14".
std::string tested_words(const Paired& result, const std::string& of_cases) {
  return "difference " + with_interval(result.difference) + " on " +
         counted(result.difference.images, "image") + of_cases + ", " + corrected_p(result);
}

// Of one kind of label; what it says begins with "the shift is".
std::string sentence(const std::vector<Tested>& tested, LabelKind kind, const Observations& found) {
  const Paired& result = over_all(tested, kind, found).matched();
  if (result.difference.images < kFewestImages)
    return "nothing is asserted: fewer than " + std::to_string(kFewestImages) + " images have such a pair.";
  const bool shown = is_a_shift(result), larger = result.difference.value > 0;
  std::vector<CaseVerdict> verdicts;
  for (const Tested& one : tested) {
    const Paired& of_case = one.matched();
    if (one.kind == kind && one.case_index < found.cases())
      verdicts.push_back(
          {one.case_index, &of_case, is_a_shift(of_case) && (of_case.difference.value > 0) == larger});
  }
  const std::string verdict = !shown ? "not shown to be larger" : larger ? "larger" : "smaller";
  const std::string text = "the shift is " + verdict + " when the label flips (" +
                           decimal(result.second.value) + " against " + decimal(result.first.value) + ", " +
                           tested_words(result, over_cases(verdicts.size())) +
                           holm_words(result.family, "test");
  if (!shown) return text + not_shown_words(result) + ").";
  return text + ")" + by_case_words(verdicts, "flips.csv", found);
}

// Against controls, for each class explained.
std::string answer_of(const std::vector<Tested>& tested, const std::vector<LabelKind>& kinds,
                      const Observations& found) {
  std::string text;
  for (const LabelKind kind : kinds)
    text += (text.empty() ? "Against " + control_words(found) + ", and explained for " + in_words(kind)
                          : " Explained for " + in_words(kind)) +
            ", " + sentence(tested, kind, found);
  return text;
}

// What a comparison without controls would have said.
std::string confounded_sentence(const Tested& all) {
  const TestedAgainst& unmatched = all.to(Against::kAllUnaffected);
  const Paired& naive = unmatched.shift[kMainMeasure];
  const Estimate& stronger = unmatched.severity.difference;
  if (!is_a_shift(naive) || naive.difference.value < 0 || is_a_shift(all.matched()) ||
      !((stronger.interval ? stronger.interval->first : stronger.value) > 0))
    return "";
  return " Without controls it would seem larger (by " + with_interval(naive.difference) +
         "), but there altered variants are stronger (by " + decimal(stronger.value, 1) +
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
std::string same_corruption_doubt(const Tested& all, const Observations& found) {
  const TestedAgainst& same = all.to(Against::kSameCorruption);
  const Paired& result = same.shift[kMainMeasure];
  const double stronger = same.severity.difference.value;
  if (result.difference.images >= kFewestImages)
    return "Against unaffected variants of the same corruption, whose severity is another (that of the "
           "altered is " +
           std::string(stronger < 0 ? "lower" : "higher") + " by " + decimal(std::abs(stronger), 1) +
           " on average): " + tested_words(result, found.cases() > 1 ? ", mean over cases" : "") +
           holm_words(result.family, "test") + ".";
  return "Pairs of one corruption, whose severities differ instead, are too few to tell: " +
         (same.pairs == 0
              ? "there are none"
              : std::to_string(same.pairs) + " on " + counted(result.difference.images, "image")) +
         (found.plan.selection.rule == SelectionRule::kPublished ? " (--select all explains every variant)."
                                                                 : ".");
}

// What is shown for one class explained and not for another: no difference between them.
std::string unlike_verdicts_doubt(const std::vector<Tested>& tested, const std::vector<LabelKind>& kinds,
                                  const Observations& found) {
  std::vector<std::string> told;
  for (const LabelKind shown : kinds)
    for (const LabelKind open : kinds) {
      const Paired &seen = over_all(tested, shown, found).matched(),
                   &unseen = over_all(tested, open, found).matched();
      if (is_a_shift(seen) && !is_a_shift(unseen) && unseen.difference.images >= kFewestImages)
        told.push_back("for " + in_words(shown) + " and not for " + in_words(open) + " (" +
                       with_interval(seen.difference) + " and " + with_interval(unseen.difference) + ")");
    }
  if (told.empty()) return "";
  return "A difference that is shown " + listed(told) + " does not show that the classes differ.";
}

}  // namespace

Section flips_section(const Observations& found) {
  Section section;
  section.id = "flips";
  section.question = "Is the shift larger when the label flips, at equal severity?";
  const std::vector<Tested> tested = test(with_means_over_cases(gather(found), found), found);
  const Pairs pairs = pairs_of(found);
  std::vector<LabelKind> kinds;  // that have pairs
  for (const LabelKind kind : kKindsInOrder)
    if (std::any_of(tested.begin(), tested.end(), [&](const Tested& one) {
          return one.kind == kind && one.to(Against::kControl).pairs > 0;
        }))
      kinds.push_back(kind);
  for (const LabelKind kind : kinds)
    section.images = std::max(section.images, over_all(tested, kind, found).matched().difference.images);
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
    section.answer =
        answer_of(tested, kinds, found) + confounded_sentence(over_all(tested, kinds.front(), found));
  add_chart(section.charts, chart_of(tested, kinds, found));
  section.tables.push_back(table_of(tested, found));
  if (pairs.equal > 0) {
    section.doubts.push_back(corruptions_doubt(pairs, found));
    if (has_severities(found.plan.perturbation))
      section.doubts.push_back(same_corruption_doubt(over_all(tested, kinds.front(), found), found));
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
  add_doubt(section.doubts, unlike_verdicts_doubt(tested, kinds, found));
  add_distance_doubts(section.doubts, found);
  std::vector<const Paired*> by_case;
  for (const Tested& one : tested)
    if (one.case_index < found.cases()) by_case.push_back(&one.matched());
  add_doubt(section.doubts, unreachable_words("difference under one case by itself", section.images,
                                              largest_family(by_case)));
  add_doubt(section.doubts, few_images_doubt(section.images));
  return section;
}

}  // namespace wcam
