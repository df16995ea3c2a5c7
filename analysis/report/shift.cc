// Does corruption move the important regions, and is it more than estimation noise?
//
// A variant's map is compared with the source's by designs that share no point, exactly as two estimates of
// one map are compared for the noise floor. Were nothing moved, both distances would be equal on average; so
// their paired difference, an image's mean over its variants, is what is tested. The question is answered by
// the mean over cases. Only where that has moved are cases named, by a family of their own for each role.
#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "analysis/report/sections.h"
#include "analysis/report/wording.h"
#include "common/base/error.h"
#include "common/base/message_text.h"

namespace wcam {

namespace {

struct Group {  // shifts of one kind of label and role under one case, or under all
  std::array<ImageMeans, kMeasureCount> distance, floor, source_floor, variant_floor;
  std::vector<ImageMeans> share_change;  // [levels + 1]
  ImageMeans log2_size;
};

struct Tested {
  LabelKind kind{};
  Role role{};
  std::size_t case_index = 0;               // as many as there are cases: the mean over all
  std::array<Paired, kMeasureCount> moved;  // distance less floor
  std::array<std::optional<WithoutOne>, kMeasureCount> without;
  // Of the main measure: similarity without noise, 1 where nothing moved (C. Spearman's correction of the
  // mean similarities). It does not take maps that are noisier for ones that have moved.
  Estimate corrected;
  std::vector<Paired> share_change;
  Paired size;
  const Paired& main() const { return moved[kMainMeasure]; }
  // Further than noise by the main measure.
  bool beyond() const {
    return is_a_shift(main()) && main().difference.value > 0 &&
           (!corrected.interval || corrected.interval->second < 1);
  }
};

using Groups = std::map<std::tuple<LabelKind, Role, std::size_t>, Group>;

Groups gather(const Observations& found) {
  Groups groups;
  for (const Shift& shift : found.shifts) {
    Group& group = groups[{shift.kind, shift.role, shift.case_index}];
    group.share_change.resize(found.shares());
    for (std::size_t m = 0; m < kMeasureCount; ++m) {
      // What lacks one lacks the other: an image's means are over the same variants.
      if (std::isnan(shift.distance[m]) || std::isnan(floor_of(shift, m))) continue;
      group.distance[m].add(shift.image, shift.distance[m]);
      group.floor[m].add(shift.image, floor_of(shift, m));
      group.source_floor[m].add(shift.image, shift.source_floor[m]);
      group.variant_floor[m].add(shift.image, shift.variant_floor[m]);
    }
    for (std::size_t k = 0; k < found.shares(); ++k)
      group.share_change[k].add(shift.image, shift.share_change[k]);
    group.log2_size.add(shift.image, shift.log2_size);
  }
  return groups;
}

// To each kind and role the group of all cases: by image the mean over those that have it.
Groups with_means_over_cases(Groups groups, const Observations& found) {
  Groups all;
  for (const auto& [key, group] : groups) {
    Group& mean = all[{std::get<LabelKind>(key), std::get<Role>(key), found.cases()}];
    mean.share_change.resize(found.shares());
    for (std::size_t m = 0; m < kMeasureCount; ++m) {
      mean.distance[m].add_means_of(group.distance[m]);
      mean.floor[m].add_means_of(group.floor[m]);
      mean.source_floor[m].add_means_of(group.source_floor[m]);
      mean.variant_floor[m].add_means_of(group.variant_floor[m]);
    }
    for (std::size_t k = 0; k < found.shares(); ++k) mean.share_change[k].add_means_of(group.share_change[k]);
    mean.log2_size.add_means_of(group.log2_size);
  }
  groups.merge(all);
  return groups;
}

Estimate corrected_similarity(const Group& group) {
  const ImageMeans* columns[] = {&group.distance[kMainMeasure], &group.source_floor[kMainMeasure],
                                 &group.variant_floor[kMainMeasure]};
  const auto values = in_common(columns);
  const std::size_t images = values[0].size();
  ImageRows rows;
  rows.width = 3;
  std::vector<double> means(3);
  for (std::size_t i = 0; i < images; ++i)
    for (std::size_t k = 0; k < 3; ++k) {
      rows.values.push_back(1 - values[k][i]);
      means[k] += (1 - values[k][i]) / static_cast<double>(images);
    }
  const auto corrected = [](std::span<const double> m) {
    return m[1] > 0 && m[2] > 0 ? m[0] / std::sqrt(m[1] * m[2]) : kUnknown;
  };
  if (images == 0) return {};
  return estimate_of(function_interval(rows, corrected, {}, resampling_for(images)), corrected(means),
                     images);
}

// Corrected as one: for each measure, for the sizes, and for all levels' shares.
void correct_together(const std::vector<Tested*>& family) {
  std::vector<Paired*> sizes, shares;
  for (std::size_t m = 0; m < kMeasureCount; ++m) {
    std::vector<Paired*> moved;
    for (Tested* one : family) moved.push_back(&one->moved[m]);
    correct(moved);
  }
  for (Tested* one : family) {
    sizes.push_back(&one->size);
    for (Paired& change : one->share_change) shares.push_back(&change);
  }
  correct(sizes);
  correct(shares);
}

// Families, for each kind of label: altered and unaffected variants over all cases; the cases with one role.
void correct_families(std::vector<Tested>& tested, const Observations& found) {
  std::map<std::pair<LabelKind, std::optional<Role>>, std::vector<Tested*>> families;
  for (Tested& one : tested) {
    const bool all = one.case_index == found.cases();
    families[{one.kind, all ? std::nullopt : std::optional(one.role)}].push_back(&one);
  }
  for (const auto& [key, family] : families) correct_together(family);
}

std::vector<Tested> test(const Groups& groups, const Observations& found) {
  std::vector<Tested> tested;
  for (const auto& [key, group] : groups) {
    Tested one;
    std::tie(one.kind, one.role, one.case_index) = key;
    for (std::size_t m = 0; m < kMeasureCount; ++m) {
      one.moved[m] = paired(group.floor[m], group.distance[m]);
      one.without[m] = without_the_largest(group.floor[m], group.distance[m]);
    }
    one.corrected = corrected_similarity(group);
    for (const ImageMeans& change : group.share_change) one.share_change.push_back(against_zero(change));
    one.size = against_zero(group.log2_size);
    tested.push_back(std::move(one));
  }
  correct_families(tested, found);
  return tested;
}

std::string role_words(Role role) { return role == Role::kAltered ? "altered" : "unaffected"; }

ReportTable distances_table(const std::vector<Tested>& tested, const Observations& found) {
  ColumnMeanings columns{
      {"case", "name of the classifier; (all): an image's mean over the cases"},
      {"explained", "for which class: the same kind of label on both sides"},
      {"role", "altered: variants that change the prediction; unaffected: ones that do not"},
      {"measure",
       "spearman, cosine, top_tenth: 1 - similarity, 0 to 2, 2 and 1; transport: cells, from 0; "
       "scale: levels, from 0"},
      {"images", "that have such variants"}};
  add_estimate_columns(columns, "distance", "mean of the measure from the source's map, other design points");
  add_estimate_columns(columns, "floor",
                       "mean of the measure between two estimates of one map; empty: unknown");
  add_estimate_columns(columns, "beyond", "distance less floor");
  columns.emplace_back("beyond_without_one", "the same without the image that moves this mean most");
  add_estimate_columns(columns, "effect", "Hedges' g of the images' differences");
  columns.emplace_back("p", "two-sided sign-flip test of the images' differences");
  columns.emplace_back("p_holm",
                       "the same after Holm's correction over the cases; (all): over altered and unaffected");
  add_estimate_columns(
      columns, "corrected_similarity",
      "spearman only: similarity corrected for the noise of both maps, 1 where nothing moved");
  ReportTable table = make_table("shift.csv", columns);
  for (const Tested& one : tested)
    for (std::size_t m = 0; m < kMeasureCount; ++m) {
      const Paired& moved = one.moved[m];
      std::vector<Cell> row{case_or_all(one.case_index, found), to_string(one.kind), role_words(one.role),
                            id_of(kMeasures[m]), count_cell(moved.difference.images)};
      for (const Estimate* estimate : {&moved.second, &moved.first, &moved.difference})
        add_cells(row, *estimate);
      row.emplace_back(one.without[m] ? one.without[m]->difference : kUnknown);
      add_cells(row, moved.effect);
      row.push_back(p_cell(moved.p));
      row.push_back(p_cell(moved.p_holm));
      add_cells(row, m == kMainMeasure ? one.corrected : Estimate());
      table.rows.push_back(std::move(row));
    }
  return table;
}

ReportTable levels_table(const std::vector<Tested>& tested, const Observations& found) {
  ColumnMeanings columns{
      {"case", "name of the classifier; (all): an image's mean over the cases"},
      {"explained", "for which class"},
      {"role", "altered or unaffected"},
      {"quantity", "share: of the summed indices; log2_size: of the summed indices themselves"},
      {"level", "0: the approximation; else of the details, 1 the finest; empty: all"},
      {"images", "that have such variants"}};
  add_estimate_columns(columns, "change",
                       "share: variant less source, -1 to 1; log2_size: of their ratio, 1 is twice as much");
  add_estimate_columns(columns, "effect", "Hedges' g");
  columns.emplace_back("p", "two-sided sign-flip test against 0");
  columns.emplace_back(
      "p_holm",
      "after Holm's correction over the cases, of (all) over altered and unaffected, and for "
      "share over levels");
  ReportTable table = make_table("shift_levels.csv", columns);
  const auto add = [&](const Tested& one, const std::string& quantity, Cell level, const Paired& change) {
    std::vector<Cell> row{case_or_all(one.case_index, found),
                          to_string(one.kind),
                          role_words(one.role),
                          quantity,
                          std::move(level),
                          count_cell(change.difference.images)};
    add_cells(row, change);
    table.rows.push_back(std::move(row));
  };
  for (const Tested& one : tested) {
    for (std::size_t k = 0; k < one.share_change.size(); ++k)
      add(one, "share", k == 0 ? 0LL : static_cast<long long>(found.shares() - k), one.share_change[k]);
    add(one, "log2_size", kUnknown, one.size);
  }
  return table;
}

Chart chart_of(const std::vector<Tested>& tested, LabelKind kind, std::size_t m, const Observations& found) {
  Chart chart;
  chart.kind = Chart::Kind::kDots;
  chart.name = "shift_" + id_of(kMeasures[m]);
  chart.x_title = "Case";
  std::string distance = in_words(kMeasures[m]);
  distance[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(distance[0])));
  chart.y_title = distance + ", minus noise";
  ChartSeries altered{"altered", {}}, unaffected{"unaffected", {}};
  for (const Tested& one : tested)
    if (one.kind == kind && (found.cases() > 1 || one.case_index < found.cases()))
      (one.role == Role::kAltered ? altered : unaffected)
          .points.push_back(chart_point(title_of(one.case_index, found), static_cast<double>(one.case_index),
                                        one.moved[m].difference));
  chart.series = {std::move(altered), std::move(unaffected)};
  chart.lines.push_back({"no further apart than by noise", 0});
  chart.caption = distance +
                  " between a variant's map and its source's, minus the noise, which is that between " +
                  noise_words(found) + ". Variants that change the prediction (altered) or do not " +
                  "(unaffected), explained for " + in_words(kind) +
                  (found.cases() > 1 ? "; (all): the mean over cases" : "") +
                  "; 95 % intervals over images, not corrected for their number.";
  return chart;
}

// Of altered variants, by level.
Chart levels_chart(const std::vector<Tested>& tested, LabelKind kind, const Observations& found) {
  Chart chart;
  chart.kind = Chart::Kind::kDots;
  chart.name = "shift_levels";
  chart.x_title = "Scale";
  chart.y_title = "Change of share (percentage points)";
  for (const Tested& one : tested) {
    if (one.kind != kind || one.role != Role::kAltered || one.case_index == found.cases()) continue;
    ChartSeries series{title_of(one.case_index, found), {}};
    for (std::size_t k = 0; k < one.share_change.size(); ++k)
      series.points.push_back(level_point(k, one.share_change[k].difference, found));
    chart.series.push_back(std::move(series));
  }
  chart.lines.push_back({"no change", 0});
  chart.caption =
      "Change of each level's share of the summed indices from the source to variants that change the "
      "prediction, explained for " +
      in_words(kind) + "; 95 % intervals over images.";
  return chart;
}

std::string corruptions_of(Role role, const Observations& found) {
  return (has_severities(found.plan.perturbation) ? "Corruptions" : "Variants") +
         std::string(role == Role::kAltered ? " that change the prediction"
                                            : " that do not change the prediction");
}

// What the mean over cases says, and where that has moved, which cases do.
std::string main_sentence(const Tested& all, const std::vector<const Tested*>& cases,
                          const Observations& found) {
  const Paired& result = all.main();
  if (result.difference.images < kFewestImages)
    return corruptions_of(all.role, found) + ": nothing is asserted, fewer than " +
           std::to_string(kFewestImages) + " images have maps that can be ranked.";
  const std::string explained = all.role == Role::kAltered ? ", explained for " + in_words(all.kind) : "";
  const std::string numbers = "Spearman distance from the source's map " + with_interval(result.second) +
                              ", between " + noise_words(found) + " " + with_interval(result.first) +
                              ", difference " + with_interval(result.difference) + over_cases(cases.size()) +
                              explained + "; " + corrected_p(result) + holm_words(result.family, "test");
  const std::string of_noise = " the maps further than their estimation noise (" + numbers;
  if (all.beyond()) {
    std::vector<CaseVerdict> verdicts;
    for (const Tested* one : cases) verdicts.push_back({one->case_index, &one->main(), one->beyond()});
    return corruptions_of(all.role, found) + " move" + of_noise + ")" +
           by_case_words(verdicts, "shift.csv", found);
  }
  return corruptions_of(all.role, found) + " are not shown to move" + of_noise + not_shown_words(result) +
         ").";
}

// The regions themselves, in words that need no correlation.
std::string regions_sentence(const Tested& all, const Observations& found) {
  for (std::size_t m = 0; m < kMeasureCount; ++m) {
    const Paired& result = all.moved[m];
    if (kMeasures[m] != Measure::kTopTenth || result.difference.images < kFewestImages) continue;
    return " Of the most important tenth of a map's cells " + with_percent_interval(result.second) +
           " are not among the source's, against " + with_percent_interval(result.first) + " between " +
           noise_words(found) + ".";
  }
  return "";
}

// "Under baseline one image makes most of the difference from noise of altered variants: 0.035 is 0.016
// without n01871265_tusker.JPEG."; of a difference that one image does not make, empty.
std::string one_image_doubt(const Tested& one, const Observations& found) {
  const Estimate& difference = one.main().difference;
  const auto& without = one.without[kMainMeasure];
  if (!without || difference.images < kFewestImages || difference.value < kSmallestShift ||
      without->difference > difference.value / 2)
    return "";
  return (one.case_index == found.cases() ? "Over all cases" : "Under " + found.case_name(one.case_index)) +
         " one image makes most of the difference from noise of " + role_words(one.role) +
         " variants: " + decimal(difference.value, 3) + " is " + decimal(without->difference, 3) +
         " without " + found.images[without->image] + ".";
}

std::string size_sentence(const Tested& all, std::size_t cases) {
  if (!size_differs(all.size)) return "";
  return (all.beyond()
              ? " The indices as a whole change too, by a factor of "
              : " What is shown is a change of degree: the indices as a whole change by a factor of ") +
         with_interval(as_factor(all.size.difference)) + " (" + corrected_p(all.size) + over_cases(cases) +
         ").";
}

// Of one role and the class told first.
struct OfRole {
  const Tested* all = nullptr;
  std::vector<const Tested*> cases;

  std::size_t images() const { return all ? all->size.difference.images : 0; }
};

OfRole of_role(const std::vector<Tested>& tested, LabelKind kind, Role role, const Observations& found) {
  OfRole chosen;
  for (const Tested& one : tested) {
    if (one.kind != kind || one.role != role) continue;
    if (one.case_index == found.cases())
      chosen.all = &one;
    else
      chosen.cases.push_back(&one);
  }
  return chosen;
}

}  // namespace

Section shift_section(const Observations& found) {
  Section section;
  section.id = "shift";
  section.question = "Does corruption move the important regions, and is it more than estimation noise?";
  const std::vector<Tested> tested = test(with_means_over_cases(gather(found), found), found);
  const LabelKind kind = main_kind(found);
  const OfRole altered = of_role(tested, kind, Role::kAltered, found),
               unaffected = of_role(tested, kind, Role::kUnaffected, found);
  section.images = altered.images();
  if (found.noise == NoiseFrom::kNothing) {
    section.answer =
        "Nothing is asserted, since nothing tells the noise of these maps: wcam run --extend "
        "--replicates 2 does.";
  } else if (section.images < kFewestImages) {
    section.answer = too_few_sentence(section.images, found, " with an altered variant that was explained");
  } else {
    section.answer = main_sentence(*altered.all, altered.cases, found) +
                     regions_sentence(*altered.all, found) +
                     size_sentence(*altered.all, altered.cases.size());
    if (unaffected.images() >= kFewestImages)
      section.answer += " " + main_sentence(*unaffected.all, unaffected.cases, found);
  }
  for (const Measure measure : {Measure::kSpearman, Measure::kTopTenth, Measure::kTransport, Measure::kScale})
    for (std::size_t m = 0; m < kMeasureCount; ++m)
      if (kMeasures[m] == measure) section.charts.push_back(chart_of(tested, kind, m, found));
  section.charts.push_back(levels_chart(tested, kind, found));
  section.tables = {distances_table(tested, found), levels_table(tested, found)};
  add_distance_doubts(section.doubts, found);
  for (const OfRole* role : {&altered, &unaffected}) {
    if (role->all && found.cases() > 1) add_doubt(section.doubts, one_image_doubt(*role->all, found));
    for (const Tested* one : role->cases) add_doubt(section.doubts, one_image_doubt(*one, found));
  }
  std::vector<const Paired*> by_case;
  for (const Tested* one : altered.cases) by_case.push_back(&one->main());
  add_doubt(section.doubts,
            unreachable_words("shift under one case by itself", section.images, largest_family(by_case)));
  if (kind == LabelKind::kPredicted)
    section.doubts.push_back(
        "Altered variants were explained for the class that is predicted for them, so that a change of class "
        "is part of the shift (--explain predicted,source tells them apart).");
  section.doubts.push_back(
      "An altered variant is one that a case takes for something else: cases are not compared on the same "
      "variants, and an image's mean is over the cases that have one.");
  section.doubts.push_back(
      "The rank correlation of all cells was chosen as the measure before any result; by others it may look "
      "otherwise (shift.csv).");
  add_doubt(section.doubts, few_images_doubt(section.images));
  return section;
}

}  // namespace wcam
