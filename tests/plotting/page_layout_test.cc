#include "plotting/page_layout.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "common/base/error.h"
#include "tests/plotting/sample_figures.h"

namespace wcam {
namespace {

TEST(Venue, WidthsAreThoseOfTheirColumns) {
  EXPECT_DOUBLE_EQ(venue_width_pt("neurips", 0), 5.5 * 72);
  EXPECT_DOUBLE_EQ(venue_width_pt("icml", 1), 3.25 * 72);
  EXPECT_DOUBLE_EQ(venue_width_pt("icml", 0), 6.75 * 72);
  EXPECT_DOUBLE_EQ(venue_width_pt("acl", 1), 3.3 * 72);
  EXPECT_DOUBLE_EQ(venue_width_pt("acl", 2), 6.8 * 72);
}

TEST(Venue, RefusesWhatThereIsNot) {
  const auto message = [](const std::string& venue, int columns) {
    try {
      (void)venue_width_pt(venue, columns);
    } catch (const UsageError& e) {
      return std::string(e.what());
    }
    return std::string("nothing thrown");
  };
  EXPECT_EQ(message("neurips", 2), "--columns 2: a page of neurips has 1 column");
  EXPECT_EQ(message("icml", 3), "--columns 3: a page of icml has 2 columns");
  EXPECT_EQ(message("icml", -1), "--columns -1: a page of icml has 2 columns");
  EXPECT_EQ(message("nips", 1), "unknown venue 'nips'; known: neurips, icml, acl");
}

// 1 to 12 cases beside a photograph, on every width.
TEST(PageLayout, EverythingIsOnThePageOnceAndApart) {
  for (const double inches : {5.5, 3.25, 6.75, 3.3, 6.8})
    for (int cases = 1; cases <= 12; ++cases)
      for (const bool bars : {true, false}) {
        SCOPED_TRACE(std::to_string(inches) + " in, " + std::to_string(cases) + " cases");
        const PageColumns columns = page_columns(72 * inches, 1 + cases, 1, bars);
        EXPECT_GE(columns.side, kSmallestPanel);
        EXPECT_LE(columns.side, kLargestPanel);
        const PageLayout page = page_layout({columns, 2, {2, 3}, 2});
        EXPECT_DOUBLE_EQ(page.width_pt, 72 * inches);
        std::vector<Rect> places = page.panels;
        places.insert(places.end(), page.captions.begin(), page.captions.end());
        places.insert(places.end(), page.titles.begin(), page.titles.end());
        places.insert(places.end(), page.row_names.begin(), page.row_names.end());
        places.push_back(page.notes);
        if (bars) {
          places.insert(places.end(), page.bars.begin(), page.bars.end());
          places.insert(places.end(), page.bar_names.begin(), page.bar_names.end());
        }
        for (std::size_t i = 0; i < places.size(); ++i) {
          EXPECT_GT(places[i].width, 0) << i;
          EXPECT_GE(places[i].x, -1e-9) << i;
          EXPECT_LE(places[i].right(), page.width_pt + 1e-9) << i;
          EXPECT_LE(places[i].bottom(), page.height_pt + 1e-9) << i;
          for (std::size_t k = 0; k < i; ++k)
            EXPECT_FALSE(test::overlap(places[i], places[k])) << i << " and " << k;
        }
        for (const Rect& panel : page.panels) {
          EXPECT_DOUBLE_EQ(panel.width, columns.side);
          EXPECT_DOUBLE_EQ(panel.height, columns.side);
        }
        EXPECT_EQ(page.bars.size(), 2U * static_cast<std::size_t>(columns.bands));
      }
}

// By hand: 396 - 10 (row's name) - 58.5 (bar, numbers, name) = 327.5; with 7 columns (327.5 - 24) / 7 = 43.4.
TEST(PageLayout, SixCasesFitBesideAPhotographOnNeurips) {
  const PageColumns columns = page_columns(396, 7, 1, true);
  EXPECT_EQ(columns.bands, 1);
  EXPECT_NEAR(columns.side, (327.5 - 24) / 7.0, 1e-9);
}

TEST(PageLayout, TooManyColumnsStandInBandsFilledEvenly) {
  const PageColumns columns = page_columns(396, 13, 1, true);
  EXPECT_EQ(columns.bands, 2);
  EXPECT_EQ(columns.in_band, 6);
  const PageLayout page = page_layout({columns, 1, {1, 1}, 0});
  // Case 7 stands below case 1, its two rows below all of the first band's.
  EXPECT_DOUBLE_EQ(page.panels[7].x, page.panels[1].x);
  EXPECT_GT(page.panels[7].y, page.panels[13 + 1].bottom());
  EXPECT_LT(page.titles[7].bottom(), page.panels[7].y);
  EXPECT_GT(page.titles[7].y, page.captions[13 + 1].bottom());
  const PageColumns narrow = page_columns(72 * 3.25, 7, 1, true);
  EXPECT_EQ(narrow.bands, 3);
  EXPECT_EQ(narrow.in_band, 2);
}

// By hand: blocks of 80, 40, 20, 10 and 5 pt in 160; of 22.5, 11.25 and 5.6 pt in 45.
TEST(PageLayout, NamesStandInBlocksThatTheyLeaveVisible) {
  EXPECT_EQ(levels_named_inside(160, 3), 3);
  EXPECT_EQ(levels_named_inside(160, 5), 4);
  EXPECT_EQ(levels_named_inside(16 * 9.5, 4), 4);
  EXPECT_EQ(levels_named_inside(16 * 9.4, 4), 3);
  EXPECT_EQ(levels_named_inside(45, 3), 2);
  EXPECT_EQ(levels_named_inside(kSmallestPanel, 7), 2);
}

TEST(PageLayout, TheNameOfACornerHasRoomAboveTheRowOfItsBandAlone) {
  const PageColumns columns = page_columns(396, 13, 1, true);
  const PageLayout without = page_layout({columns, 1, {1, 1}, 0}),
                   with = page_layout({columns, 1, {1, 1}, 0, {false, true, false, false}});
  EXPECT_EQ(with.panels[0], without.panels[0]);
  EXPECT_DOUBLE_EQ(with.panels[13].y, without.panels[13].y + kCornerName);
  EXPECT_DOUBLE_EQ(with.panels[13].height, without.panels[13].height);
  EXPECT_DOUBLE_EQ(with.panels[7].y, without.panels[7].y + kCornerName) << "the second band moves as a whole";
  EXPECT_DOUBLE_EQ(with.panels[20].y, without.panels[20].y + kCornerName);
  EXPECT_DOUBLE_EQ(with.height_pt, without.height_pt + kCornerName);
}

TEST(PageLayout, FewPanelsStandInTheMiddle) {
  const PageColumns columns = page_columns(72 * 6.8, 1, 0, true);
  EXPECT_DOUBLE_EQ(columns.side, kLargestPanel);
  const PageLayout page = page_layout({columns, 1, {1}, 0});
  EXPECT_NEAR(page.row_names[0].x, page.width_pt - page.bar_names[0].right(), 1e-9);
}

TEST(PageLayout, RefusesAPageThatHoldsNoPanel) {
  EXPECT_THROW((void)page_columns(90, 2, 1, true), std::invalid_argument);
  EXPECT_THROW((void)page_columns(396, 0, 0, true), std::invalid_argument);
}

}  // namespace
}  // namespace wcam
