// A figure as plain data, and the drawing of it. figure4, figure5 and figure_wcam say what is in one.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "plotting/canvas.h"
#include "plotting/colour_map.h"
#include "plotting/layout.h"
#include "plotting/map_pixels.h"

namespace wcam {

// As a paper takes it (page.h), or as in the published figures.
enum class Style { kPaper, kPublished };

struct DrawOptions {
  Style style = Style::kPaper;
  std::optional<ColourMap> colour_map{};  // nullopt: ink; published: jet
  std::optional<RangeScope> range{};      // nullopt: row; published: panel. On paper there is no kPanel
  Format format = Format::kPdf;
  std::optional<double> dpi{};  // of a PNG; nullopt: 300; published: 100

  // Of paper alone.
  Interpolation interpolation = Interpolation::kNearest;
  double width_pt = 396;   // of the page
  double cut_percent = 1;  // of a scale's cells, the largest, that are drawn in its last colour

  // Told of a text in the figure that is not readable, once it is drawn (Canvas::unreadable()).
  std::function<void(const std::string& text, const std::string& packages)> on_unreadable{};
};

// A photograph: RGB, rows first, [side * side * 3].
struct Picture {
  int side = 0;
  std::vector<std::uint8_t> rgb;
};

// Indices of the cells, [grid * grid], to be drawn over a transform of this many levels of an image of this
// side.
struct Map {
  int grid = 0, levels = 0, side = 0;
  std::vector<float> cells;
  // Why its indices may mean nothing, the marks of wcam_doubts(); where any, a "?" in its lower right corner.
  std::set<std::string> doubts{};
  // [grid * grid], or empty: not known. On paper cells within two of them of 0 are set back.
  std::vector<float> standard_errors{};
};

// A WCAM and what is known of the class it explains.
struct Explanation {
  std::string explained;  // the class
  Map map;
  std::string predicted{};              // the class predicted; empty: the one explained, as far as is known
  std::optional<double> probability{};  // of the class predicted
  bool misclassified = false;           // the class predicted is known not to be the true one
  std::string labels{};        // what the class explained is: "source, true"; empty: goes without saying
  std::size_t replicates = 1;  // whose mean the map is
};

// What is said where a panel cannot be shown.
struct Absent {
  std::string words;
};

template <typename T>
using OrAbsent = std::variant<Absent, T>;

struct Panel {
  std::vector<std::string> title;  // from the top; empty lines keep their room
  std::variant<Absent, Picture, Map> content;
};

struct Figure {
  GridStyle style;
  std::string name;           // of the document
  std::string heading;        // drawn when style.heading_pt > 0
  std::string note;           // drawn when style.note_pt > 0
  std::string quantity;       // what the colours mean: "total-order Sobol index"
  std::vector<Panel> panels;  // row-major, rows of style.columns
};

// Adds a note on what "?" means, where a map has one.
void note_doubts(Figure& figure);

// The bytes of a figure in the published style. The lines of one row's titles share one font size a line. A
// shared range gets a colour bar. Throws UsageError when a PNG would be too large.
std::string draw(Figure figure, const DrawOptions& options);

}  // namespace wcam
