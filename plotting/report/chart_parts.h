// What all kinds of charts are made of: a canvas with its inks, legends, labels and titles.
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "plotting/canvas.h"
#include "plotting/report/chart.h"
#include "plotting/report/chart_layout.h"

namespace wcam::chart_parts {

inline constexpr Rgb kInkBlack{}, kInkGrey{95, 95, 95}, kInkPale{228, 228, 228}, kInkWhite{255, 255, 255},
    kInkUnknown{240, 240, 240};  // where a value would be, and none is known
inline constexpr double kAxis = 0.5, kHairline = 0.4, kInterval = 0.9, kTickLength = 2;
inline constexpr double kLabelGap = 3;  // between a label and its plot

// How the k-th series of a panel looks, k < kMostSeries.
Rgb series_colour(std::size_t k);
void draw_mark(Canvas& canvas, const Point& centre, std::size_t k);

// How a line of a chart is dashed; those of one name alike.
std::vector<double> dashes_of(const Chart& chart, const std::string& line);

// The legend of a panel: of these series, then of the chart's lines, a name once. One series alone, and what
// has no name, needs none.
struct LegendEntry {
  std::string name;
  std::variant<std::size_t, std::vector<double>> sample;  // the panel's k-th series; the dashes of a line
};
std::vector<LegendEntry> legend_of(const Chart& chart, const Run& run);
// joined: a line of the series' colour runs through its mark.
std::vector<double> legend_widths(Canvas& scrap, const std::vector<LegendEntry>& entries, bool joined);
void draw_legend(Canvas& canvas, const std::vector<Rect>& boxes, const std::vector<LegendEntry>& entries,
                 bool joined);

// Labels right-aligned beside a plot: how wide their column is, at most `most`, and how many lines one takes.
struct LabelColumn {
  double width = 0;
  int lines = 1;
};
LabelColumn label_column(Canvas& scrap, const std::vector<std::string>& labels, double most);
void draw_label(Canvas& canvas, const std::string& label, const LabelColumn& column, double right,
                double middle);

// A title below the last panel, centred, of at most two lines; and how high it is.
double foot_height(Canvas& scrap, const std::string& title, double width_pt);
void draw_foot(Canvas& canvas, const Rect& box, const std::string& title);

}  // namespace wcam::chart_parts
