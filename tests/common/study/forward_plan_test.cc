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
  EXPECT_EQ(plan.forwards(), 3141);
  EXPECT_EQ(published.all_forwards(), 3141);
  EXPECT_EQ(plan.all_forwards(), 3141 + 52);
  EXPECT_EQ(published.all_batches(64), 50);
  EXPECT_EQ(plan.batches(64), 50);
  EXPECT_EQ(plan.all_batches(64), 50 + 1);
  EXPECT_EQ(plan.all_batches(51), 62 + 2);
  s.approximation = Approximation::kDrop;  // 9 cells less: 3 x 3 lie wholly in [0, 28)^2
  EXPECT_EQ(forward_plan(s, 224).ladder.back(), 784 - 9);
}

TEST(ForwardPlan, OfGradientsHasAForwardAndABackwardAPointAndTwoNumbersACell) {
  WcamSettings s;
  s.estimator = Estimator::kGradient;
  s.nb_design = kGradientPoints;
  const ForwardPlan plan = forward_plan(s, 224);
  EXPECT_EQ(plan.rows.size(), 16U);
  EXPECT_EQ(plan.rows.back(), 15);
  EXPECT_EQ(plan.forwards(), 1 + 48);
  EXPECT_EQ(plan.outputs(), 16U * (1 + 2 * 784));
  EXPECT_EQ(plan.batches(8), 1 + 2);
  EXPECT_EQ(plan.batches(5), 1 + 4);
  s.sufficient = true;
  EXPECT_EQ(forward_plan(s, 224).all_forwards(), 1 + 48 + 52);
  EXPECT_EQ(forward_plan(s, 224).all_batches(8), 1 + 2 + 7);
}

TEST(ForwardPlan, CellsAreOfTheLevelOfTheirCentre) {
  WcamSettings s;
  s.grid = 8;
  const auto levels = [&](int side) {
    std::vector<int> first_row;
    for (const int level : forward_plan(s, side).levels) first_row.push_back(level);
    first_row.resize(8);
    return first_row;
  };
  EXPECT_EQ(levels(224), (std::vector<int>{0, 1, 2, 2, 3, 3, 3, 3}));
  s.grid = 28;  // the border at 28 pixels halves the fourth cell, [24, 32): its centre is on it
  const std::vector<int> of_published = forward_plan(s, 224).levels;
  EXPECT_EQ(of_published[2], 0);
  EXPECT_EQ(of_published[3], 1);
  EXPECT_EQ(of_published[6], 1);
  EXPECT_EQ(of_published[7], 2);
  EXPECT_EQ(of_published[13], 2);
  EXPECT_EQ(of_published[14], 3);
  EXPECT_EQ(of_published[28 * 3 + 2], 1);
  s.levels = 1;
  s.grid = 2;
  EXPECT_EQ(forward_plan(s, 224).levels, (std::vector<int>{0, 1, 1, 1}));
}

}  // namespace
}  // namespace wcam
