// Where everything in a figure goes. Points (1/72 inch), origin top left, y downwards. Pure arithmetic: tests
// compare numbers, not pixels.
#pragma once

#include <string>
#include <vector>

namespace wcam {

struct Point {
  double x = 0, y = 0;
};

struct Rect {
  double x = 0, y = 0, width = 0, height = 0;
  double right() const { return x + width; }
  double bottom() const { return y + height; }
  bool operator==(const Rect&) const = default;
};

// Room for one line of text, centred in it.
struct TextLine {
  Rect box;
  double size_pt = 0;  // of the font; text too wide for the box is drawn smaller
};

// Whose maps share one colour range: every panel has its own (as published), all of a row, all of the figure.
enum class RangeScope { kPanel, kRow, kFigure };

// The scope with this name. Throws UsageError listing the known names.
RangeScope parse_range_scope(const std::string& name);

// A grid of square panels, each below lines of title.
struct GridStyle {
  int columns = 1;                            // >= 1
  double column_width_pt = 288;               // the published 4 inches
  double height_pt = 576;                     // the published 8 inches, heading included
  double heading_pt = 0;                      // font size of the figure's title; 0: there is none
  double note_pt = 0;                         // of a line below, which adds to the height; 0: there is none
  std::vector<std::vector<double>> title_pt;  // [row][line, from the top]: font size
  bool colour_bars = false;                   // room for them right of the last column
};

struct TitledPanel {
  Rect panel;
  std::vector<TextLine> title;
};

struct Layout {
  double width_pt = 0, height_pt = 0;
  TextLine heading, note;          // size 0 when there is none
  std::vector<TitledPanel> cells;  // row-major
  int columns = 0;

  const TitledPanel& at(int row, int column) const;
  // The colour bar beside rows first..last.
  Rect colour_bar(int first_row, int last_row) const;
};

// All panels are of one size: the largest that the height leaves. Throws std::invalid_argument when that is
// nothing, or the columns are too narrow for it.
Layout layout(const GridStyle& style);

// A line of text takes this many times its font size: ascent 0.928 and descent 0.236 of DejaVu Sans.
inline constexpr double kLineHeight = 1.164;

// Lines between the subbands of a map drawn in the panel, coarsest last: for k = 1..levels a horizontal one
// from the left edge and a vertical one from the top edge, at side/2^k, of length side/2^(k-1): they stop at
// the block they split. The edges of blocks are edges of pixels whenever 2^levels divides the image's side.
struct Segment {
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  bool operator==(const Segment&) const = default;
};
std::vector<Segment> subband_lines(const Rect& panel, int levels);

// Round numbers within [low, high], about `wanted` of them, in steps of 1, 2 or 5 times a power of ten. Just
// {low} when low >= high.
std::vector<double> ticks(double low, double high, int wanted);

}  // namespace wcam
