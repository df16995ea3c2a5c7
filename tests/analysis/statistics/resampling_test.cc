#include "analysis/statistics/resampling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "tests/analysis/statistics_golden.h"

namespace wcam {
namespace {

using test::Numbers;

// The golden ones are of 200,000 resamples; an end's error with 1,999 is about a twentieth of the length.
void expect_close(const Interval& found, const nlohmann::json& stored) {
  const double low = stored.at("low"), high = stored.at("high");
  EXPECT_NEAR(found.low, low, 0.12 * (high - low));
  EXPECT_NEAR(found.high, high, 0.12 * (high - low));
  EXPECT_LT(found.low, found.estimate);
  EXPECT_GT(found.high, found.estimate);
}

TEST(MeanInterval, IsTheStudentisedBootstraps) {
  for (const auto& stored : test::golden_statistics("mean_intervals")) {
    const auto values = stored.at("values").get<Numbers>();
    const auto found = mean_interval(values);
    expect_close(*found, stored);
    EXPECT_EQ(found->images, values.size());
    // More resamples come closer.
    const auto finer = mean_interval(values, {}, {.resamples = 39'999});
    EXPECT_NEAR(finer->low, stored.at("low"), 0.03 * (finer->high - finer->low));
    EXPECT_NEAR(finer->high, stored.at("high"), 0.03 * (finer->high - finer->low));
  }
}

TEST(RatioInterval, IsTheStudentisedBootstrapsOfTheLogarithm) {
  for (const auto& stored : test::golden_statistics("ratio_intervals"))
    expect_close(
        *ratio_interval(stored.at("numerators").get<Numbers>(), stored.at("denominators").get<Numbers>()),
        stored);
}

TEST(FunctionInterval, OfAStraightFunctionIsThatOfTheMean) {
  // Twice the mean and one has twice the interval and one.
  const Numbers x{3, 4, 3.5, 5, 4.2, 3.9, 4.4, 4.1, 3.2, 4.8};
  const auto doubled = function_interval({1, x}, [](auto means) { return 2 * means[0] + 1; });
  const auto plain = mean_interval(x);
  EXPECT_NEAR(doubled->low, 2 * plain->low + 1, 1e-9);
  EXPECT_NEAR(doubled->high, 2 * plain->high + 1, 1e-9);
}

TEST(MeanInterval, TheSameSeedGivesTheSameInterval) {
  const Numbers x{3, 4, 3.5, 5, 4.2, 3.9, 4.4, 4.1};
  EXPECT_EQ(mean_interval(x)->low, mean_interval(x)->low);
  EXPECT_NE(mean_interval(x)->low, mean_interval(x, {}, {.seed = 1})->low);
}

TEST(MeanInterval, SaysWhyThereIsNone) {
  EXPECT_EQ(mean_interval(Numbers{1, 2, 3}).why_not(), "3 images: nothing is asserted below 8, add images");
  EXPECT_EQ(mean_interval(Numbers(9, 0.1)).why_not(),
            "all 9 images agree, so they do not say how others would differ");
  Numbers rare(8);
  rare[3] = 0.5;
  EXPECT_EQ(mean_interval(rare).why_not(),
            "most of the 8 images have one value, so resamples of them often have no spread: add images");
  const auto bounded = mean_interval(rare, {0, 1});
  EXPECT_EQ(bounded->high, 1);
  EXPECT_GE(bounded->low, 0);
  const Numbers infinite{1, 2, 3, 4, 5, 6, 7, INFINITY};
  EXPECT_EQ(mean_interval(infinite).why_not(), "the statistic of these 8 images is not a finite number");
  const Numbers mixed{1, -1, 2, -2, 3, -2.5, 1, -1.2};
  EXPECT_FALSE(ratio_interval(mixed, Numbers{1, 2, 1, 2, 1, 2, 1, 3}));
  EXPECT_THROW((void)ratio_interval(mixed, Numbers{1}), std::invalid_argument);
}

TEST(MedianInterval, LiesBetweenOrderStatistics) {
  // P(Binomial(8, 1/2) = 0) = 1/256, P(= 1) = 8/256: [x1, x8] covers 99.2 %, [x2, x7] 93.0 %.
  const auto eight = median_interval(Numbers{8, 1, 2, 3, 4, 5, 6, 7});
  EXPECT_DOUBLE_EQ(eight->estimate, 4.5);
  const double part = (254.0 / 256 - 0.95) / (16.0 / 256), inward = 7 * part / (1 + 6 * part);
  EXPECT_NEAR(eight->low, 1 + inward, 1e-12);
  EXPECT_NEAR(eight->high, 8 - inward, 1e-12);
  EXPECT_DOUBLE_EQ(median_interval(Numbers{1, 2, 3, 4, 5, 6, 7, 8, 100})->estimate, 5);
  EXPECT_FALSE(median_interval(Numbers{1, 2}));
}

TEST(ProportionInterval, AgreesWithScipy) {
  for (const auto& stored : test::golden_statistics("proportions")) {
    const auto found = proportion_interval(stored.at("in"), stored.at("images"));
    EXPECT_NEAR(found->low, stored.at("low"), 1e-12);
    EXPECT_NEAR(found->high, stored.at("high"), 1e-12);
  }
  EXPECT_FALSE(proportion_interval(3, 7));
  EXPECT_THROW((void)proportion_interval(9, 8), std::invalid_argument);
}

}  // namespace
}  // namespace wcam
