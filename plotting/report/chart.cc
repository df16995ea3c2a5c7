#include "plotting/report/chart.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>

#include "plotting/report/chart_layout.h"
#include "plotting/report/chart_parts.h"
#include "plotting/report/heat_chart.h"

namespace wcam {

namespace {

using namespace chart_parts;

constexpr double kNarrowest = 180;
constexpr int kTitleLines = 3;                       // of values, left of them
constexpr double kLeftMargin = 1, kRightMargin = 7;  // half of a tick's number may stand out
constexpr double kBelowPlot = kTickLength + 1 + kLineHeight * kChartTick;
constexpr double kLargestLabelShare = 0.36;                // of the width, for names of categories
constexpr double kTickEvery = 45, kTickEveryUpwards = 24;  // pt, about
constexpr double kRoomOfRow = 5;  // between the last mark of a row and the next row's first
constexpr double kLeastStep = 3.2, kMostStep = 5, kTallPlot = 400;  // between the marks of a row
constexpr double kLowestPlot = 95, kHighestPlot = 165;              // of lines

std::vector<std::string> labels_of(const std::vector<Place>& places) {
  std::vector<std::string> labels;
  for (const Place& place : places) labels.push_back(place.label);
  return labels;
}

std::vector<std::string> tick_texts(const std::vector<double>& values) {
  const int decimals = values.size() > 1 ? decimals_of_step(values[1] - values[0]) : 2;
  std::vector<std::string> texts;
  for (const double value : values) texts.push_back(number_text(value, decimals));
  return texts;
}

// What dots and lines have in common: panels of series on one scale of values.
class SeriesChart {
 public:
  SeriesChart(const Chart& chart, const ChartOptions& options)
      : chart_(chart),
        options_(options),
        scrap_(Format::kPng, 1, 1, 72, ""),
        places_(places_of(chart)),
        labels_(labels_of(places_)),
        runs_(even_runs(chart.series.size(), kMostSeries)),
        span_(value_span(chart)) {}
  virtual ~SeriesChart() = default;

  std::string bytes() {
    layout_ = chart_layout(measured());
    canvas_ =
        std::make_unique<Canvas>(options_.format, layout_.width_pt, layout_.height_pt, 300, chart_.name);
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      draw_legend(*canvas_, layout_.panels[i].legend, legend_of(chart_, runs_[i]), is_joined());
      draw_panel(layout_.panels[i].plot, runs_[i]);
    }
    draw_titles();
    if (options_.on_unreadable)
      for (const auto& [text, packages] : canvas_->unreadable()) options_.on_unreadable(text, packages);
    return canvas_->finish();
  }

 protected:
  virtual ChartRoom measured() = 0;
  virtual void draw_panel(const Rect& plot, const Run& run) = 0;
  virtual void draw_titles() = 0;
  virtual bool is_joined() const = 0;

  ChartRoom room(double left, double plot_height, const std::string& foot) {
    ChartRoom room{options_.width_pt, left, kRightMargin, kBelowPlot, {}, 0};
    for (const Run& run : runs_)
      room.panels.push_back({legend_widths(scrap_, legend_of(chart_, run), is_joined()), plot_height});
    room.bottom = foot_height(scrap_, foot, options_.width_pt - left - kRightMargin);
    return room;
  }
  Canvas& canvas() { return *canvas_; }
  // Where a point's interval goes; an end that is infinite is at the axis's. nullopt: there is none.
  std::optional<Span> interval_of(const ChartPoint& point) const {
    if (!point.interval || std::isnan(point.interval->first) || std::isnan(point.interval->second)) return {};
    return Span{std::clamp(point.interval->first, span_.low, span_.high),
                std::clamp(point.interval->second, span_.low, span_.high)};
  }
  bool has_inner_zero() const { return span_.low < 0 && span_.high > 0; }

  const Chart& chart_;
  const ChartOptions& options_;
  Canvas scrap_;  // text is as wide on any canvas
  const std::vector<Place> places_;
  const std::vector<std::string> labels_;
  const std::vector<Run> runs_;
  const Span span_;
  ChartLayout layout_;

 private:
  std::unique_ptr<Canvas> canvas_;
};

class DotChart : public SeriesChart {
 public:
  using SeriesChart::SeriesChart;

 private:
  bool is_joined() const override { return false; }

  ChartRoom measured() override {
    std::vector<std::string> beside = labels_;
    beside.push_back(chart_.x_title);
    column_ = label_column(scrap_, beside, kLargestLabelShare * options_.width_pt);
    const auto rows = static_cast<double>(std::max<std::size_t>(places_.size(), 1));
    const auto most = static_cast<double>(runs_.front().count);
    step_ = std::clamp((kTallPlot / rows - kRoomOfRow) / std::max(most, 1.0), kLeastStep, kMostStep);
    row_ = std::max({column_.lines * kChartLine + 2, most * step_ + kRoomOfRow, kChartLine + 4});
    ChartRoom measured = room(kLeftMargin + column_.width + kLabelGap, rows * row_, chart_.y_title);
    measured.bottom = std::max(measured.bottom, kChartLine);
    return measured;
  }

  void draw_panel(const Rect& plot, const Run& run) override {
    draw_axis(plot);
    for (const ChartLine& line : chart_.lines)
      if (const double x = at(plot, line.y); std::isfinite(x)) {
        const std::vector<Point> ends{{x, plot.y}, {x, plot.bottom()}};
        canvas().path(ends, kInterval, kInkGrey, dashes_of(chart_, line.name));
      }
    for (std::size_t row = 0; row < places_.size(); ++row) {
      const double middle = plot.y + (static_cast<double>(row) + 0.5) * row_;
      draw_label(canvas(), labels_[row], column_, plot.x - kLabelGap, middle);
      for (std::size_t k = 0; k < run.count; ++k) {
        const ChartPoint* point = point_at(chart_.series[run.first + k], places_[row].x);
        if (point == nullptr) continue;
        const double y = middle + (static_cast<double>(k) - static_cast<double>(run.count - 1) / 2) * step_;
        if (const auto ends = interval_of(*point))
          canvas().rule({at(plot, ends->low), y, at(plot, ends->high), y}, kInterval, series_colour(k));
        draw_mark(canvas(), {at(plot, point->y), y}, k);
      }
    }
  }

  double at(const Rect& plot, double value) const { return plot.x + span_.share(value) * plot.width; }

  void draw_axis(const Rect& plot) {
    const std::vector<double> values =
        ticks(span_.low, span_.high, static_cast<int>(plot.width / kTickEvery));
    const std::vector<std::string> texts = tick_texts(values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double x = at(plot, values[i]);
      canvas().rule({x, plot.y, x, plot.bottom()}, kHairline, kInkPale);
      canvas().rule({x, plot.bottom(), x, plot.bottom() + kTickLength}, kAxis, kInkBlack);
      canvas().text({x - 20, plot.bottom() + kTickLength + 1, 40, kLineHeight * kChartTick}, texts[i],
                    kChartTick);
    }
    for (std::size_t row = 1; row < places_.size(); ++row) {
      const double y = plot.y + static_cast<double>(row) * row_;
      canvas().rule({plot.x, y, plot.right(), y}, kHairline, kInkPale);
    }
    if (has_inner_zero()) canvas().rule({at(plot, 0), plot.y, at(plot, 0), plot.bottom()}, kAxis, kInkGrey);
    canvas().rule({plot.x, plot.bottom(), plot.right(), plot.bottom()}, kAxis, kInkBlack);
  }

  void draw_titles() override {
    draw_foot(canvas(), layout_.foot, chart_.y_title);
    draw_label(canvas(), chart_.x_title, {column_.width, 1}, layout_.foot.x - kLabelGap,
               layout_.foot.y + kChartLine / 2);
  }

  LabelColumn column_;
  double step_ = 0, row_ = 0;
};

class LineChart : public SeriesChart {
 public:
  using SeriesChart::SeriesChart;

 private:
  bool is_joined() const override { return true; }

  ChartRoom measured() override {
    const double guess = std::clamp(0.42 * options_.width_pt, kLowestPlot, kHighestPlot);
    values_ = ticks(span_.low, span_.high, static_cast<int>(guess / kTickEveryUpwards));
    texts_ = tick_texts(values_);
    double numbers = 0;
    for (const std::string& text : texts_) numbers = std::max(numbers, scrap_.width_of(text, kChartTick));
    title_lines_ = chart_.y_title.empty()
                       ? 0
                       : std::min(scrap_.lines_of(chart_.y_title, guess, kChartText), kTitleLines);
    return room(title_lines_ * kChartLine + kLabelGap + numbers + kTickLength + 1, guess, chart_.x_title);
  }

  double at(const Rect& plot, double value) const { return plot.bottom() - span_.share(value) * plot.height; }

  // Of a place, and how far beside it the k-th of n series stands.
  double across(const Rect& plot, double x) const {
    constexpr double kFree = 12;
    const double low = places_.front().x, high = places_.back().x;
    return low == high ? plot.x + plot.width / 2
                       : plot.x + kFree + (x - low) / (high - low) * (plot.width - 2 * kFree);
  }
  double beside(const Rect& plot, std::size_t k, std::size_t n) const {
    double nearest = plot.width;
    for (std::size_t i = 1; i < places_.size(); ++i)
      nearest = std::min(nearest, across(plot, places_[i].x) - across(plot, places_[i - 1].x));
    const double step = std::min(2.6, nearest / (2 * static_cast<double>(n)));
    return (static_cast<double>(k) - static_cast<double>(n - 1) / 2) * step;
  }

  void draw_panel(const Rect& plot, const Run& run) override {
    draw_axes(plot);
    for (const ChartLine& line : chart_.lines)
      if (const double y = at(plot, line.y); std::isfinite(y)) {
        const std::vector<Point> ends{{plot.x, y}, {plot.right(), y}};
        canvas().path(ends, kInterval, kInkGrey, dashes_of(chart_, line.name));
      }
    for (std::size_t k = 0; k < run.count; ++k) draw_series(plot, chart_.series[run.first + k], k, run.count);
  }

  void draw_series(const Rect& plot, const ChartSeries& series, std::size_t k, std::size_t n) {
    std::vector<std::vector<Point>> pieces(1);
    for (const Place& place : places_) {
      const ChartPoint* point = point_at(series, place.x);
      if (point == nullptr) {
        pieces.emplace_back();
        continue;
      }
      const double x = across(plot, place.x) + beside(plot, k, n);
      if (const auto ends = interval_of(*point))
        canvas().rule({x, at(plot, ends->high), x, at(plot, ends->low)}, kInterval, series_colour(k));
      pieces.back().push_back({x, at(plot, point->y)});
    }
    for (const auto& piece : pieces)
      if (piece.size() > 1) canvas().path(piece, kInterval, series_colour(k));
    for (const auto& piece : pieces)
      for (const Point& point : piece) draw_mark(canvas(), point, k);
  }

  void draw_axes(const Rect& plot) {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const double y = at(plot, values_[i]);
      canvas().rule({plot.x, y, plot.right(), y}, kHairline, kInkPale);
      canvas().rule({plot.x - kTickLength, y, plot.x, y}, kAxis, kInkBlack);
      const double right = plot.x - kTickLength - 1;
      canvas().paragraph({0, y - kLineHeight * kChartTick / 2, right, kLineHeight * kChartTick}, texts_[i],
                         kChartTick, 1, Canvas::Align::kRight);
    }
    if (has_inner_zero()) canvas().rule({plot.x, at(plot, 0), plot.right(), at(plot, 0)}, kAxis, kInkGrey);
    canvas().rule({plot.x, plot.y, plot.x, plot.bottom()}, kAxis, kInkBlack);
    canvas().rule({plot.x, plot.bottom(), plot.right(), plot.bottom()}, kAxis, kInkBlack);
    double written = -std::numeric_limits<double>::infinity();  // as far as labels go
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const double x = across(plot, places_[i].x), half = canvas().width_of(labels_[i], kChartTick) / 2;
      canvas().rule({x, plot.bottom(), x, plot.bottom() + kTickLength}, kAxis, kInkBlack);
      if (x - half < written + kLabelGap) continue;
      canvas().text({x - half - 1, plot.bottom() + kTickLength + 1, 2 * half + 2, kLineHeight * kChartTick},
                    labels_[i], kChartTick);
      written = x + half;
    }
  }

  void draw_titles() override {
    draw_foot(canvas(), layout_.foot, chart_.x_title);
    if (chart_.y_title.empty()) return;
    for (const ChartLayout::Panel& panel : layout_.panels)
      canvas().text_upwards(title_lines_ * kChartLine / 2, panel.plot.y + panel.plot.height / 2,
                            panel.plot.height, chart_.y_title, kChartText, title_lines_);
  }

  std::vector<double> values_;
  std::vector<std::string> texts_;
  int title_lines_ = 0;
};

bool is_known(const Chart& chart) {
  return std::any_of(chart.series.begin(), chart.series.end(), [](const ChartSeries& series) {
    return std::any_of(series.points.begin(), series.points.end(),
                       [](const ChartPoint& point) { return std::isfinite(point.y); });
  });
}

std::string draw_nothing_known(const Chart& chart, const ChartOptions& options) {
  constexpr double kHeight = 24;
  Canvas canvas(options.format, options.width_pt, kHeight, 300, chart.name);
  const Rect all{0, 0, options.width_pt, kHeight};
  canvas.fill(all, kInkUnknown);
  canvas.text(all, "no value is known", kChartText, kInkGrey);
  return canvas.finish();
}

}  // namespace

std::string draw(const Chart& chart, const ChartOptions& options) {
  if (options.width_pt < kNarrowest)
    throw std::invalid_argument(fmt::format("a chart of {} pt: {} at least", options.width_pt, kNarrowest));
  if (!is_known(chart)) return draw_nothing_known(chart, options);
  switch (chart.kind) {
    case Chart::Kind::kDots:
      return DotChart(chart, options).bytes();
    case Chart::Kind::kLines:
      return LineChart(chart, options).bytes();
    case Chart::Kind::kHeat:
      return draw_heat_chart(chart, options);
  }
  return {};
}

}  // namespace wcam
