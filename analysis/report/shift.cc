// Does corruption move the important regions, and is it more than estimation noise?
//
// A variant's map is compared with the source's by designs that share no point, exactly as two estimates of
// one map are compared for the noise floor. Were nothing moved, both distances would be equal on average; so
// their paired difference, an image's mean over its variants, is what is tested.
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

struct Group {  // shifts of one kind of label and role under one case
  std::array<ImageMeans, kMeasureCount> distance, floor, source_floor, variant_floor;
  std::vector<ImageMeans> share_change;  // [levels + 1]
  ImageMeans log2_size;
};

struct Tested {
  LabelKind kind{};
  Role role{};
  std::size_t case_index = 0;
  std::array<Paired, kMeasureCount> moved;  // distance less floor
  std::array<std::optional<WithoutOne>, kMeasureCount> without;
  // Of the main measure: similarity without noise, 1 where nothing moved (C. Spearman's correction of the
  // mean similarities). It does not take maps that are noisier for ones that have moved.
  Estimate corrected;
  std::vector<Paired> share_change;
  Paired size;
  // Further than noise by the main measure.
  bool beyond() const {
    return is_a_shift(moved[kMainMeasure]) && moved[kMainMeasure].difference.value > 0 &&
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

std::vector<Tested> test(const Groups& groups) {
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
  // Families, of one kind and role: the cases and levels for shares; the cases for each measure; with the
  // main one the sizes, since an answer is made from both.
  for (std::size_t begin = 0; begin < tested.size();) {
    std::size_t end = begin;
    while (end < tested.size() && tested[end].kind == tested[begin].kind &&
           tested[end].role == tested[begin].role)
      ++end;
    std::array<std::vector<Paired*>, kMeasureCount> by_measure;
    std::vector<Paired*> shares;
    for (std::size_t i = begin; i < end; ++i) {
      for (std::size_t m = 0; m < kMeasureCount; ++m) by_measure[m].push_back(&tested[i].moved[m]);
      for (Paired& change : tested[i].share_change) shares.push_back(&change);
      by_measure[kMainMeasure].push_back(&tested[i].size);
    }
    for (const auto& family : by_measure) correct(family);
    correct(shares);
    begin = end;
  }
  return tested;
}

std::string role_words(Role role) { return role == Role::kAltered ? "altered" : "unaffected"; }

ReportTable distances_table(const std::vector<Tested>& tested, const Observations& found) {
  ColumnMeanings columns{
      {"case", "name of the classifier"},
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
                       "the same after Holm's correction over the cases; spearman's family includes "
                       "log2_size of shift_levels.csv");
  add_estimate_columns(
      columns, "corrected_similarity",
      "spearman only: similarity corrected for the noise of both maps, 1 where nothing moved");
  ReportTable table = make_table("shift.csv", columns);
  for (const Tested& one : tested)
    for (std::size_t m = 0; m < kMeasureCount; ++m) {
      const Paired& moved = one.moved[m];
      std::vector<Cell> row{found.case_name(one.case_index), to_string(one.kind), role_words(one.role),
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
      {"case", "name of the classifier"},
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
      "p_holm", "after Holm's correction: over cases and levels; log2_size: with spearman of shift.csv");
  ReportTable table = make_table("shift_levels.csv", columns);
  const auto add = [&](const Tested& one, const std::string& quantity, Cell level, const Paired& change) {
    std::vector<Cell> row{found.case_name(one.case_index),
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
  chart.y_title = distance + ", less noise";
  ChartSeries altered{"altered", {}}, unaffected{"unaffected", {}};
  for (const Tested& one : tested)
    if (one.kind == kind)
      (one.role == Role::kAltered ? altered : unaffected)
          .points.push_back(chart_point(found.case_name(one.case_index), static_cast<double>(one.case_index),
                                        one.moved[m].difference));
  chart.series = {std::move(altered), std::move(unaffected)};
  chart.lines.push_back({"no further apart than by noise", 0});
  chart.caption =
      distance + " of a variant's map from its source's less that between " + noise_words(found) +
      " of one map, explained for " + in_words(kind) +
      ", by variants that change the prediction (altered) or not (unaffected); 95 % intervals over "
      "images.";
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
    if (one.kind != kind || one.role != Role::kAltered) continue;
    ChartSeries series{found.case_name(one.case_index), {}};
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

// Distance and floor by the main measure, mean over all cases, by image.
Paired over_cases(const Groups& groups, LabelKind kind, Role role) {
  ImageMeans distance, floor;
  for (const auto& [key, group] : groups) {
    if (std::get<0>(key) != kind || std::get<1>(key) != role) continue;
    for (const auto& [from, to] : {std::pair(&group.distance, &distance), std::pair(&group.floor, &floor)})
      for (std::size_t image = 0; image < (*from)[kMainMeasure].places(); ++image)
        if ((*from)[kMainMeasure].has(image))
          to->add(static_cast<std::uint32_t>(image), (*from)[kMainMeasure].of(image));
  }
  return paired(floor, distance);
}

std::string under_how_many(std::size_t some, std::size_t all) {
  if (all == 1) return "under the one case";
  if (some == all) return "under all " + std::to_string(all) + " cases";
  return "under " + std::to_string(some) + " of " + std::to_string(all) + " cases";
}

std::string corruptions_of(Role role, const Observations& found) {
  return (has_severities(found.plan.perturbation) ? "Corruptions" : "Variants") +
         std::string(role == Role::kAltered ? " that change the prediction" : " that do not change it");
}

std::string main_sentence(const std::vector<const Tested*>& cases, const Groups& groups, Role role,
                          const Observations& found) {
  std::vector<const Tested*> moved, still;
  std::vector<std::string> few;
  for (const Tested* one : cases)
    if (one->moved[kMainMeasure].difference.images < kFewestImages)
      few.push_back(found.case_name(one->case_index));
    else
      (one->beyond() ? moved : still).push_back(one);
  if (moved.empty() && still.empty())
    return "Nothing is asserted of " + listed(few) + ": fewer than " + std::to_string(kFewestImages) +
           " images have maps that can be ranked.";
  const Paired all = over_cases(groups, cases.front()->kind, role);
  const std::string numbers = "Spearman distance " + with_interval(all.second) + " against " +
                              with_interval(all.first) + " between " + noise_words(found) + ", difference " +
                              with_interval(all.difference);
  if (moved.empty()) {
    std::size_t needed = 0;
    for (const Tested* one : still) {
      const Paired& result = one->moved[kMainMeasure];
      const std::size_t of_case = result.difference.value > 0 ? result.images_to_see_it() : 0;
      if (of_case > 0 && (needed == 0 || of_case < needed)) needed = of_case;
    }
    return corruptions_of(role, found) +
           " are not shown to move the maps further than their estimation noise under any case (" + numbers +
           needed_words(needed, all.difference.images) + ")." + too_few_of(few);
  }
  double largest_p = 0;
  for (const Tested* one : moved) largest_p = std::max(largest_p, *one->moved[kMainMeasure].p_holm);
  std::vector<std::string> names;
  for (const Tested* one : still)
    names.push_back(found.case_name(one->case_index) + " (difference " +
                    with_interval(one->moved[kMainMeasure].difference) + ", " +
                    corrected_p(one->moved[kMainMeasure]) + ")");
  return corruptions_of(role, found) + " move the maps further than their estimation noise " +
         under_how_many(moved.size(), moved.size() + still.size()) + " (" + numbers + "; " +
         (largest_p < 0.001 || moved.size() == 1 ? "" : "largest ") + p_value(largest_p) +
         " after Holm's correction)" +
         (names.empty() ? "" : "; it is not shown under " + few_listed(names, "shift.csv")) + "." +
         too_few_of(few);
}

// "Under baseline one image makes most of the difference from noise of altered variants: 0.035 is 0.016
// without n01871265_tusker.JPEG."; of a difference that one image does not make, empty.
std::string one_image_doubt(const Tested& one, const Observations& found) {
  const Estimate& difference = one.moved[kMainMeasure].difference;
  const auto& without = one.without[kMainMeasure];
  if (!without || difference.images < kFewestImages || difference.value < kSmallestShift ||
      without->difference > difference.value / 2)
    return "";
  return "Under " + found.case_name(one.case_index) +
         " one image makes most of the difference from noise of " + role_words(one.role) +
         " variants: " + decimal(difference.value, 3) + " is " + decimal(without->difference, 3) +
         " without " + found.images[without->image] + ".";
}

std::string size_sentence(const std::vector<const Tested*>& cases, const Observations& found) {
  std::vector<std::string> changed;
  bool moved = false;
  for (const Tested* one : cases) {
    moved = moved || one->beyond();
    if (!size_differs(one->size)) continue;
    changed.push_back(found.case_name(one->case_index) + " " +
                      with_interval(as_factor(one->size.difference)));
  }
  if (changed.empty()) return "";
  return (moved ? " The indices as a whole change too, by a factor of: "
                : " The shift is one of degree: the indices as a whole change by a factor of: ") +
         few_listed(changed, "shift_levels.csv") + ".";
}

}  // namespace

Section shift_section(const Observations& found) {
  Section section;
  section.id = "shift";
  section.question = "Does corruption move the important regions, and is it more than estimation noise?";
  const Groups groups = gather(found);
  const std::vector<Tested> tested = test(groups);
  const LabelKind kind = main_kind(found);
  std::vector<const Tested*> altered, unaffected;
  std::size_t images = 0, unaffected_images = 0;
  for (const Tested& one : tested) {
    if (one.kind != kind) continue;
    const std::size_t of_case = groups.at({kind, one.role, one.case_index}).log2_size.images();
    (one.role == Role::kAltered ? altered : unaffected).push_back(&one);
    std::size_t& most = one.role == Role::kAltered ? images : unaffected_images;
    most = std::max(most, of_case);
  }
  section.images = images;
  if (found.noise == NoiseFrom::kNothing) {
    section.answer =
        "Nothing is asserted, since nothing tells the noise of these maps: wcam run --extend "
        "--replicates 2 does.";
  } else if (images < kFewestImages) {
    section.answer = too_few_sentence(images, found, " with an altered variant that was explained");
  } else {
    section.answer = main_sentence(altered, groups, Role::kAltered, found) + size_sentence(altered, found);
    if (unaffected_images >= kFewestImages)
      section.answer += " " + main_sentence(unaffected, groups, Role::kUnaffected, found);
  }
  for (const Measure measure : {Measure::kSpearman, Measure::kTransport, Measure::kScale})
    for (std::size_t m = 0; m < kMeasureCount; ++m)
      if (kMeasures[m] == measure) section.charts.push_back(chart_of(tested, kind, m, found));
  section.charts.push_back(levels_chart(tested, kind, found));
  section.tables = {distances_table(tested, found), levels_table(tested, found)};
  add_noise_doubts(section.doubts, found);
  for (const auto* of_role : {&altered, &unaffected})
    for (const Tested* one : *of_role) add_doubt(section.doubts, one_image_doubt(*one, found));
  if (kind == LabelKind::kPredicted)
    section.doubts.push_back(
        "Altered variants were explained for the class that is predicted for them, so that a change of class "
        "is part of the shift (--explain predicted,source tells them apart).");
  section.doubts.push_back(
      "The number of images is that of the case with the most; an altered image is one that this case takes "
      "for something else, so that cases are not compared on the same variants.");
  add_doubt(section.doubts, few_images_doubt(section.images));
  return section;
}

}  // namespace wcam
