#include "analysis/statistics/paired_tests.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "tests/analysis/statistics_golden.h"

namespace wcam {
namespace {

using test::Numbers;

TEST(SignFlip, AgreesWithScipy) {
  for (const auto& stored : test::golden_statistics("paired_tests")) {
    const auto differences = stored.at("differences").get<Numbers>();
    SCOPED_TRACE(differences.size());
    const auto test = sign_flip_test(differences);
    EXPECT_NEAR(test->statistic, stored.at("mean"), 1e-12);
    EXPECT_NEAR(test->p, stored.at("sign_flip_p"), 1e-12);
    EXPECT_TRUE(test->exact);
  }
}

TEST(SignFlip, DrawnSignsComeCloseToAllOfThem) {
  // 17 images are drawn; with a difference of 0 more than 16 they have the same exact p.
  const Numbers sixteen{0.3, 1.2, -0.4, 0.9, 0.1, -0.8, 1.1, 0.6, -0.2, 0.7, 0.5, -0.9, 1.4, 0.2, -0.3, 0.4};
  Numbers seventeen = sixteen;
  seventeen.push_back(0);
  const auto exact = sign_flip_test(sixteen), drawn = sign_flip_test(seventeen);
  EXPECT_TRUE(exact->exact);
  EXPECT_FALSE(drawn->exact);
  EXPECT_NEAR(drawn->p, exact->p, 0.008);  // five standard errors
  EXPECT_EQ(sign_flip_test(seventeen)->p, drawn->p);
  EXPECT_NE(sign_flip_test(seventeen, 1)->p, drawn->p);
}

TEST(SignFlip, NeverSaysThatChanceIsImpossible) {
  EXPECT_DOUBLE_EQ(sign_flip_test(Numbers(40, 1.0))->p, 1 / 20'000.0);
  EXPECT_DOUBLE_EQ(sign_flip_test(Numbers(8, 1.0))->p, 2 / 256.0);
}

TEST(SignFlip, SaysNothingOfFewImagesOrOfNoDifference) {
  EXPECT_EQ(sign_flip_test(Numbers(7, 1.0)).why_not(), "7 images: nothing is asserted below 8, add images");
  EXPECT_EQ(sign_flip_test(Numbers(9, 0.0)).why_not(), "none of the 9 images differs");
}

// Holm's procedure is the closure of Bonferroni's: a hypothesis is rejected when each family it belongs to
// is.
TEST(Holm, IsTheClosedTest) {
  const Numbers p{0.011, 0.2, 0.003, 0.04, 0.013, 0.013, 1};
  const auto adjusted = holm(p);
  for (std::size_t i = 0; i < p.size(); ++i) {
    double closed = 0;
    for (unsigned family = 0; family < 1U << p.size(); ++family) {
      if ((family >> i & 1U) == 0) continue;
      double smallest = 1, members = 0;
      for (std::size_t j = 0; j < p.size(); ++j)
        if ((family >> j & 1U) != 0) smallest = std::min(smallest, p[j]), ++members;
      closed = std::max(closed, std::min(1.0, members * smallest));
    }
    EXPECT_NEAR(adjusted[i], closed, 1e-15) << i;
  }
  EXPECT_TRUE(holm({}).empty());
  EXPECT_THROW((void)holm(Numbers{0.1, 1.1}), std::invalid_argument);
}

}  // namespace
}  // namespace wcam
