#include "analysis/statistics/effect_sizes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "tests/analysis/statistics_golden.h"

namespace wcam {
namespace {

using test::Numbers;

TEST(HedgesG, AgreesWithScipy) {
  for (const auto& stored : test::golden_statistics("effects")) {
    const auto differences = stored.at("differences").get<Numbers>();
    SCOPED_TRACE(differences.size());
    const auto g = hedges_g(differences);
    EXPECT_NEAR(g->estimate, stored.at("hedges_g"), 1e-12);
    EXPECT_NEAR(g->low, stored.at("low"), 1e-8);
    EXPECT_NEAR(g->high, stored.at("high"), 1e-8);
  }
}

TEST(HedgesG, HasAnIntervalForHugeEffectsToo) {
  Numbers differences;
  for (int i = 0; i < 200; ++i) differences.push_back(10 + i % 2);
  const auto g = hedges_g(differences);
  EXPECT_NEAR(g->estimate, 20.9, 0.1);
  EXPECT_LT(g->low, 19.5);
  EXPECT_GT(g->high, 22.5);
}

TEST(HedgesG, SaysNothingWithoutSpread) {
  EXPECT_EQ(hedges_g(Numbers(8, 0.1)).why_not(),
            "all 8 images differ by the same, so there is no spread to compare with");
  EXPECT_FALSE(hedges_g(Numbers{1, 2, 3}));
}

TEST(Equivalence, HoldsWhenTheIntervalAt90PercentIsInsideTheMargin) {
  for (const auto& stored : test::golden_statistics("mean_intervals")) {
    const auto values = stored.at("values").get<Numbers>();
    const double margin = stored.at("margin");
    const auto found = equivalence_test(values, margin);
    // 1,999 resamples here, 200,000 there.
    const double p = stored.at("equivalence_p");
    EXPECT_NEAR(found->p, p, 4 * std::sqrt(p * (1 - p) / 1999));
    EXPECT_DOUBLE_EQ(found->mean.level, 0.90);
    // Just wide enough, and just not.
    const double reach = std::max(-found->mean.low, found->mean.high);
    EXPECT_LE(equivalence_test(values, reach * (1 + 1e-9))->p, 0.05);
    EXPECT_GT(equivalence_test(values, reach * (1 - 1e-3))->p, 0.05);
  }
  EXPECT_THROW((void)equivalence_test(Numbers(8, 1.0), 0), std::invalid_argument);
}

}  // namespace
}  // namespace wcam
