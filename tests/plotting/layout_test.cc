#include "plotting/layout.h"

#include <gtest/gtest.h>

#include <cmath>

#include "common/base/error.h"

namespace wcam {
namespace {

GridStyle two_rows(int columns) {
  GridStyle style;
  style.columns = columns;
  style.title_pt = {{18, 18, 12}, {18, 12}};
  return style;
}

TEST(Layout, FigureIsFourInchesAColumnByEight) {
  const Layout figure = layout(two_rows(7));
  EXPECT_DOUBLE_EQ(figure.width_pt, 7 * 4 * 72);
  EXPECT_DOUBLE_EQ(figure.height_pt, 8 * 72);
  EXPECT_EQ(figure.cells.size(), 14u);
}

TEST(Layout, PanelsAreSquareAlikeAndCentredInTheirColumns) {
  const Layout figure = layout(two_rows(3));
  const double side = figure.at(0, 0).panel.width;
  for (int row = 0; row < 2; ++row)
    for (int column = 0; column < 3; ++column) {
      const Rect& panel = figure.at(row, column).panel;
      EXPECT_DOUBLE_EQ(panel.width, side);
      EXPECT_DOUBLE_EQ(panel.height, side);
      EXPECT_NEAR(panel.x + side / 2, (column + 0.5) * 288, 1e-9);
    }
}

// Height by hand: 576 - 2 * 4 (margins) - 4 (between rows) - 78 * 1.164 (titles) - 2 * 3.5 = 466.2, halved.
TEST(Layout, PanelsTakeTheHeightThatTitlesLeave) {
  const Layout figure = layout(two_rows(7));
  EXPECT_NEAR(figure.at(0, 0).panel.height, 233.104, 1e-9);
  EXPECT_NEAR(figure.at(0, 0).panel.y, 4 + 48 * 1.164 + 3.5, 1e-9);
  EXPECT_NEAR(figure.at(1, 0).panel.bottom(), 576 - 4, 1e-9);
}

TEST(Layout, NothingOverlaps) {
  GridStyle style = two_rows(4);
  style.heading_pt = 20.4;
  const Layout figure = layout(style);
  EXPECT_GE(figure.at(0, 0).title[0].box.y, figure.heading.box.bottom());
  for (int column = 0; column < 4; ++column) {
    EXPECT_GT(figure.at(1, column).title[0].box.y, figure.at(0, column).panel.bottom());
    for (int row = 0; row < 2; ++row) {
      const TitledPanel& cell = figure.at(row, column);
      EXPECT_GT(cell.panel.y, cell.title.back().box.bottom());
      for (std::size_t line = 1; line < cell.title.size(); ++line)
        EXPECT_GE(cell.title[line].box.y, cell.title[line - 1].box.bottom() - 1e-9);
      if (column > 0) {
        EXPECT_GE(cell.title[0].box.x, figure.at(row, column - 1).title[0].box.right() + 7.9);
      }
    }
  }
}

TEST(Layout, ANoteStandsBelowAndMovesNothing) {
  GridStyle style = two_rows(4);
  const Layout without = layout(style);
  style.note_pt = 10;
  const Layout with = layout(style);
  EXPECT_EQ(with.at(1, 0).panel, without.at(1, 0).panel);
  EXPECT_GT(with.note.box.y, with.at(1, 0).panel.bottom());
  EXPECT_GT(with.height_pt, with.note.box.bottom());
  EXPECT_EQ(without.note.size_pt, 0);
}

TEST(Layout, ColourBarsGetRoomOfTheirOwnRightOfTheGrid) {
  GridStyle style = two_rows(3);
  style.colour_bars = true;
  const Layout figure = layout(style);
  const Rect row = figure.colour_bar(1, 1), both = figure.colour_bar(0, 1);
  EXPECT_GT(figure.width_pt, 3 * 288 + 50);
  EXPECT_GT(row.x, figure.at(1, 2).panel.right());
  EXPECT_LT(row.right() + 50, figure.width_pt);
  EXPECT_DOUBLE_EQ(row.y, figure.at(1, 2).panel.y);
  EXPECT_DOUBLE_EQ(row.height, figure.at(1, 2).panel.height);
  EXPECT_DOUBLE_EQ(both.y, figure.at(0, 2).panel.y);
  EXPECT_NEAR(both.bottom(), figure.at(1, 2).panel.bottom(), 1e-9);
}

TEST(Layout, RefusesWhatCannotBeDrawn) {
  GridStyle flat = two_rows(2);
  flat.height_pt = 60;
  EXPECT_THROW((void)layout(flat), std::invalid_argument);
  EXPECT_THROW((void)layout(two_rows(0)), std::invalid_argument);
  GridStyle narrow = two_rows(2);
  narrow.column_width_pt = 100;
  EXPECT_THROW((void)layout(narrow), std::invalid_argument);
}

TEST(SubbandLines, HalveTheBlockThatTheySplitAndStopAtItsEdge) {
  const std::vector<Segment> expected{{10, 132, 234, 132}, {122, 20, 122, 244}, {10, 76, 122, 76},
                                      {66, 20, 66, 132},   {10, 48, 66, 48},    {38, 20, 38, 76}};
  EXPECT_EQ(subband_lines({10, 20, 224, 224}, 3), expected);
}

// published_arithmetic.md, P12: the published lines run through the middle of pixels 112, 56 and 28, half a
// pixel off.
TEST(SubbandLines, LieBetweenPixels) {
  constexpr double side = 224, pixel = 240 / side;
  for (const Segment& line : subband_lines({0, 0, 240, 240}, 3)) {
    const double edge = line.x0 == line.x1 ? line.x0 : line.y0;
    EXPECT_NEAR(edge / pixel, std::round(edge / pixel), 1e-9);
  }
}

TEST(Ticks, AreRoundNumbersWithinTheRange) {
  EXPECT_EQ(ticks(0, 1, 5), (std::vector<double>{0, 0.2, 0.4, 0.6000000000000001, 0.8, 1}));
  EXPECT_EQ(ticks(-0.3, 12, 4), (std::vector<double>{0, 2, 4, 6, 8, 10, 12}));
  EXPECT_EQ(ticks(0, 0, 5), (std::vector<double>{0}));
}

TEST(Ticks, AreNeitherFewNorManyAtAnyScale) {
  for (double scale = 1e-9; scale < 1e9; scale *= 1.7) {
    const auto marks = ticks(-0.07 * scale, scale, 5);
    EXPECT_GE(marks.size(), 3u) << scale;
    EXPECT_LE(marks.size(), 9u) << scale;
  }
}

TEST(RangeScope, UnknownNameListsTheKnownOnes) {
  EXPECT_EQ(parse_range_scope("row"), RangeScope::kRow);
  try {
    (void)parse_range_scope("column");
    FAIL() << "accepted";
  } catch (const UsageError& e) {
    EXPECT_STREQ(e.what(), "unknown range 'column'; known: panel, row, figure");
  }
}

}  // namespace
}  // namespace wcam
