// Where everything goes on a page in the style of papers: panels as large as the text's width allows, in
// bands where they would be too small in one row. Points, origin top left, y downwards; pure arithmetic.
// Sizes are final: the figure is included as it is, not scaled.
#pragma once

#include <string>
#include <vector>

#include "plotting/layout.h"

namespace wcam {

// The widths of figures that conferences ask for, inches.
//   neurips: one column of 5.5. icml: columns of 3.25, 6.75 across both. acl: 3.3 and 6.8.
// columns: how many the figure spans; 0: all of the page. Throws UsageError for an unknown venue and for more
// columns than it has.
double venue_width_pt(const std::string& venue, int columns);

inline constexpr double kPointsPerInch = 72;
// The height of the text on a page: neurips and icml ask for 9 inches, acl for no less.
inline constexpr double kTextHeightPt = 9 * kPointsPerInch;

// Font sizes. Nothing is smaller than the ticks'.
inline constexpr double kPageTitle = 7.5, kPageText = 6.5, kPageTick = 6;
inline constexpr double kSmallestPanel = 43, kLargestPanel = 160;

// How the columns of panels lie in bands, one below the other.
struct PageColumns {
  double width_pt = 0;
  int columns = 1, leading = 0;  // as asked
  bool bars = true;
  int in_band = 1;  // columns of a band that are not leading
  int bands = 1;
  double side = 0;        // of a panel
  double text_width = 0;  // of its title and its caption, which those beside them do not touch
  double left = 0;        // of the first panel
};

// columns >= 1 panels a row, of which the first `leading` (0 or 1) stand in the first band alone and leave
// their room free in the others. As few bands as give panels of kSmallestPanel, filled evenly; at most
// kLargestPanel, then in the middle of the page.
// bars: with room for bars of colours right of the last column.
PageColumns page_columns(double width_pt, int columns, int leading, bool bars);

// In how many of a map's levels, the finest ones, blocks have room for their names in a panel of this side: a
// name of the ticks' size would cover two fifths of a smaller block and more. Those levels and the
// approximation share a name above their corner.
int levels_named_inside(double side, int levels);
inline constexpr double kCornerName = 9;  // room for that, above the panel

struct PageGrid {
  PageColumns columns;
  int title_lines = 0;               // above the panels of a band
  std::vector<int> caption_lines;    // [row] below each panel
  int note_lines = 0;                // below everything
  std::vector<bool> corner_names{};  // [band * rows + row] whether a map has one; empty: none
};

struct PageLayout {
  double width_pt = 0, height_pt = 0;
  int columns = 0, bands = 1;
  std::vector<Rect> panels, captions;  // [row * columns + column]
  std::vector<Rect> titles;            // [column]
  std::vector<Rect> row_names;         // [band * rows + row], left of the panels; read upwards
  std::vector<Rect> bars;              // [band * rows + row], right of the panels
  std::vector<Rect> bar_names;         // [band * rows + row], right of the bar's numbers; read upwards
  Rect notes;
};

PageLayout page_layout(const PageGrid& grid);

}  // namespace wcam
