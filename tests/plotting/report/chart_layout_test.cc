#include "plotting/report/chart_layout.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/plotting/report/sample_report.h"

namespace wcam {
namespace {

using Runs = std::vector<Run>;

TEST(ChartRuns, AreFewAndEven) {
  EXPECT_EQ(even_runs(7, 7), (Runs{{0, 7}}));
  EXPECT_EQ(even_runs(8, 7), (Runs{{0, 4}, {4, 4}}));
  EXPECT_EQ(even_runs(12, 7), (Runs{{0, 6}, {6, 6}}));
  EXPECT_EQ(even_runs(15, 7), (Runs{{0, 5}, {5, 5}, {10, 5}}));
  EXPECT_EQ(even_runs(16, 7), (Runs{{0, 6}, {6, 5}, {11, 5}}));
  EXPECT_EQ(even_runs(0, 7), (Runs{{0, 0}}));
}

Chart chart_of(const std::vector<std::vector<ChartPoint>>& series) {
  Chart chart;
  for (const auto& points : series) chart.series.push_back({"", points});
  return chart;
}

TEST(ChartPlaces, AreThoseOfAllSeriesInOrder) {
  const Chart chart =
      chart_of({{{"c", 3, 1, {}}, {"a", 1, 1, {}}}, {{"b", 2, 1, {}}, {"other", 3, 1, {}}, {"", 16, 1, {}}}});
  EXPECT_EQ(places_of(chart), (std::vector<Place>{{1, "a"}, {2, "b"}, {3, "c"}, {16, "16"}}));
}

TEST(ChartPlaces, APointWhoseValueIsNotKnownIsNone) {
  const ChartSeries series{"", {{"", 1, test::kUnknown, {}}, {"", 2, 0.5, {}}}};
  EXPECT_EQ(point_at(series, 1), nullptr);
  EXPECT_EQ(point_at(series, 2), &series.points[1]);
  EXPECT_EQ(point_at(series, 3), nullptr);
}

void expect_span(const Chart& chart, double low, double high) {
  const Span span = value_span(chart);
  EXPECT_NEAR(span.low, low, 1e-12);
  EXPECT_NEAR(span.high, high, 1e-12);
}

TEST(ChartSpan, HoldsPointsIntervalsAndLinesWithSomeRoom) {
  Chart chart = chart_of({{{"", 1, 10, std::pair(9.0, 12.0)}, {"", 2, 11, {}}}});
  expect_span(chart, 9 - 0.12, 12 + 0.12);
  chart.lines.push_back({"floor", 13});
  expect_span(chart, 9 - 0.16, 13 + 0.16);
}

TEST(ChartSpan, ReachesToZeroWhereThatIsNear) {
  expect_span(chart_of({{{"", 1, 0.3, {}}, {"", 2, 1.3, {}}}}), -0.02, 1.34);
  expect_span(chart_of({{{"", 1, -0.3, {}}, {"", 2, -1.3, {}}}}), -1.34, 0.02);
  expect_span(chart_of({{{"", 1, 0.6, {}}, {"", 2, 1.6, {}}}}), 0.56, 1.64);
  expect_span(chart_of({{{"", 1, -0.5, {}}, {"", 2, 0.5, {}}}}), -0.54, 0.54);
}

TEST(ChartSpan, IsThereWhateverIsKnown) {
  const double infinity = std::numeric_limits<double>::infinity();
  expect_span(Chart{}, 0, 1);
  expect_span(chart_of({{{"", 1, test::kUnknown, {}}}}), 0, 1);
  expect_span(chart_of({{{"", 1, 5, {}}}}), 4.5, 5.5);
  expect_span(chart_of({{{"", 1, 0, {}}}}), -0.1, 0.1);
  expect_span(chart_of({{{"", 1, 10, std::pair(-infinity, 11.0)}}}), 9.96, 11.04);
}

TEST(ChartNumbers, HaveARealMinusAndNoNegativeZero) {
  EXPECT_EQ(number_text(-0.25, 2), "\u22120.25");
  EXPECT_EQ(number_text(-0.001, 2), "0.00");
  EXPECT_EQ(number_text(0.125, 1), "0.1");
  EXPECT_EQ(number_text(40, 0), "40");
}

TEST(ChartNumbers, TicksHaveAsManyDecimalsAsTheirStep) {
  EXPECT_EQ(decimals_of_step(0.05), 2);
  EXPECT_EQ(decimals_of_step(0.1), 1);
  EXPECT_EQ(decimals_of_step(0.2), 1);
  EXPECT_EQ(decimals_of_step(1), 0);
  EXPECT_EQ(decimals_of_step(50), 0);
  EXPECT_EQ(decimals_of_step(2e-5), 5);
}

TEST(ChartLayoutParts, PanelsStandBelowTheirLegends) {
  const ChartRoom room{200, 40, 10, 12, {{{50, 50}, 80}, {{}, 60}}, 8};
  const ChartLayout layout = chart_layout(room);
  ASSERT_EQ(layout.panels.size(), 2U);
  const Rect first = layout.panels[0].plot, second = layout.panels[1].plot;
  EXPECT_DOUBLE_EQ(first.x, 40);
  EXPECT_DOUBLE_EQ(first.right(), 190);
  EXPECT_DOUBLE_EQ(first.height, 80);
  EXPECT_DOUBLE_EQ(second.height, 60);
  EXPECT_GE(first.y, layout.panels[0].legend[1].bottom());
  EXPECT_GE(second.y, first.bottom() + 12);
  EXPECT_DOUBLE_EQ(layout.foot.y, second.bottom() + 12);
  EXPECT_GE(layout.height_pt, layout.foot.bottom());
  EXPECT_LT(layout.height_pt, layout.foot.bottom() + 3);
}

TEST(ChartLayoutParts, ALegendFlowsAndNeverLeavesTheChart) {
  const ChartLayout layout = chart_layout({200, 0, 0, 0, {{{90, 90, 90, 500, 20}, 50}}, 0});
  const std::vector<Rect>& boxes = layout.panels[0].legend;
  ASSERT_EQ(boxes.size(), 5U);
  EXPECT_EQ(boxes[0].y, boxes[1].y);
  EXPECT_GT(boxes[1].x, boxes[0].right());
  for (std::size_t i : {2, 3, 4}) EXPECT_GE(boxes[i].y, boxes[i - 1].bottom()) << i;
  for (const Rect& box : boxes) EXPECT_LE(box.right(), 200);
}

}  // namespace
}  // namespace wcam
