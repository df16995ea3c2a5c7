#include "plotting/layout.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "common/base/error.h"
#include "common/command_line/drawing_options.h"
#include "common/command_line/suggestion.h"

namespace wcam {

namespace {

constexpr double kMargin = 4;          // above and below everything
constexpr double kBetweenRows = 4;     // from a panel to the title of the one below
constexpr double kTitleToPanel = 3.5;  // as published: titles sit on their panels
constexpr double kBelowHeading = 14;   // so that the heading is not read as one of the titles
constexpr double kAboveNote = 4;
constexpr double kBetweenTexts = 8;                            // titles of neighbours come no closer
constexpr double kBarGap = 14, kBarWidth = 12, kBarRoom = 66;  // bar, its numbers and its name

double height_of(const std::vector<double>& sizes) {
  return kLineHeight * std::accumulate(sizes.begin(), sizes.end(), 0.0) + kTitleToPanel;
}

double heading_height(const GridStyle& style) {
  return style.heading_pt > 0 ? kLineHeight * style.heading_pt + kBelowHeading : 0;
}

double panel_side(const GridStyle& style) {
  const auto rows = static_cast<double>(style.title_pt.size());
  double left = style.height_pt - 2 * kMargin - heading_height(style) - (rows - 1) * kBetweenRows;
  for (const auto& sizes : style.title_pt) left -= height_of(sizes);
  const double side = left / rows;
  if (!(side > 0) || side > style.column_width_pt)
    throw std::invalid_argument("layout: panels of " + std::to_string(side) + " pt in columns of " +
                                std::to_string(style.column_width_pt) + " pt");
  return side;
}

TitledPanel cell_at(const GridStyle& style, int column, double top, const std::vector<double>& sizes,
                    double side) {
  TitledPanel cell;
  const double left = column * style.column_width_pt;
  double y = top;
  for (const double size : sizes) {
    cell.title.push_back(
        {{left + kBetweenTexts / 2, y, style.column_width_pt - kBetweenTexts, kLineHeight * size}, size});
    y += kLineHeight * size;
  }
  cell.panel = {left + (style.column_width_pt - side) / 2, y + kTitleToPanel, side, side};
  return cell;
}

}  // namespace

RangeScope parse_range_scope(const std::string& name) {
  if (name == "panel") return RangeScope::kPanel;
  if (name == "row") return RangeScope::kRow;
  if (name == "figure") return RangeScope::kFigure;
  throw UsageError("unknown range '" + name + "'" + but_known(name, kRanges));
}

Layout layout(const GridStyle& style) {
  if (style.columns < 1 || style.title_pt.empty())
    throw std::invalid_argument("layout: " + std::to_string(style.columns) + " columns, " +
                                std::to_string(style.title_pt.size()) + " rows");
  Layout result;
  result.columns = style.columns;
  const double grid_width = style.columns * style.column_width_pt;
  result.width_pt = grid_width + (style.colour_bars ? kBarRoom : 0);
  result.height_pt = style.height_pt;
  if (style.heading_pt > 0)
    result.heading = {{kMargin, kMargin, grid_width - 2 * kMargin, kLineHeight * style.heading_pt},
                      style.heading_pt};
  if (style.note_pt > 0) {
    result.note = {{kMargin, style.height_pt - kMargin + kAboveNote, grid_width - 2 * kMargin,
                    kLineHeight * style.note_pt},
                   style.note_pt};
    result.height_pt = result.note.box.bottom() + kMargin;
  }
  const double side = panel_side(style);
  double top = kMargin + heading_height(style);
  for (const auto& sizes : style.title_pt) {
    for (int column = 0; column < style.columns; ++column)
      result.cells.push_back(cell_at(style, column, top, sizes, side));
    top += height_of(sizes) + side + kBetweenRows;
  }
  return result;
}

const TitledPanel& Layout::at(int row, int column) const {
  return cells.at(static_cast<std::size_t>(row * columns + column));
}

Rect Layout::colour_bar(int first_row, int last_row) const {
  const Rect &first = at(first_row, columns - 1).panel, &last = at(last_row, columns - 1).panel;
  return {first.right() + kBarGap, first.y, kBarWidth, last.bottom() - first.y};
}

std::vector<Segment> subband_lines(const Rect& panel, int levels) {
  std::vector<Segment> lines;
  double width = panel.width, height = panel.height;
  for (int level = 1; level <= levels; ++level) {
    lines.push_back({panel.x, panel.y + height / 2, panel.x + width, panel.y + height / 2});
    lines.push_back({panel.x + width / 2, panel.y, panel.x + width / 2, panel.y + height});
    width /= 2;
    height /= 2;
  }
  return lines;
}

std::vector<double> ticks(double low, double high, int wanted) {
  if (!(low < high)) return {low};
  const double raw = (high - low) / std::max(wanted, 1);
  const double decade = std::pow(10, std::floor(std::log10(raw)));
  const double step = decade * (raw / decade <= 1.5   ? 1
                                : raw / decade <= 3.5 ? 2
                                : raw / decade <= 7.5 ? 5
                                                      : 10);
  std::vector<double> marks;
  // In multiples of the step, so that 0 is 0 and not 1e-17.
  for (double k = std::ceil(low / step); k * step <= high; ++k) marks.push_back(k * step + 0.0);
  return marks;
}

}  // namespace wcam
