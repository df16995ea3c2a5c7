#include "plotting/report/chart.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "plotting/report/chart_layout.h"
#include "plotting/report/chart_parts.h"
#include "plotting/report/report_page.h"
#include "tests/plotting/report/sample_report.h"
#include "tests/plotting/sample_figures.h"

namespace wcam {
namespace {

constexpr double kScale = 300.0 / 72;  // pixels a point

test::PngPixels drawn(const Chart& chart, double width_pt = 396) {
  return test::decode_png(draw(chart, {Format::kPng, width_pt}));
}

// The middle of all pixels of a colour, and how many they are.
struct Blot {
  double x = 0, y = 0;
  int pixels = 0;
};
Blot blot_of(const test::PngPixels& png, const Rgb& colour, int from_y = 0) {
  Blot blot;
  for (int y = from_y; y < png.height; ++y)
    for (int x = 0; x < png.width; ++x)
      if (png.at(x, y) == colour) {
        blot.x += x + 0.5;
        blot.y += y + 0.5;
        ++blot.pixels;
      }
  if (blot.pixels > 0) blot.x /= blot.pixels, blot.y /= blot.pixels;
  return blot;
}

Chart lone(Chart::Kind kind, std::vector<ChartPoint> points) {
  Chart chart;
  chart.kind = kind;
  chart.series.push_back({"only", std::move(points)});
  return chart;
}

// Values at known places of the axis: where a mark is, the axis says what the value is.
TEST(DotChart, AMarkIsWhereItsValueIs) {
  std::vector<double> at;
  for (const double value : {-1.0, 0.25, 1.0}) {
    Chart chart = lone(Chart::Kind::kDots, {{"a", 1, value, {}}});
    chart.lines = {{"low", -1}, {"high", 1}};  // hold the axis
    const Blot blot = blot_of(drawn(chart), chart_parts::series_colour(0), static_cast<int>(12 * kScale));
    EXPECT_GT(blot.pixels, 80);
    at.push_back(blot.x);
  }
  EXPECT_NEAR((at[1] - at[0]) / (at[2] - at[0]), 0.625, 0.003);
}

TEST(DotChart, AnIntervalReachesFromEndToEnd) {
  Chart chart = lone(Chart::Kind::kDots, {{"a", 1, 0.5, std::pair(0.1, 0.8)}});
  chart.lines = {{"low", 0}, {"high", 1}};
  const auto columns = [&] {
    const test::PngPixels png = drawn(chart);
    int first = png.width, last = 0;
    for (int y = static_cast<int>(14 * kScale); y < png.height; ++y)
      for (int x = 0; x < png.width; ++x)
        if (png.at(x, y) == chart_parts::series_colour(0)) {
          first = std::min(first, x);
          last = std::max(last, x);
        }
    return std::pair(first, last);
  };
  const auto [left, right] = columns();
  const auto middle = [&](double y) {
    chart.series[0].points[0] = {"a", 1, y, {}};
    const auto [first, last] = columns();
    return (first + last) / 2.0;
  };
  EXPECT_NEAR(left, middle(0.1), 2);
  EXPECT_NEAR(right, middle(0.8), 2);
}

TEST(DotChart, CategoriesGoDownInOrder) {
  const test::PngPixels png = drawn(lone(Chart::Kind::kDots, {{"b", 2, 1, {}}, {"a", 1, 0, {}}}));
  // The mark of "b" is at the right, in the lower half.
  double lower = 0, upper = 0;
  for (int y = 0; y < png.height; ++y)
    for (int x = 0; x < png.width; ++x)
      if (png.at(x, y) == chart_parts::series_colour(0)) (x > png.width / 2 ? lower : upper) = y;
  EXPECT_GT(lower, upper + 5 * kScale);
}

TEST(LineChart, AMarkIsWhereItsValueIs) {
  std::vector<double> at;
  for (const double value : {-1.0, 0.25, 1.0}) {
    Chart chart = lone(Chart::Kind::kLines, {{"1", 1, value, {}}});
    chart.lines = {{"low", -1}, {"high", 1}};
    at.push_back(blot_of(drawn(chart), chart_parts::series_colour(0), static_cast<int>(12 * kScale)).y);
  }
  EXPECT_NEAR((at[1] - at[0]) / (at[2] - at[0]), 0.625, 0.005);
}

// The first and the last row, below the legend, with the colour of the first series.
std::pair<int, int> rows_of_series(const test::PngPixels& png) {
  int first = 0, last = 0;
  for (int y = static_cast<int>(14 * kScale); y < png.height; ++y)
    if (std::find(png.rows.begin() + std::ptrdiff_t{y} * png.width,
                  png.rows.begin() + std::ptrdiff_t{y + 1} * png.width,
                  chart_parts::series_colour(0)) != png.rows.begin() + std::ptrdiff_t{y + 1} * png.width) {
      if (first == 0) first = y;
      last = y;
    }
  return {first, last};
}

TEST(LineChart, AnIntervalReachesFromEndToEnd) {
  Chart chart = lone(Chart::Kind::kLines, {{"1", 1, 0.5, {}}});
  chart.lines = {{"low", 0}, {"high", 1}};  // hold the axis
  const auto rows = [&](double y, std::optional<std::pair<double, double>> interval) {
    chart.series[0].points[0].y = y;
    chart.series[0].points[0].interval = interval;
    return rows_of_series(drawn(chart));
  };
  const auto middle = [&](double y) {
    const auto [first, last] = rows(y, {});
    return (first + last) / 2.0;
  };
  const auto [top, bottom] = rows(0.5, std::pair(0.1, 0.8));
  EXPECT_NEAR(top, middle(0.8), 2);
  EXPECT_NEAR(bottom, middle(0.1), 2);
  // What is not known is not drawn; an end that is infinite is at the axis's.
  EXPECT_EQ(rows(0.5, std::pair(test::kUnknown, 0.8)), rows(0.5, {}));
  EXPECT_GT(rows(0.5, std::pair(-std::numeric_limits<double>::infinity(), 0.8)).second, middle(0) + 4);
}

TEST(LineChart, ALineHasAGapWhereNothingIsKnown) {
  const auto pixels = [](double middle) {
    return blot_of(drawn(lone(Chart::Kind::kLines, {{"1", 1, 0, {}}, {"2", 2, middle, {}}, {"3", 3, 1, {}}})),
                   chart_parts::series_colour(0))
        .pixels;
  };
  EXPECT_GT(pixels(0.5), 1500);
  EXPECT_LT(pixels(test::kUnknown), 600);  // two marks
}

TEST(HeatChart, ACellHasTheColourOfItsValueAndGreyWhereNothingIsKnown) {
  Chart chart;
  chart.kind = Chart::Kind::kHeat;
  chart.series = {{"row", {{"a", 1, 0, {}}, {"b", 2, 1, {}}, {"c", 3, test::kUnknown, {}}}}};
  const test::PngPixels png = drawn(chart);
  const ColourTable ink = colour_table(ColourMap::kInk);
  const int cell = static_cast<int>(40 * 12 * kScale * kScale);
  for (const Rgb& colour : {ink.front(), ink.back(), Rgb{240, 240, 240}})
    EXPECT_GT(blot_of(png, colour).pixels, cell / 2);
  EXPECT_LT(blot_of(png, ink.front()).x, blot_of(png, ink.back()).x);
  chart.series[0].points[0].y = -1;  // about 0 then
  EXPECT_GT(blot_of(drawn(chart), colour_table(ColourMap::kDiverging).front()).pixels, cell / 2);
}

TEST(HeatChart, ColumnsWithoutRoomForNumbersStandInBands) {
  const auto wide = drawn(test::sample_heat(5, 30), 396), narrow = drawn(test::sample_heat(5, 30), 200);
  EXPECT_GT(narrow.height, 2 * wide.height);
  EXPECT_EQ(narrow.width, std::lround(200 * kScale));
}

TEST(ChartMarks, DifferInShapeNotInColourAlone) {
  std::set<std::vector<bool>> shapes;
  for (std::size_t k = 0; k < kMostSeries; ++k) {
    Canvas canvas(Format::kPng, 8, 8, 300, "");
    chart_parts::draw_mark(canvas, {4, 4}, k);
    std::vector<bool> dark;
    for (const Rgb& pixel : test::decode_png(canvas.finish()).rows)
      dark.push_back(pixel != Rgb{255, 255, 255});
    shapes.insert(dark);
    if (k == 0) continue;
    EXPECT_NE(chart_parts::series_colour(k), chart_parts::series_colour(k - 1));
  }
  // An open and a filled square have one outline.
  EXPECT_GE(shapes.size(), kMostSeries - 2);
}

TEST(Charts, OfTwelveSeriesAreTwoPanelsOnOneScale) {
  const int one = drawn(test::sample_lines(6)).height, two = drawn(test::sample_lines(12)).height;
  EXPECT_GT(two, 1.7 * one);
  EXPECT_LT(two, 2.2 * one);
}

TEST(Charts, AreDrawnAtEveryWidthWhateverIsMissing) {
  for (const Section& section : test::sample_report().sections)
    for (const Chart& chart : section.charts)
      for (const double width : {180.0, 234.0, 490.0})
        EXPECT_EQ(drawn(chart, width).width, std::lround(width * kScale));
  for (const Chart::Kind kind : {Chart::Kind::kDots, Chart::Kind::kLines, Chart::Kind::kHeat}) {
    Chart empty;
    empty.kind = kind;
    EXPECT_GT(drawn(empty).height, 10);
    EXPECT_GT(drawn(lone(kind, {{"a", 1, test::kUnknown, {}}})).height, 10);
  }
  EXPECT_THROW(drawn(Chart{}, 100), std::invalid_argument);
}

TEST(Charts, LinesOfOneNameAreOneEntryOfTheLegend) {
  Chart chart = test::sample_lines(2);
  chart.lines = {{"margin", -1}, {"floor", 0}, {"margin", 1}};
  std::vector<std::string> names;
  for (const auto& entry : chart_parts::legend_of(chart, {0, 2})) names.push_back(entry.name);
  EXPECT_EQ(names, (std::vector<std::string>{"baseline", "Stylized ImageNet", "margin", "floor"}));
  EXPECT_NE(chart_parts::dashes_of(chart, "margin"), chart_parts::dashes_of(chart, "floor"));
}

TEST(Charts, HaveTheSameBytesEachTime) {
  for (const Format format : {Format::kPdf, Format::kSvg})
    EXPECT_EQ(draw(test::sample_dots(4), {format, 396}), draw(test::sample_dots(4), {format, 396}));
}

// Cairo's SVG begins differently from 1.18 on.
TEST(Charts, ArePartsOfAPageWithThisCairo) {
  const Report report = test::sample_report();
  const std::string page = report_page(report, {});
  std::size_t charts = 0, drawings = 0;
  for (const Section& section : report.sections) charts += section.charts.size();
  for (std::size_t at = page.find("<svg "); at != std::string::npos; at = page.find("<svg ", at + 1))
    ++drawings;
  EXPECT_EQ(drawings, 2 * charts);
  EXPECT_EQ(page.find("<?xml"), std::string::npos);
  EXPECT_NE(page.find("viewBox=\"0 0 468 "), std::string::npos);
}

}  // namespace
}  // namespace wcam
