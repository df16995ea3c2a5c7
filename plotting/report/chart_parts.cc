#include "plotting/report/chart_parts.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace wcam::chart_parts {

namespace {

// M. Okabe and K. Ito, Color Universal Design, 2008: told apart by people who see no red, no green or no
// blue. Without yellow, which is too pale for lines on white.
constexpr std::array<Rgb, kMostSeries> kColours{
    {{0, 114, 178}, {213, 94, 0}, {0, 158, 115}, {204, 121, 167}, {0, 0, 0}, {230, 159, 0}, {86, 180, 233}}};

// The corners of a regular shape, the first at this angle, clockwise from the right; radii so that all look
// equally large.
struct Shape {
  int corners;
  double first_degrees, radius;
  bool open;  // white inside
};
constexpr int kRound = 24;
constexpr std::array<Shape, kMostSeries> kShapes{{{kRound, 0, 1.9, false},
                                                  {4, 45, 2.3, true},
                                                  {3, -90, 2.5, false},
                                                  {4, 0, 2.5, true},
                                                  {4, 45, 2.3, false},
                                                  {kRound, 0, 1.9, true},
                                                  {3, 90, 2.5, false}}};
constexpr double kMarkEdge = 0.8;

constexpr double kLineSample = 15, kMarkSample = 6, kAfterSample = 3;  // of a legend's entry
// Each once, in order.
std::vector<std::string> line_names(const Chart& chart) {
  std::vector<std::string> names;
  for (const ChartLine& line : chart.lines)
    if (std::find(names.begin(), names.end(), line.name) == names.end()) names.push_back(line.name);
  return names;
}

double sample_width(const LegendEntry& entry, bool joined) {
  return joined || std::holds_alternative<std::vector<double>>(entry.sample) ? kLineSample : kMarkSample;
}

constexpr int kFootLines = 2, kLabelLines = 2;

}  // namespace

Rgb series_colour(std::size_t k) { return kColours.at(k); }

void draw_mark(Canvas& canvas, const Point& centre, std::size_t k) {
  const Shape& shape = kShapes.at(k);
  std::vector<Point> corners;
  for (int i = 0; i < shape.corners; ++i) {
    const double angle = (shape.first_degrees + 360.0 * i / shape.corners) * std::acos(-1.0) / 180;
    corners.push_back({centre.x + shape.radius * std::cos(angle), centre.y + shape.radius * std::sin(angle)});
  }
  canvas.polygon(corners, shape.open ? kInkWhite : series_colour(k), kMarkEdge, series_colour(k));
}

std::vector<double> dashes_of(const Chart& chart, const std::string& line) {
  static const std::vector<std::vector<double>> kDashes{{4, 2}, {1, 1.5}, {5, 1.5, 1, 1.5}, {8, 2}};
  const std::vector<std::string> names = line_names(chart);
  const auto k = static_cast<std::size_t>(std::find(names.begin(), names.end(), line) - names.begin());
  return kDashes[k % kDashes.size()];
}

std::vector<LegendEntry> legend_of(const Chart& chart, const Run& run) {
  std::vector<LegendEntry> entries;
  if (chart.series.size() > 1 || !chart.lines.empty())
    for (std::size_t k = 0; k < run.count; ++k)
      if (const std::string& name = chart.series[run.first + k].name; !name.empty())
        entries.push_back({name, k});
  for (const std::string& name : line_names(chart)) entries.push_back({name, dashes_of(chart, name)});
  return entries;
}

std::vector<double> legend_widths(Canvas& scrap, const std::vector<LegendEntry>& entries, bool joined) {
  std::vector<double> widths;
  for (const LegendEntry& entry : entries)
    widths.push_back(sample_width(entry, joined) + kAfterSample + scrap.width_of(entry.name, kChartText) +
                     0.1);
  return widths;
}

void draw_legend(Canvas& canvas, const std::vector<Rect>& boxes, const std::vector<LegendEntry>& entries,
                 bool joined) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Rect& box = boxes[i];
    const double middle = box.y + box.height / 2, width = sample_width(entries[i], joined);
    const std::vector<Point> sample{{box.x, middle}, {box.x + width, middle}};
    if (const auto* dashes = std::get_if<std::vector<double>>(&entries[i].sample)) {
      canvas.path(sample, kInterval, kInkGrey, *dashes);
    } else {
      const std::size_t k = std::get<std::size_t>(entries[i].sample);
      if (joined) canvas.path(sample, kInterval, series_colour(k));
      draw_mark(canvas, {box.x + width / 2, middle}, k);
    }
    const double left = box.x + width + kAfterSample;
    canvas.text({left, box.y, box.right() - left, box.height}, entries[i].name, kChartText);
  }
}

LabelColumn label_column(Canvas& scrap, const std::vector<std::string>& labels, double most) {
  LabelColumn column;
  for (const std::string& label : labels)
    column.width = std::max(column.width, scrap.width_of(label, kChartText) + 0.1);
  column.width = std::min(column.width, most);
  for (const std::string& label : labels)
    column.lines =
        std::max(column.lines, std::min(scrap.lines_of(label, column.width, kChartText), kLabelLines));
  return column;
}

void draw_label(Canvas& canvas, const std::string& label, const LabelColumn& column, double right,
                double middle) {
  const int lines = std::min(canvas.lines_of(label, column.width, kChartText), column.lines);
  const double height = lines * kChartLine;
  canvas.paragraph({right - column.width, middle - height / 2, column.width, height}, label, kChartText,
                   lines, Canvas::Align::kRight);
}

double foot_height(Canvas& scrap, const std::string& title, double width_pt) {
  if (title.empty()) return 0;
  return std::min(scrap.lines_of(title, width_pt, kChartText), kFootLines) * kChartLine;
}

void draw_foot(Canvas& canvas, const Rect& box, const std::string& title) {
  if (!title.empty()) canvas.paragraph(box, title, kChartText, kFootLines, Canvas::Align::kCentre);
}

}  // namespace wcam::chart_parts
