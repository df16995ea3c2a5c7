#include "analysis/statistics/resampling.h"

#include <gtest/gtest.h>

#include <cmath>
#include <span>
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

// The logarithm of a ratio of means.
TEST(FunctionInterval, IsTheStudentisedBootstrapsOfACurvedFunction) {
  for (const auto& stored : test::golden_statistics("ratio_intervals")) {
    const auto numerators = stored.at("numerators").get<Numbers>(),
               denominators = stored.at("denominators").get<Numbers>();
    ImageRows rows{2, {}};
    for (std::size_t i = 0; i < numerators.size(); ++i)
      rows.values.insert(rows.values.end(), {numerators[i], denominators[i]});
    const auto found =
        function_interval(rows, [](std::span<const double> means) { return std::log(means[0] / means[1]); });
    expect_close({std::exp(found->estimate), std::exp(found->low), std::exp(found->high)}, stored);
  }
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

// Of Wilson's interval of no image in 12, and of 0.4 / 12 of 12: (p + z^2 / 2n) / (1 + z^2 / n) + ...
TEST(MeanInterval, BetweenTwoBoundsEndsWhereAShareOfImagesWould) {
  std::vector<double> values(12, 0.0);
  const auto zero = mean_interval(values, {0, 1});
  ASSERT_TRUE(zero);
  EXPECT_EQ(zero->low, 0);
  EXPECT_DOUBLE_EQ(zero->high, proportion_interval(0, 12)->high);
  EXPECT_FALSE(mean_interval(values));
  values[0] = 0.4;  // the bootstrap's interval has no upper end here
  const auto one = mean_interval(values, {0, 1});
  const double p = 0.4 / 12, z2 = 1.959963984540054 * 1.959963984540054;
  EXPECT_NEAR(one->high,
              (p + z2 / 24) / (1 + z2 / 12) + std::sqrt(z2 * (p * (1 - p) / 12 + z2 / 576)) / (1 + z2 / 12),
              1e-12);
  for (double& value : values) value *= 10;
  EXPECT_NEAR(mean_interval(values, {0, 10})->high, 10 * one->high, 1e-12);
}

TEST(MeanInterval, SaysWhyThereIsNone) {
  EXPECT_EQ(mean_interval(Numbers{1, 2, 3}).why_not(), "3 images: nothing is asserted below 8, add images");
  EXPECT_EQ(mean_interval(Numbers(9, 0.1)).why_not(),
            "all 9 images agree, so they do not say how others would differ");
  Numbers rare(8);
  rare[3] = 0.5;
  EXPECT_EQ(mean_interval(rare).why_not(),
            "most of the 8 images have one value, so resamples of them often have no spread: add images");
  EXPECT_TRUE(mean_interval(rare, {0, 1}));
  const Numbers infinite{1, 2, 3, 4, 5, 6, 7, INFINITY};
  EXPECT_EQ(mean_interval(infinite).why_not(), "the statistic of these 8 images is not a finite number");
  const Numbers mixed{1, -1, 2, -2, 3, -2.5, 1, -1.2};
  EXPECT_NE(function_interval({1, mixed}, [](auto means) { return std::log(means[0]); })
                .why_not()
                .find(" is undefined on "),
            std::string::npos);
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
