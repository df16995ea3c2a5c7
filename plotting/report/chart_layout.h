// Where everything of a chart goes, and what its axes span. Points, origin top left, y downwards; pure
// arithmetic.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "analysis/report/report.h"
#include "plotting/layout.h"

namespace wcam {

// More series than this cannot be told apart in one panel.
inline constexpr std::size_t kMostSeries = 7;

// Some of a chart's series, or of its places.
struct Run {
  std::size_t first = 0, count = 0;
  bool operator==(const Run&) const = default;
};
// `count` things in as few runs of at most `most` as there need be, which differ in length by one at most; of
// nothing one empty run.
std::vector<Run> even_runs(std::size_t count, std::size_t most);

// A value of x for which some series has a point, and what it is called.
struct Place {
  double x = 0;
  std::string label;
  bool operator==(const Place&) const = default;
};
// In rising order of x. A place is called as the first series with a point there calls it, or by its number.
std::vector<Place> places_of(const Chart& chart);

// The series' point at a place, if it has one; nullptr where it has none or nothing is known there.
const ChartPoint* point_at(const ChartSeries& series, double x);

struct Span {
  double low = 0, high = 0;
  // How far up a value is, 0 to 1.
  double share(double value) const { return (value - low) / (high - low); }
};
// What the values' axis spans: all points, intervals and lines, a little more on both sides, and 0 where it
// is near. {0, 1} when nothing is known.
Span value_span(const Chart& chart);

// A number at an axis or in a cell, to so many decimals; with a real minus sign, which 0 has not.
std::string number_text(double value, int decimals);
// As many decimals as tell ticks of this step apart.
int decimals_of_step(double step);

// Sizes of a chart. Fonts are final: nothing is below 6 pt.
inline constexpr double kChartText = 6.5, kChartTick = 6;
inline constexpr double kChartLine = kLineHeight * kChartText;  // height of a line

// The parts of a chart as they were measured.
struct ChartRoom {
  double width_pt = 0;
  double left = 0, right = 0, below = 0;  // of a panel's plot: room for titles and labels
  struct Panel {
    std::vector<double> legend;  // widths of its entries
    double plot_height = 0;
  };
  std::vector<Panel> panels;  // from the top
  double bottom = 0;          // below the last panel: the title of the lower axis
};

struct ChartLayout {
  double width_pt = 0, height_pt = 0;
  struct Panel {
    std::vector<Rect> legend;
    Rect plot;
  };
  std::vector<Panel> panels;
  Rect foot;  // for the title of the lower axis
};

// Entries of a legend stand one after another in lines above their plot; one that is wider than the chart is
// cut to it.
ChartLayout chart_layout(const ChartRoom& room);

}  // namespace wcam
