#include "plotting/report/heat_chart.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "plotting/colour_map.h"
#include "plotting/report/chart_layout.h"
#include "plotting/report/chart_parts.h"

namespace wcam {

namespace {

using namespace chart_parts;

constexpr double kLargestLabelShare = 0.4, kRightMargin = 2;
constexpr double kRow = 12.5, kWidestCell = 52, kAroundNumber = 4;
constexpr double kLongestUpwards = 62;  // of a column's name that is written upwards
constexpr double kBar = 70, kBarHeight = 6, kBesideBar = 3;
constexpr const char* kNothing = "–";

// From the smallest to the largest value; about 0 where they lie on both sides of it.
ColourRange range_of(const Chart& chart) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const ChartSeries& series : chart.series)
    for (const ChartPoint& point : series.points)
      if (std::isfinite(point.y)) {
        low = std::min(low, point.y);
        high = std::max(high, point.y);
      }
  if (!(low <= high)) return {};
  if (low < 0 && high > 0) return {-std::max(-low, high), std::max(-low, high)};
  return {low, high};
}

// Enough to tell a hundredth of the farthest value.
int decimals_for(const ColourRange& range) {
  const double far = std::max(std::abs(range.low), std::abs(range.high));
  return far > 0 ? std::clamp(2 - static_cast<int>(std::ceil(std::log10(far) - 1e-9)), 0, 12) : 0;
}

// Whether black is read better than white on a colour: its relative luminance (WCAG 2.1), sRGB taken as a
// power of 2.2.
bool is_light(const Rgb& colour) {
  const auto linear = [](std::uint8_t channel) { return std::pow(channel / 255.0, 2.2); };
  return 0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) + 0.0722 * linear(colour.blue) > 0.179;
}

class HeatChart {
 public:
  HeatChart(const Chart& chart, const ChartOptions& options)
      : chart_(chart),
        options_(options),
        scrap_(Format::kPng, 1, 1, 72, ""),
        places_(places_of(chart)),
        range_(range_of(chart)),
        colours_(colour_table(range_.low < 0 && range_.high > 0 ? ColourMap::kDiverging : ColourMap::kInk)),
        decimals_(decimals_for(range_)),
        column_(label_column(scrap_, row_names(), kLargestLabelShare * options.width_pt)),
        left_(column_.width + kLabelGap + 1),
        row_(std::max(kRow, column_.lines * kChartLine + 2)) {
    measure_cells();
    measure_names();
  }

  std::string bytes() {
    const ChartLayout layout = chart_layout(room());
    Canvas canvas(options_.format, layout.width_pt, layout.height_pt, 300, chart_.name);
    draw_legend(canvas, layout.panels.front().legend);
    for (std::size_t band = 0; band < bands_.size(); ++band)
      draw_band(canvas, layout.panels[band].plot, bands_[band]);
    // Below the cells, or, where they are narrower than it, from their left.
    const double title = canvas.width_of(chart_.x_title, kChartText) + 0.1;
    const double cells = cell_ * static_cast<double>(bands_.front().count);
    draw_foot(canvas,
              {layout.foot.x, layout.foot.y, std::min(std::max(title, cells), layout.foot.width),
               layout.foot.height},
              chart_.x_title);
    if (options_.on_unreadable)
      for (const auto& [text, packages] : canvas.unreadable()) options_.on_unreadable(text, packages);
    return canvas.finish();
  }

 private:
  std::vector<std::string> row_names() const {
    std::vector<std::string> names;
    for (const ChartSeries& series : chart_.series) names.push_back(series.name);
    return names;
  }

  std::string text_of(double value) const { return number_text(value, decimals_); }

  void measure_cells() {
    double number = scrap_.width_of(kNothing, kChartTick);
    for (const ChartSeries& series : chart_.series)
      for (const ChartPoint& point : series.points)
        if (std::isfinite(point.y)) number = std::max(number, scrap_.width_of(text_of(point.y), kChartTick));
    const double room = options_.width_pt - left_ - kRightMargin, narrowest = number + kAroundNumber;
    const auto most = static_cast<std::size_t>(std::max(std::floor(room / narrowest), 1.0));
    bands_ = even_runs(places_.size(), most);
    cell_ = std::clamp(room / static_cast<double>(std::max<std::size_t>(bands_.front().count, 1)), narrowest,
                       kWidestCell);
  }

  void measure_names() {
    double widest = 0;
    for (const Place& place : places_) widest = std::max(widest, scrap_.width_of(place.label, kChartText));
    upwards_ = widest > cell_ - 2;
    names_ = upwards_ ? std::min(widest + 1, kLongestUpwards) : kChartLine;
  }

  ChartRoom room() {
    ChartRoom room{options_.width_pt, left_, kRightMargin, names_ + 2, {}, 0};
    for (std::size_t band = 0; band < bands_.size(); ++band)
      room.panels.push_back({{}, row_ * static_cast<double>(chart_.series.size())});
    if (has_bar()) room.panels.front().legend = {bar_width()};
    room.panels.front().legend.push_back(scrap_.width_of(chart_.y_title, kChartText) + 0.1);
    room.bottom = foot_height(scrap_, chart_.x_title, options_.width_pt - left_ - kRightMargin);
    return room;
  }

  bool has_bar() const { return range_.low < range_.high; }
  double bar_width() {
    return scrap_.width_of(text_of(range_.low), kChartTick) + kBar + 2 * kBesideBar +
           scrap_.width_of(text_of(range_.high), kChartTick);
  }

  // The bar with numbers at its ends, and what it means.
  void draw_legend(Canvas& canvas, const std::vector<Rect>& boxes) {
    canvas.text(boxes.back(), chart_.y_title, kChartText);
    if (has_bar()) draw_bar(canvas, boxes.front());
  }
  void draw_bar(Canvas& canvas, const Rect& box) {
    const std::string low = text_of(range_.low);
    const double middle = box.y + box.height / 2;
    canvas.text_right_of(box.x, middle, low, kChartTick);
    const Rect bar = canvas.snapped(
        {box.x + canvas.width_of(low, kChartTick) + kBesideBar, middle - kBarHeight / 2, kBar, kBarHeight});
    canvas.pixels(bar, colours_, static_cast<int>(kColours), 1);
    canvas.frame(bar, kHairline, kInkGrey);
    canvas.text_right_of(bar.right() + kBesideBar, middle, text_of(range_.high), kChartTick);
  }

  void draw_band(Canvas& canvas, const Rect& plot, const Run& band) {
    for (std::size_t row = 0; row < chart_.series.size(); ++row) {
      const double top = plot.y + static_cast<double>(row) * row_;
      draw_label(canvas, chart_.series[row].name, column_, plot.x - kLabelGap, top + row_ / 2);
      for (std::size_t i = 0; i < band.count; ++i)
        draw_cell(canvas, {plot.x + static_cast<double>(i) * cell_, top, cell_, row_},
                  point_at(chart_.series[row], places_[band.first + i].x));
    }
    for (std::size_t i = 0; i < band.count; ++i) {
      const std::string& name = places_[band.first + i].label;
      const Rect box{plot.x + static_cast<double>(i) * cell_, plot.bottom() + 1, cell_, names_};
      if (upwards_) {
        const double length = std::min(canvas.width_of(name, kChartText) + 0.1, names_);
        canvas.text_upwards(box.x + box.width / 2, box.y + length / 2, length, name, kChartText);
      } else {
        canvas.text(box, name, kChartText);
      }
    }
  }

  void draw_cell(Canvas& canvas, const Rect& cell, const ChartPoint* point) {
    constexpr double kSeam = 0.3;
    const Rect inner{cell.x + kSeam, cell.y + kSeam, cell.width - 2 * kSeam, cell.height - 2 * kSeam};
    const Rgb colour = point == nullptr ? kInkUnknown : colours_[colour_index(point->y, range_)];
    canvas.fill(inner, colour);
    canvas.text(cell, point == nullptr ? kNothing : text_of(point->y), kChartTick,
                is_light(colour) ? kInkBlack : kInkWhite);
  }

  const Chart& chart_;
  const ChartOptions& options_;
  Canvas scrap_;  // text is as wide on any canvas
  const std::vector<Place> places_;
  const ColourRange range_;
  const ColourTable colours_;
  const int decimals_;
  const LabelColumn column_;
  const double left_, row_;
  double cell_ = 0, names_ = 0;  // width of a cell; height of the columns' names
  bool upwards_ = false;         // are they written so
  std::vector<Run> bands_;
};

}  // namespace

std::string draw_heat_chart(const Chart& chart, const ChartOptions& options) {
  return HeatChart(chart, options).bytes();
}

}  // namespace wcam
