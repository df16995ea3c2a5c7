#include "plotting/report/chart_layout.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace wcam {

namespace {

constexpr double kEdge = 1, kBetweenEntries = 9, kBelowLegend = 3, kBetweenPanels = 6;
constexpr double kBeyond = 0.04;  // of what the values span, left free on both sides
constexpr double kNear = 0.5;     // 0 is shown when no farther away than this share of the span

}  // namespace

std::vector<Run> even_runs(std::size_t count, std::size_t most) {
  std::vector<Run> runs(std::max<std::size_t>((count + most - 1) / most, 1));
  std::size_t first = 0;
  for (std::size_t k = 0; k < runs.size(); ++k) {
    runs[k] = {first, count / runs.size() + (k < count % runs.size() ? 1 : 0)};
    first += runs[k].count;
  }
  return runs;
}

std::vector<Place> places_of(const Chart& chart) {
  std::map<double, std::string> labels;
  for (const ChartSeries& series : chart.series)
    for (const ChartPoint& point : series.points)
      labels.try_emplace(point.x, point.label.empty() ? fmt::format("{:g}", point.x) : point.label);
  std::vector<Place> places;
  for (const auto& [x, label] : labels) places.push_back({x, label});
  return places;
}

const ChartPoint* point_at(const ChartSeries& series, double x) {
  const auto found = std::find_if(series.points.begin(), series.points.end(),
                                  [x](const ChartPoint& point) { return point.x == x; });
  return found == series.points.end() || !std::isfinite(found->y) ? nullptr : &*found;
}

Span value_span(const Chart& chart) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  const auto take = [&](double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  };
  for (const ChartSeries& series : chart.series)
    for (const ChartPoint& point : series.points) {
      take(point.y);
      if (point.interval) take(point.interval->first);
      if (point.interval) take(point.interval->second);
    }
  for (const ChartLine& line : chart.lines) take(line.y);
  if (!(low <= high)) return {0, 1};
  const double near = kNear * (high - low);
  const bool from_zero = low >= 0 && low <= near, to_zero = high <= 0 && -high <= near;
  if (low == high)
    return {low - std::max(std::abs(low) / 10, 0.1), high + std::max(std::abs(high) / 10, 0.1)};
  const double free = kBeyond * (high - low);
  return {from_zero ? 0 - free / 2 : low - free, to_zero ? 0 + free / 2 : high + free};
}

std::string number_text(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", value, decimals);
  if (!text.starts_with('-')) return text;
  if (text.find_first_of("123456789") == std::string::npos) return text.substr(1);
  return "\u2212" + text.substr(1);
}

int decimals_of_step(double step) {
  if (!(step > 0)) return 2;
  return std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 12);
}

ChartLayout chart_layout(const ChartRoom& room) {
  ChartLayout layout;
  layout.width_pt = room.width_pt;
  const double widest = room.width_pt - 2 * kEdge;
  double top = kEdge;
  for (const ChartRoom::Panel& measured : room.panels) {
    ChartLayout::Panel panel;
    double x = kEdge;
    for (const double wanted : measured.legend) {
      const double width = std::min(wanted, widest);
      if (x > kEdge && x + width > kEdge + widest) {
        x = kEdge;
        top += kChartLine + 1;
      }
      panel.legend.push_back({x, top, width, kChartLine});
      x += width + kBetweenEntries;
    }
    if (!panel.legend.empty()) top += kChartLine + kBelowLegend;
    panel.plot = {room.left, top, room.width_pt - room.left - room.right, measured.plot_height};
    top += measured.plot_height + room.below + kBetweenPanels;
    layout.panels.push_back(panel);
  }
  top -= kBetweenPanels;
  layout.foot = {room.left, top, room.width_pt - room.left - room.right, room.bottom};
  layout.height_pt = top + room.bottom + kEdge;
  return layout;
}

}  // namespace wcam
