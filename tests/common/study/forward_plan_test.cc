#include "common/study/forward_plan.h"

#include <gtest/gtest.h>

#include <cmath>

namespace wcam {
namespace {

TEST(SufficientLadder, HasEveryNumberTo10AndThenStepsOfATenth) {
  EXPECT_EQ(sufficient_ladder(784),
            (std::vector<int>{1,   2,   3,   4,   5,   6,   7,   8,   9,   10,  11,  13,  15,
                              17,  19,  21,  24,  27,  30,  33,  37,  41,  46,  51,  57,  63,
                              70,  77,  85,  94,  104, 115, 127, 140, 154, 170, 187, 206, 227,
                              250, 275, 303, 334, 368, 405, 446, 491, 541, 596, 656, 722, 784}));
  EXPECT_EQ(sufficient_ladder(0), std::vector<int>{});
  EXPECT_EQ(sufficient_ladder(1), std::vector<int>{1});
  EXPECT_EQ(sufficient_ladder(4), (std::vector<int>{1, 2, 3, 4}));
  EXPECT_EQ(sufficient_ladder(10).size(), 10U);
  EXPECT_EQ(sufficient_ladder(12).back(), 12);
  for (int cells = 1; cells <= 112 * 112; ++cells) {
    const std::vector<int> ladder = sufficient_ladder(cells);
    ASSERT_EQ(ladder.back(), cells);
    for (std::size_t i = 1; i + 1 < ladder.size(); ++i) {
      ASSERT_GT(ladder[i], ladder[i - 1]) << cells;
      if (i >= 10) {
        ASSERT_EQ(ladder[i], std::ceil(ladder[i - 1] * 11 / 10.0)) << cells;
      }
    }
  }
}

TEST(ForwardPlan, CountsTheLadderWhereItIsAskedForAndKeepsTheDesignsOwn) {
  WcamSettings s;
  const ForwardPlan published = forward_plan(s, 224);
  s.sufficient = true;
  const ForwardPlan plan = forward_plan(s, 224);
  EXPECT_EQ(plan.rows, published.rows);
  EXPECT_EQ(plan.images(), 3141);
  EXPECT_EQ(published.all_images(), 3141);
  EXPECT_EQ(plan.all_images(), 3141 + 52);
  EXPECT_EQ(published.all_batches(64), 50);
  EXPECT_EQ(plan.batches(64), 50);
  EXPECT_EQ(plan.all_batches(64), 50 + 1);
  EXPECT_EQ(plan.all_batches(51), 62 + 2);
  s.approximation = Approximation::kDrop;  // 9 cells less: 3 x 3 lie wholly in [0, 28)^2
  EXPECT_EQ(forward_plan(s, 224).ladder.back(), 784 - 9);
}

}  // namespace
}  // namespace wcam
