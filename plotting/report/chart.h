// A chart of a report, drawn as a paper takes it: at its final size, nothing in it that is not in the data.
// Series are told apart by colour and by mark. More than kMostSeries of them stand in several panels on one
// scale.
#pragma once

#include <functional>
#include <string>

#include "analysis/report/report.h"
#include "plotting/canvas.h"

namespace wcam {

struct ChartOptions {
  Format format = Format::kPdf;
  double width_pt = 396;  // 180 at least
  // Told of a text in the chart that is not readable (Canvas::unreadable()).
  std::function<void(const std::string& text, const std::string& packages)> on_unreadable{};
};

// The bytes.
//   kDots: a row a category, the first uppermost, values to the right; x_title stands below their names,
//     y_title below the values.
//   kLines: x to the right, values upwards; a line has a gap where nothing is known. The points of one x
//     stand a little side by side, so that their intervals can be told apart.
//   kHeat: a row a series, a column a place, the number in each cell, "–" where nothing is known. Values on
//     both sides of 0 have a scale about 0. Columns that have no room for their numbers stand in a further
//     band. Has no lines.
// Where no value is known at all, the chart is a strip that says so.
std::string draw(const Chart& chart, const ChartOptions& options);

}  // namespace wcam
