// A report made up for tests: every kind of chart, one and twelve series, values that are not known, long and
// foreign names, and text that HTML would obey.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "analysis/report/report.h"

namespace wcam::test {

inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// A value that goes up and down with k and i, between 0 and 1.
inline double wave(std::size_t k, std::size_t i) {
  return 0.5 + 0.45 * std::sin(1.3 * static_cast<double>(k) + 0.8 * static_cast<double>(i));
}

inline ChartPoint sample_point(const std::string& label, double x, double y, double half) {
  return {label, x, y, std::pair(y - half, y + half)};
}

// The first `series` of cases with names as people give them, at places with these labels.
inline std::vector<ChartSeries> sample_series(std::size_t series, const std::vector<std::string>& labels,
                                              double half) {
  const std::vector<std::string> names{"baseline",
                                       "Stylized ImageNet",
                                       "AugMix",
                                       "PixMix",
                                       "adversarial, ε = 4/255",
                                       "adversarial, free",
                                       "fast adversarial",
                                       "naïve",
                                       "баз. модель",
                                       "πρότυπο",
                                       "a case whose name goes on and on, as names of checkpoints do",
                                       "אימון"};
  std::vector<ChartSeries> made;
  for (std::size_t k = 0; k < series; ++k) {
    ChartSeries one{names.at(k), {}};
    for (std::size_t i = 0; i < labels.size(); ++i)
      one.points.push_back(sample_point(labels[i], static_cast<double>(i + 1), wave(k, i), half));
    made.push_back(one);
  }
  return made;
}

inline Chart sample_lines(std::size_t series) {
  return {Chart::Kind::kLines,
          "error_by_severity_" + std::to_string(series),
          "severity",
          "error rate (share of images)",
          sample_series(series, {"1", "2", "3", "4", "5"}, 0.06),
          {{"noise floor", 0.31}},
          "Error rate by severity. Bars: 95 % intervals, bootstrap over 17 images."};
}

inline Chart sample_dots(std::size_t series) {
  return {Chart::Kind::kDots,
          "level_shares_" + std::to_string(series),
          "level",
          "share of the summed indices",
          sample_series(series, {"approximation", "level 3 (coarsest)", "level 2", "level 1 (finest)"}, 0.08),
          {{"noise floor", 0.2}, {"share of cells", 0.75}},
          "Share of each level in the summed indices, source images. Bars: 95 % intervals."};
}

inline Chart sample_heat(std::size_t rows, std::size_t columns) {
  Chart chart{Chart::Kind::kHeat,
              "shift_by_corruption_" + std::to_string(rows),
              "level and severity",
              "change of the level's share",
              {},
              {},
              "Mean change of each level's share, altered less source."};
  for (std::size_t k = 0; k < rows; ++k) {
    ChartSeries row{k == 1 ? "a corruption with quite a long name" : "corruption " + std::to_string(k + 1),
                    {}};
    for (std::size_t i = 0; i < columns; ++i)
      row.points.push_back(
          {"level " + std::to_string(i + 1), static_cast<double>(i), wave(k, i) - 0.4, std::nullopt});
    chart.series.push_back(row);
  }
  return chart;
}

inline Report sample_report() {
  Report report{"study <b>of 2</b> & \"more\"",
                {"A: first <i>of</i> 2, sweep 1f0c63a2b9d4, 9 images explained, 3 cases, 81 WCAMs.",
                 "B: the other, sweep 77ab01c3d5e2, 8 images explained, 3 cases, 72 WCAMs."},
                {{"images", "17 of 200, 3 set aside"},
                 {"cases", "baseline, AugMix, 基準"},
                 {"estimator", "jansen-total, N = 4, grid 28"},
                 {"labels explained", "predicted, source"}},
                {}};
  Chart gaps = sample_lines(3);
  gaps.name = "gaps";
  gaps.series[1].points[2].y = kUnknown;
  gaps.series[2].points[1].interval = std::pair(-std::numeric_limits<double>::infinity(), 0.9);
  gaps.series[2].points.pop_back();
  report.sections.push_back(
      {"robustness",
       "How robust is each case?",
       "Of 7 cases, AugMix keeps most predictions (61 %, 95 % interval 52 to 70 %), baseline fewest "
       "(38 %, 29 to 47 %).",
       "Of 7 cases, AugMix keeps most predictions, baseline fewest.",
       17,
       {"Only 17 images were explained; with fewer than 10 nothing is said.",
        "<script>document.title = 'owned'</script> is a file's name."},
       {sample_lines(7), gaps},
       {{"robustness.csv",
         {"case", "severity", "images", "error_rate"},
         {"name of the case", "1 to 5", "counted", "share, 0 to 1"},
         {{"baseline", 1LL, 17LL, 1.0 / 3},
          {"a \"quoted\", case\nof two lines", 5LL, 17LL, kUnknown},
          {"基準", -2LL, 0LL, 1e-300}}}}});
  Chart one = sample_dots(1);
  one.lines.clear();
  report.sections.push_back(
      {"scales",
       "At which scales does each case decide?",
       "Every case rests most on the approximation.",
       "Every case rests most on the approximation.",
       1,
       {},
       {one, sample_dots(4), sample_dots(12)},
       {{"scales.csv", {"level", "share"}, {"name of the level", "of the summed indices"}, {}}}});
  Chart unknown = sample_heat(6, 4);
  unknown.series[2].points[1].y = kUnknown;
  unknown.series[4].points.pop_back();
  Chart wide = sample_heat(14, 30);
  for (ChartSeries& row : wide.series)
    for (ChartPoint& point : row.points) point.y += 0.4;
  ReportTable long_table{"shift.csv", {"row", "value"}, {"number", "of no unit"}, {}};
  for (long long row = 0; row < 250; ++row) long_table.rows.push_back({row, static_cast<double>(row) / 7});
  report.sections.push_back(
      {"what_moves_what",
       "Which corruptions move what, from the coarsest scale to the finest?",
       "Blur moves 12 % (9 to 15 %) of the indices to the approximation; no other corruption moves "
       "more than noise does.",
       "Blur moves the indices to the approximation <b>, no other corruption more than noise does.",
       17,
       {"The noise floor is of designs, not of images."},
       {sample_lines(12), unknown, wide},
       {long_table}});
  Chart empty = sample_lines(1);
  empty.name = "nothing";
  empty.series.clear();
  report.sections.push_back({"nothing",
                             "What if there is nothing?",
                             "Nothing can be said: no image was explained.",
                             "Nothing can be said.",
                             0,
                             {"There is no image."},
                             {empty},
                             {}});
  return report;
}

}  // namespace wcam::test
