// At which scales does each case decide? By the shares that levels have of the summed indices, on the
// unaltered images.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "analysis/maps/level_shares.h"
#include "analysis/report/sections.h"
#include "analysis/report/wording.h"

namespace wcam {

namespace {

using LevelMeans = std::vector<ImageMeans>;  // [levels + 1]

std::vector<LevelMeans> gather(const Observations& found) {
  std::vector<LevelMeans> cases(found.cases(), LevelMeans(found.shares()));
  for (const ExplainedMap& map : found.maps)
    if (map.role == Role::kSource && map.explained.contains(LabelKind::kPredicted))
      for (std::size_t k = 0; k < found.shares(); ++k) cases[map.case_index][k].add(map.image, map.shares[k]);
  return cases;
}

// Of the plane of coefficients the part that each level has.
std::vector<double> plane_parts(const Observations& found) {
  const WcamSettings& wcam = found.plan.wcam;
  const std::vector<float> even(static_cast<std::size_t>(wcam.cells()), 1.0F);
  return level_shares(even, level_areas(wcam.grid, wcam.levels, found.plan.input_size(), wcam.approximation));
}

struct MainLevel {
  std::size_t level = 0, next = 0;  // with the largest share, with the second largest
  Paired lead;                      // of the former over the latter
};

MainLevel main_level(const LevelMeans& levels) {
  std::vector<std::size_t> order(levels.size());
  for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return mean_of(levels[a]).value > mean_of(levels[b]).value;
  });
  return {order[0], order[1], paired(levels[order[1]], levels[order[0]])};
}

// "Most of the importance lies at level 3 under baseline (38 % [37, 40], 8 points [6, 11] more than at level
// 2)."
std::string answer_of(const std::vector<LevelMeans>& cases, const std::vector<MainLevel>& mains,
                      const Observations& found) {
  std::map<std::size_t, std::vector<std::string>> most;
  std::vector<std::string> shared, few;
  for (std::size_t c = 0; c < cases.size(); ++c) {
    const MainLevel& main = mains[c];
    if (main.lead.difference.images < kFewestImages) {
      few.push_back(found.case_name(c));
      continue;
    }
    const std::string share = with_percent_interval(mean_of(cases[c][main.level]));
    if (main.lead.differs())
      most[main.level].push_back(found.case_name(c) + " (" + share + ", " +
                                 with_points_interval(main.lead.difference) + " more than " +
                                 level_of(main.next, found) + ")");
    else
      shared.push_back(found.case_name(c) + " (" + level_of(main.level, found) + " " + share + ", " +
                       level_of(main.next, found) + " " +
                       with_percent_interval(mean_of(cases[c][main.next])) + ")");
  }
  std::string text;
  for (const auto& [level, names] : most)
    text += (text.empty() ? "The largest share of the importance lies at " : "; at ") +
            level_of(level, found) + " under " + few_listed(names, "scales.csv");
  if (!shared.empty())
    text +=
        std::string(text.empty()
                        ? "Which of two levels has the largest share of the importance is not shown under "
                        : "; which of two levels it is, is not shown under ") +
        few_listed(shared, "scales.csv");
  return text + "." + too_few_of(few);
}

}  // namespace

Section scales_section(const Observations& found) {
  Section section;
  section.id = "scales";
  section.question = "At which scales does each case decide?";
  const std::vector<LevelMeans> cases = gather(found);
  const std::vector<double> parts = plane_parts(found);

  ColumnMeanings columns{{"case", "name of the classifier"},
                         {"level", "0: the approximation; else the level of the details, 1 the finest"},
                         {"images", "whose unaltered form was explained for the predicted class"},
                         {"plane",
                          "share of the plane of coefficients that the level has, 0 to 1: its share of "
                          "the indices if all places mattered alike"}};
  add_estimate_columns(columns, "share",
                       "share of the summed indices, straddling cells split by area; about 0 to 1");
  ReportTable table = make_table("scales.csv", columns);
  Chart chart;
  chart.kind = Chart::Kind::kDots;
  chart.name = "scales_shares";
  chart.x_title = "Scale";
  chart.y_title = "Share of the summed indices (%)";
  chart.caption =
      "Share of the summed Sobol indices at each level of the Haar transform, unaltered images, class "
      "predicted; cells that straddle two levels count by area; 95 % intervals over images.";

  std::vector<MainLevel> mains;
  for (std::size_t c = 0; c < cases.size(); ++c) {
    ChartSeries series{found.case_name(c), {}};
    for (std::size_t k = 0; k < found.shares(); ++k) {
      const Estimate share = mean_of(cases[c][k]);
      section.images = std::max(section.images, share.images);
      std::vector<Cell> row{found.case_name(c), k == 0 ? 0LL : static_cast<long long>(found.shares() - k),
                            count_cell(share.images), parts[k]};
      add_cells(row, share);
      table.rows.push_back(std::move(row));
      series.points.push_back(level_point(k, share, found));
    }
    chart.series.push_back(std::move(series));
    mains.push_back(main_level(cases[c]));
  }
  std::vector<Paired*> family;
  for (MainLevel& main : mains) family.push_back(&main.lead);
  correct(family);
  section.answer = section.images < kFewestImages
                       ? too_few_sentence(section.images, found, " whose unaltered form was explained")
                       : answer_of(cases, mains, found);
  section.charts.push_back(std::move(chart));
  section.tables.push_back(std::move(table));
  if (found.plan.wcam.grid % (1 << found.plan.wcam.levels) != 0)
    section.doubts.push_back(
        "On this grid some cells straddle two levels: their indices are split by area, as if spread evenly "
        "(--grid 8, 16 or 32 has none of them at 3 levels).");
  section.doubts.push_back(
      "Which level is the largest was seen in the same images: a small lead over the next is somewhat "
      "overstated.");
  add_doubt(section.doubts, few_images_doubt(section.images));
  return section;
}

}  // namespace wcam
