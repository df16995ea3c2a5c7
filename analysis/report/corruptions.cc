// Which corruptions move what? The change of each level's share from the source, by corruption and severity,
// over all cases; an image's value is the mean over cases and variants.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "analysis/report/sections.h"
#include "analysis/report/wording.h"
#include "common/base/message_text.h"

namespace wcam {

namespace {

struct Moved {
  std::vector<ImageMeans> levels;  // [levels + 1] change of share
  ImageMeans distance, floor;      // by the main measure
};
using Place = std::pair<std::string, int>;  // corruption, severity; 0: all

struct Tested {
  std::vector<Paired> levels;
  Paired distance;  // less the floor
  std::size_t images = 0;
};

std::map<Place, Moved> gather(const Observations& found) {
  const LabelKind kind = main_kind(found);
  std::map<Place, Moved> places;
  for (const Shift& shift : found.shifts) {
    if (shift.kind != kind) continue;
    const Variant& variant = found.variants[shift.variant];
    for (const int severity : std::set<int>{0, variant.severity}) {
      Moved& moved = places[{variant.name, severity}];
      moved.levels.resize(found.shares());
      for (std::size_t k = 0; k < found.shares(); ++k)
        moved.levels[k].add(shift.image, shift.share_change[k]);
      const double distance = shift.distance[kMainMeasure], floor = floor_of(shift, kMainMeasure);
      if (std::isnan(distance) || std::isnan(floor)) continue;
      moved.distance.add(shift.image, distance);
      moved.floor.add(shift.image, floor);
    }
  }
  return places;
}

std::map<Place, Tested> test(const std::map<Place, Moved>& places) {
  std::map<Place, Tested> tested;
  for (const auto& [place, moved] : places) {
    Tested& one = tested[place];
    for (const ImageMeans& level : moved.levels) one.levels.push_back(against_zero(level));
    one.distance = paired(moved.floor, moved.distance);
    one.images = moved.levels.front().images();
  }
  // Families: corruptions and levels; and, by themselves, corruptions, severities and levels.
  for (const bool by_severity : {false, true}) {
    std::vector<Paired*> levels, distances;
    for (auto& [place, one] : tested) {
      if ((place.second > 0) != by_severity) continue;
      for (Paired& level : one.levels) levels.push_back(&level);
      distances.push_back(&one.distance);
    }
    correct(levels);
    correct(distances);
  }
  return tested;
}

ReportTable table_of(const std::map<Place, Tested>& tested, const Observations& found) {
  ColumnMeanings columns{{"corruption", "of the variants"},
                         {"severity", "1 to 5; 0: all, or a family without severities"},
                         {"quantity",
                          "share: of the summed indices at the level; distance: of the maps beyond noise "
                          "(Spearman), 0 to 2"},
                         {"level", "0: the approximation; else of the details, 1 the finest; empty: all"},
                         {"images", "with such a variant explained"}};
  add_estimate_columns(columns, "change",
                       "variant less source, mean over cases; distance: less the noise floor");
  add_estimate_columns(columns, "effect", "Hedges' g");
  columns.emplace_back("p", "two-sided sign-flip test against 0");
  columns.emplace_back("p_holm",
                       "after Holm's correction over corruptions and levels, by severity over those too");
  ReportTable table = make_table("corruptions.csv", columns);
  const auto add = [&](const Place& place, const std::string& quantity, Cell level, const Paired& change) {
    std::vector<Cell> row{place.first, static_cast<long long>(place.second), quantity, std::move(level),
                          count_cell(change.difference.images)};
    add_cells(row, change);
    table.rows.push_back(std::move(row));
  };
  for (const auto& [place, one] : tested) {
    for (std::size_t k = 0; k < one.levels.size(); ++k)
      add(place, "share", k == 0 ? 0LL : static_cast<long long>(found.shares() - k), one.levels[k]);
    add(place, "distance", kUnknown, one.distance);
  }
  return table;
}

// A row a corruption, or a corruption and severity; a column a level.
Chart levels_chart(const std::map<Place, Tested>& tested, bool by_severity, const Observations& found) {
  Chart chart;
  chart.kind = Chart::Kind::kHeat;
  chart.name = by_severity ? "corruptions_severities" : "corruptions_levels";
  chart.x_title = "Scale";
  chart.y_title = "Change of share (percentage points)";
  for (const auto& [place, one] : tested) {
    if ((place.second > 0) != by_severity || one.images < kFewestImages) continue;
    ChartSeries series{by_severity ? place.first + " " + std::to_string(place.second) : place.first, {}};
    for (std::size_t k = 0; k < one.levels.size(); ++k)
      series.points.push_back(level_point(k, one.levels[k].difference, found));
    chart.series.push_back(std::move(series));
  }
  chart.caption =
      std::string("Change of each level's share of the summed indices from the source, by corruption") +
      (by_severity ? " and severity" : "") + ", explained for " + in_words(main_kind(found)) +
      ", mean over cases and images; of those that " + std::to_string(kFewestImages) +
      " images or more were explained with.";
  return chart;
}

struct Effect {
  std::string corruption;
  std::size_t level = 0;
  const Paired* change = nullptr;
};

// "9 points [5, 17] of share out of level 1".
std::string moved_words(const Effect& effect, const Observations& found) {
  const Estimate& change = effect.change->difference;
  const bool out = change.value < 0;
  return with_points_interval(out ? negated(change) : change) + " of share " + (out ? "out of " : "to ") +
         level_of(effect.level, found);
}

std::string answer_of(const std::map<Place, Tested>& tested, const Observations& found) {
  std::vector<Effect> effects;
  std::vector<std::string> too_few, beyond;
  Effect largest;
  std::size_t asked = 0, most_images = 0;
  for (const auto& [place, one] : tested) {
    if (place.second > 0) continue;
    if (one.images < kFewestImages) {
      too_few.push_back(place.first);
      continue;
    }
    ++asked;
    most_images = std::max(most_images, one.images);
    if (is_a_shift(one.distance) && one.distance.difference.value > 0) beyond.push_back(place.first);
    for (std::size_t k = 0; k < one.levels.size(); ++k) {
      if (one.levels[k].differs()) effects.push_back({place.first, k, &one.levels[k]});
      if (!largest.change ||
          std::abs(one.levels[k].difference.value) > std::abs(largest.change->difference.value))
        largest = {place.first, k, &one.levels[k]};
    }
  }
  std::sort(effects.begin(), effects.end(), [](const Effect& a, const Effect& b) {
    return std::abs(a.change->difference.value) > std::abs(b.change->difference.value);
  });
  std::string text;
  if (effects.empty()) {
    const Paired& change = *largest.change;
    text = "No corruption of " + std::to_string(asked) +
           " is shown to change the share of a level (the most, " + largest.corruption + " moves " +
           moved_words(largest, found) + "; " + corrected_p(change) + holm_words(change.family, "test") +
           needed_words(change.images_to_see_it(), change.difference.images) + ").";
    const std::string unreachable =
        unreachable_words("change of a level's share", most_images, change.family);
    text += (unreachable.empty() ? "" : " ") + unreachable;
  } else {
    constexpr std::size_t kTold = 4;
    std::vector<std::string> told;
    for (std::size_t i = 0; i < std::min(kTold, effects.size()); ++i)
      told.push_back(effects[i].corruption + " moves " + moved_words(effects[i], found));
    text = "Largest first, " + listed(told) + " (of " + counted(effects.size(), "change") +
           " shown after Holm's correction over " + counted(asked, "corruption") + " and " +
           std::to_string(found.shares()) + " levels).";
  }
  text += beyond.empty()
              ? " Under none is a map shown to move further than noise."
              : " Maps move further than their noise under " + few_listed(beyond, "corruptions.csv") + ".";
  return text + too_few_of(too_few);
}

// "saturate on 7, brightness on 6, the others on 1 to 3, 5 on none".
std::string counts_of(const std::map<Place, Tested>& tested, const Observations& found) {
  std::vector<std::pair<std::string, std::size_t>> counts;
  for (const auto& [place, one] : tested)
    if (place.second == 0) counts.emplace_back(place.first, one.images);
  std::stable_sort(counts.begin(), counts.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  constexpr std::size_t kTold = 2;
  std::string text;
  for (std::size_t i = 0; i < std::min(kTold, counts.size()); ++i)
    text += (i == 0 ? "" : ", ") + counts[i].first + " on " + std::to_string(counts[i].second);
  std::set<std::string> without;
  for (const Variant& variant : found.variants)
    if (!variant.family.empty() && !tested.contains({variant.name, 0}))  // the source has none
      without.insert(variant.name);
  const std::string none = without.empty() ? "" : ", " + counted(without.size(), "other") + " on none";
  if (counts.size() <= kTold) return text + none;
  const std::size_t least = counts.back().second, most = counts[kTold].second;
  return text + ", " +
         (counts.size() == kTold + 1 ? counts.back().first : counted(counts.size() - kTold, "other")) +
         " on " + (least == most ? "" : std::to_string(least) + " to ") + std::to_string(most) + none;
}

// The published rule explains few variants of an image, whichever they are: more images are a long way to
// many of one corruption.
std::string too_few_answer(const std::map<Place, Tested>& tested, std::size_t images,
                           const Observations& found) {
  if (tested.empty() || found.explained_images < kFewestImages ||
      found.plan.selection.rule != SelectionRule::kPublished)
    return too_few_sentence(images, found, " with one and the same corruption explained");
  return "No corruption was explained on " + std::to_string(kFewestImages) +
         " images: " + counts_of(tested, found) + "; --select all explains every one.";
}

}  // namespace

Section corruptions_section(const Observations& found) {
  Section section;
  section.id = "corruptions";
  section.question = "Which corruptions move what?";
  const std::map<Place, Tested> tested = test(gather(found));
  for (const auto& [place, one] : tested) section.images = std::max(section.images, one.images);
  section.answer = section.images < kFewestImages ? too_few_answer(tested, section.images, found)
                                                  : answer_of(tested, found);
  for (const bool by_severity : {false, true})
    add_chart(section.charts, levels_chart(tested, by_severity, found));
  section.tables.push_back(table_of(tested, found));
  if (section.images >= kFewestImages) add_distance_doubts(section.doubts, found);
  section.doubts.push_back(
      "Which variants of an image are explained depends on which change a prediction, so that corruptions "
      "are "
      "not compared on the same images and severities (--select all).");
  if (main_kind(found) == LabelKind::kPredicted)
    section.doubts.push_back(
        "Altered variants were explained for the class that is predicted for them: what changes is in part "
        "the "
        "class (--explain predicted,source).");
  add_doubt(section.doubts, few_images_doubt(section.images));
  return section;
}

}  // namespace wcam
