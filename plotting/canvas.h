// The only place that calls Cairo and Pango; every status is checked here.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "plotting/colour_map.h"
#include "plotting/layout.h"

namespace wcam {

enum class Format { kPdf, kPng, kSvg };

// The format with this name. Throws UsageError listing the known names.
Format parse_format(const std::string& name);
// The ending of a format's files: "pdf", "png", "svg".
std::string to_string(Format format);

// One page. Units: points, origin top left, y downwards, in all formats; a PNG has dpi/72 pixels a point. The
// same calls give the same bytes, in this process and in another: no time, no counter, no address gets into a
// file. Text is DejaVu Sans, embedded in PDF (subset) and drawn as outlines in SVG. Not thread-safe.
class Canvas {
 public:
  // title: what a PDF reader shows. dpi: of a PNG; ignored otherwise. Throws UsageError when a PNG would have
  // more than 32,767 pixels a side (Cairo's bound), InputError where no font is installed.
  Canvas(Format format, double width_pt, double height_pt, double dpi, const std::string& title);
  ~Canvas();
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;

  // The rectangle moved onto the pixels of a PNG, where edges would be blurred otherwise; as it is in other
  // formats.
  Rect snapped(const Rect& area) const;

  void fill(const Rect& area, const Rgb& colour);
  // Draws the outline of the area, centred on its edge.
  void frame(const Rect& area, double width_pt, const Rgb& colour);
  // Draws a horizontal or vertical line with flat ends. In a PNG its sides are on pixel borders, at least one
  // pixel apart.
  void rule(const Segment& line, double width_pt, const Rgb& colour);

  // Draws lines from point to point, dashed where lengths on and off are given.
  void path(std::span<const Point> points, double width_pt, const Rgb& colour,
            std::span<const double> dashes = {});
  // Fills a polygon and draws its edge.
  void polygon(std::span<const Point> corners, const Rgb& colour, double edge_pt, const Rgb& edge);

  // Draws a square image, row-major, over the whole area. A photograph may be smoothed when it is enlarged; a
  // map's pixels stay what they are. Lossless.
  void photograph(const Rect& area, std::span<const std::uint8_t> rgb, int side);
  void pixels(const Rect& area, std::span<const Rgb> colours, int width, int height);

  // The largest font size up to size_pt, but not below kSmallestShare of it, at which the line fits into
  // width_pt.
  double fitted_size(const std::string& line, double width_pt, double size_pt);
  // Draws one line of text, centred in the box, cut with an ellipsis in its middle if too wide. Invalid UTF-8
  // is replaced.
  void text(const Rect& box, const std::string& line, double size_pt, const Rgb& colour = {});
  // Draws a line of text, left-aligned at x, centred about y.
  void text_right_of(double x, double y, const std::string& line, double size_pt);
  // Draws a text centred about (x, y), reading upwards; at most length_pt long, wrapped into at most `lines`.
  void text_upwards(double x, double y, double length_pt, const std::string& line, double size_pt,
                    int lines = 1);
  static constexpr double kSmallestShare = 0.6;

  // Of one line.
  double width_of(const std::string& line, double size_pt);
  // How many lines a text takes when it is wrapped to width_pt, at least 1.
  int lines_of(const std::string& text, double width_pt, double size_pt);
  // Draws a text wrapped to the box, from its top, its last line cut with an ellipsis where it takes more
  // than `lines`. Centred, from the left (text that runs from right to left: from the right), or as far
  // right as the box goes.
  enum class Align { kCentre, kStart, kRight };
  void paragraph(const Rect& box, const std::string& text, double size_pt, int lines, Align align,
                 const Rgb& colour = {});
  // Draws a line of text with its upper left corner at (x, y) that can be read over any colours: dark in a
  // white outline.
  void text_over(double x, double y, const std::string& line, double size_pt);

  // Lines of text of which no installed font has all characters, which are drawn as boxes, and the Debian
  // packages with fonts that have them.
  const std::map<std::string, std::string>& unreadable() const;

  // The file's bytes. The last call on a canvas.
  std::string finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wcam
