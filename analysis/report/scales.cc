// At which scales does each case decide? By the shares that levels have of the summed indices, on the
// unaltered images.
#include <algorithm>
#include <cctype>
#include <map>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analysis/maps/level_shares.h"
#include "analysis/report/sections.h"
#include "analysis/report/wording.h"
#include "common/base/message_text.h"

namespace wcam {

namespace {

using LevelMeans = std::vector<ImageMeans>;  // [levels + 1]

struct CaseScales {
  LevelMeans shares;       // straddling cells split by area
  LevelMeans least, most;  // of all ways to split them
};

std::vector<CaseScales> gather(const Observations& found) {
  const LevelMeans none(found.shares());
  std::vector<CaseScales> cases(found.cases(), CaseScales{none, none, none});
  for (const ExplainedMap& map : found.maps) {
    if (map.role != Role::kSource || !map.explained.contains(LabelKind::kPredicted)) continue;
    CaseScales& one = cases[map.case_index];
    for (std::size_t k = 0; k < found.shares(); ++k) {
      one.shares[k].add(map.image, map.shares[k]);
      one.least[k].add(map.image, map.bounds.low[k]);
      one.most[k].add(map.image, map.bounds.high[k]);
    }
  }
  return cases;
}

LevelAreas areas_of(const Observations& found) {
  const WcamSettings& wcam = found.plan.wcam;
  return level_areas(wcam.grid, wcam.levels, found.plan.input_size(), wcam.approximation);
}

// Of the plane of coefficients the part that each level has.
std::vector<double> plane_parts(const LevelAreas& areas) {
  return level_shares(std::vector<float>(areas.cells(), 1.0F), areas);
}

// The cells of one level, and which other levels some of them hold too.
struct Straddling {
  std::size_t cells = 0, shared = 0;
  std::vector<std::string> with;
};

Straddling straddling(std::size_t level, const LevelAreas& areas, const Observations& found) {
  const std::size_t columns = found.shares();
  Straddling cells;
  std::set<std::size_t> others;
  for (std::size_t cell = 0; cell < areas.cells(); ++cell) {
    const auto parts = std::span(areas.parts).subspan(cell * columns, columns);
    cells.cells += parts[level] > 0 ? 1 : 0;
    if (parts[level] == 0 || parts[level] == 1) continue;
    ++cells.shared;
    for (std::size_t k = 0; k < columns; ++k)
      if (k != level && parts[k] > 0) others.insert(k);
  }
  for (const std::size_t other : others) cells.with.push_back(level_of(other, found));
  return cells;
}

// "1.6 % belong to the approximation, 4.7 % to level 3, ...".
std::string plane_words(const std::vector<double>& parts, const Observations& found) {
  std::vector<std::string> words;
  for (std::size_t k = 0; k < parts.size(); ++k)
    words.push_back(percent(parts[k]) + (k == 0 ? " belong to " : " to ") + level_of(k, found));
  return listed(words);
}

struct MainLevel {
  std::size_t level = 0, next = 0;  // with the largest share, with the second largest
  Paired lead;                      // of the former over the latter
  // With what the former has at the least, over what the best of the others has at the most.
  Paired least_lead;
  bool identified() const { return least_lead.differs() && least_lead.difference.value > 0; }
};

std::size_t family_of(const std::vector<MainLevel>& mains) {
  std::vector<const Paired*> leads;
  for (const MainLevel& main : mains) leads.push_back(&main.lead);
  return largest_family(leads);
}

double mean_value(const ImageMeans& means) {
  const std::vector<double> values = means.values();
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// The level with the largest mean, other than `without`.
std::size_t largest(const LevelMeans& levels, std::size_t without) {
  std::size_t best = without == 0 ? 1 : 0;
  for (std::size_t k = 0; k < levels.size(); ++k)
    if (k != without && mean_value(levels[k]) > mean_value(levels[best])) best = k;
  return best;
}

MainLevel main_level(const CaseScales& one) {
  MainLevel main;
  main.level = largest(one.shares, one.shares.size());
  main.next = largest(one.shares, main.level);
  main.lead = paired(one.shares[main.next], one.shares[main.level]);
  main.least_lead = paired(one.most[largest(one.most, main.level)], one.least[main.level]);
  return main;
}

// "3 of the 4 cells of the approximation also hold level 3, so that it has 18 to 52 % under baseline".
std::string not_identified(std::size_t level, const std::vector<std::string>& ranges, const LevelAreas& areas,
                           const Observations& found) {
  const Straddling cells = straddling(level, areas, found);
  return std::to_string(cells.shared) + " of the " + counted(cells.cells, "cell") + " of " +
         level_of(level, found) + " also hold " + listed(cells.with) + ", so that it has " +
         few_listed(ranges, "scales.csv");
}

// "The largest share of the importance lies at level 3 under baseline (38 % [37, 40], 8 points [6, 11] more
// than level 2)."
std::string answer_of(const std::vector<CaseScales>& cases, const std::vector<MainLevel>& mains,
                      const LevelAreas& areas, const Observations& found) {
  std::map<std::size_t, std::vector<std::string>> most, open;
  std::vector<std::string> shared, few, parts;
  std::string correction = holm_words(family_of(mains), "test");
  for (std::size_t c = 0; c < cases.size(); ++c) {
    const MainLevel& main = mains[c];
    const CaseScales& one = cases[c];
    const std::string& name = found.case_name(c);
    if (main.lead.difference.images < kFewestImages) {
      few.push_back(name);
      continue;
    }
    const std::string share = with_percent_interval(mean_of(one.shares[main.level]));
    const auto tested = [&] { return corrected_p(main.lead) + std::exchange(correction, ""); };
    if (!main.lead.differs())
      shared.push_back(name + " (" + level_of(main.level, found) + " " + share + ", " +
                       level_of(main.next, found) + " " +
                       with_percent_interval(mean_of(one.shares[main.next])) + ", " + tested() + ")");
    else if (!main.identified())
      open[main.level].push_back(decimal(100 * mean_value(one.least[main.level]), 0) + " to " +
                                 percent(mean_value(one.most[main.level])) + " under " + name);
    else
      most[main.level].push_back(name + " (" + share + ", " + with_points_interval(main.lead.difference) +
                                 " more than " + level_of(main.next, found) + ", " + tested() + ")");
  }
  for (const auto& [level, names] : most)
    parts.push_back((parts.empty() ? "the largest share of the importance lies at " : "at ") +
                    level_of(level, found) + " under " + few_listed(names, "scales.csv"));
  for (const auto& [level, ranges] : open)
    parts.push_back(
        (&ranges == &open.begin()->second
             ? "which level has the largest share of the importance is not identified on this grid: "
             : "") +
        not_identified(level, ranges, areas, found));
  if (!shared.empty())
    parts.push_back("which of two levels has the largest share of the importance is not shown under " +
                    few_listed(shared, "scales.csv"));
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "; ") + part;
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text + "." + too_few_of(few);
}

}  // namespace

Section scales_section(const Observations& found) {
  Section section;
  section.id = "scales";
  section.question = "At which scales does each case decide?";
  const std::vector<CaseScales> cases = gather(found);
  const LevelAreas areas = areas_of(found);
  const std::vector<double> parts = plane_parts(areas);

  ColumnMeanings columns{{"case", "name of the classifier"},
                         {"level", "0: the approximation; else the level of the details, 1 the finest"},
                         {"images", "whose unaltered form was explained for the predicted class"},
                         {"plane",
                          "share of the plane of coefficients that the level has, 0 to 1: its share of "
                          "the indices if all places mattered alike"}};
  add_estimate_columns(columns, "share",
                       "share of the summed indices, straddling cells split by area; about 0 to 1");
  columns.emplace_back("at_least",
                       "the same share where all cells that straddle this level and another count for the "
                       "other; mean over images");
  columns.emplace_back("at_most", "the same where they all count for this level");
  ReportTable table = make_table("scales.csv", columns);
  Chart chart;
  chart.kind = Chart::Kind::kDots;
  chart.name = "scales_shares";
  chart.x_title = "Scale";
  chart.y_title = "Share of the summed indices (%)";
  chart.caption =
      "Share of the summed Sobol indices at each level of the Haar transform, unaltered images, class "
      "predicted; of all coefficients " +
      plane_words(parts, found) +
      "; cells that straddle two levels count by area (what other splits give: scales.csv); 95 % "
      "intervals "
      "over images.";

  std::vector<MainLevel> mains;
  for (std::size_t c = 0; c < cases.size(); ++c) {
    ChartSeries series{title_of(c, found), {}};
    for (std::size_t k = 0; k < found.shares(); ++k) {
      const Estimate share = mean_of(cases[c].shares[k]);
      section.images = std::max(section.images, share.images);
      std::vector<Cell> row{found.case_name(c), k == 0 ? 0LL : static_cast<long long>(found.shares() - k),
                            count_cell(share.images), parts[k]};
      add_cells(row, share);
      row.emplace_back(mean_value(cases[c].least[k]));
      row.emplace_back(mean_value(cases[c].most[k]));
      table.rows.push_back(std::move(row));
      series.points.push_back(level_point(k, share, found));
    }
    chart.series.push_back(std::move(series));
    mains.push_back(main_level(cases[c]));
  }
  std::vector<Paired*> leads, least_leads;
  for (MainLevel& main : mains) {
    leads.push_back(&main.lead);
    least_leads.push_back(&main.least_lead);
  }
  correct(leads);
  correct(least_leads);
  section.answer = section.images < kFewestImages
                       ? too_few_sentence(section.images, found, " whose unaltered form was explained")
                       : answer_of(cases, mains, areas, found);
  section.charts.push_back(std::move(chart));
  section.tables.push_back(std::move(table));
  if (std::any_of(areas.parts.begin(), areas.parts.end(), [](double part) { return part > 0 && part < 1; })) {
    const int whole = 1 << found.plan.wcam.levels;
    section.doubts.push_back(
        "On this grid some cells straddle two levels: their indices are split by area, as if spread evenly; "
        "at_least and at_most in scales.csv hold for every split. At " +
        counted(found.plan.wcam.levels, "level") + " grids that are multiples of " + std::to_string(whole) +
        " have no such cells (--grid " + std::to_string(whole) + " or " + std::to_string(2 * whole) + ").");
  }
  section.doubts.push_back(
      "Which level is the largest was seen in the same images: a small lead over the next is somewhat "
      "overstated.");
  add_design_doubts(section.doubts, found);
  add_doubt(section.doubts, unreachable_words("lead of a level", section.images, family_of(mains)));
  add_doubt(section.doubts, few_images_doubt(section.images));
  return section;
}

}  // namespace wcam
