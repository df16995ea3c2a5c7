#include "analysis/maps/comparison.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace wcam {
namespace {

using Map = std::vector<float>;

TEST(TopOverlap, CountsCellsInCommon) {
  const Map a{9, 8, 1, 2, 7, 0}, b{9, 1, 8, 2, 7, 0};
  EXPECT_DOUBLE_EQ(top_overlap(a, a, 3), 1);
  EXPECT_DOUBLE_EQ(top_overlap(a, b, 3), 2.0 / 3);
  EXPECT_DOUBLE_EQ(top_overlap(a, b, 1), 1);
  EXPECT_DOUBLE_EQ(top_overlap(a, b, 6), 1);
  EXPECT_THROW((void)top_overlap(a, b, 0), std::invalid_argument);
  EXPECT_THROW((void)top_overlap(a, b, 7), std::invalid_argument);
}

// Otherwise two maps that are 0 nearly everywhere would share whatever cells come first.
TEST(TopOverlap, OfTiesIsThatOfChance) {
  const Map zeros(100), one = [] {
    Map map(100);
    map[40] = 1;
    return map;
  }();
  EXPECT_DOUBLE_EQ(top_overlap(zeros, zeros, 10), 0.1);
  EXPECT_NEAR(top_overlap(one, one, 10), (1 + 99 * (9.0 / 99) * (9.0 / 99)) / 10, 1e-12);
}

TEST(Compare, EqualMapsAreAsAlikeAsCanBe) {
  const auto areas = level_areas(4, 1, 8);
  Map map;
  for (int i = 0; i < 16; ++i) map.push_back(static_cast<float>(i) / 7);
  for (const Measure measure : kMeasures) {
    const double same = *compare(measure, map, map, areas);
    EXPECT_NEAR(same, is_similarity(measure) ? 1 : 0, 1e-9);
    const Map reversed(map.rbegin(), map.rend());
    const double other = *compare(measure, map, reversed, areas);
    EXPECT_TRUE(is_similarity(measure) ? other < same : other > same);
  }
}

TEST(Compare, SaysWhereAMeasureIsUndefined) {
  const auto areas = level_areas(4, 1, 8);
  const Map zeros(16), map{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  EXPECT_FALSE(compare(Measure::kSpearman, zeros, map, areas));
  EXPECT_FALSE(compare(Measure::kCosine, zeros, map, areas));
  EXPECT_FALSE(compare(Measure::kTransport, zeros, map, areas));
  EXPECT_THROW((void)compare(Measure::kSpearman, Map(4), map, areas), std::invalid_argument);
}

}  // namespace
}  // namespace wcam
