// A figure in the style of papers as plain data, the drawing of it, and the text for its caption. figure4,
// figure5 and the others say what is in one.
//
// What is drawn is what is in the data: cells as they are, one scale of colours a row, from the smallest to
// the largest value of its cells, beside a bar that has it a second time, faint, for cells within two
// standard errors of 0. Text is DejaVu Sans of 6 pt and more at the figure's final size.
#pragma once

#include <set>
#include <string>
#include <variant>
#include <vector>

#include "plotting/figure.h"
#include "plotting/page_layout.h"

namespace wcam {

// How important each place is, drawn over the photograph in grey. [picture.side * picture.side].
struct Overlay {
  Picture picture;
  std::vector<float> values;
};

struct PagePanel {
  std::variant<std::monostate, Absent, Picture, Map, Overlay> content;  // monostate: nothing at all
  std::vector<std::string> caption{};                                   // below it; each may take three lines
  bool marked = false;  // the caption's first text is of a misclassified image
  // Of the map that it is made of; where any, a "?" in its lower right corner, as of such a Map.
  std::set<std::string> doubts{};
};

// A panel whose caption says what was predicted: "93 % tiger cat" (with a no-break space), then "true: lynx"
// where that is known; marked where they differ.
PagePanel predicted_panel(const Explanation& explanation, const std::string& true_class);
// "explains: lynx" where that is not the class predicted, and what it is: "explains: lynx (source)";
// "explains this class" where it might have been another; "mean of 2 replicates" where the map is.
std::vector<std::string> explained_caption(const Explanation& explanation);
// What stands below the source: "the altered image, fog, severity 3"; variant empty: that there is none. And
// why it is missing: "no altered image (not yet explained)"; nullptr: it is not.
std::string altered_words(const std::string& variant, const Absent* missing);

struct PageRow {
  std::string name;                     // left of it
  std::string quantity;                 // what the colours mean; empty: no map is in the row
  ColourMap colours = ColourMap::kInk;  // kDiverging: a scale about 0; else the options' choice goes before
  std::vector<PagePanel> panels;
  bool indices = false;  // its maps hold Sobol indices, which are shares of a variance: none is above 1
};

struct Page {
  std::string name;                 // of the document
  int leading = 0;                  // columns of photographs, 0 or 1, not repeated where columns are in bands
  std::vector<std::string> titles;  // [column]
  std::vector<PageRow> rows;        // of as many panels as there are titles
  std::string about;                // what is shown, in sentences: begins the caption
  std::string design;               // how the values came about, in sentences
};

// The bytes. Throws UsageError when a PNG would be too large.
std::string draw(const Page& page, const DrawOptions& options);

// Where draw() puts what.
PageLayout layout_of(const Page& page, const DrawOptions& options);

// The text for its caption, ready to be pasted, a line: what is shown, how it came about, what colours, marks
// and letters mean, median and largest standard error, what was cut, and whether too few design points show:
// in an index above 1, or a standard error above the largest index.
std::string caption(const Page& page, const DrawOptions& options);

}  // namespace wcam
