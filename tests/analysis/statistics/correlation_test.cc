#include "analysis/statistics/correlation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "analysis/statistics/random_numbers.h"
#include "tests/analysis/statistics_golden.h"

namespace wcam {
namespace {

using test::Numbers;

TEST(Correlation, AgreesWithScipy) {
  for (const auto& stored : test::golden_statistics("correlations")) {
    const auto x = stored.at("x").get<Numbers>(), y = stored.at("y").get<Numbers>();
    EXPECT_NEAR(*pearson(x, y), stored.at("pearson"), 1e-12);
    EXPECT_NEAR(*spearman(x, y), stored.at("spearman"), 1e-12);
    EXPECT_NEAR(*cosine(x, y), stored.at("cosine"), 1e-12);
  }
}

TEST(Correlation, IsNotStatedWhereItIsUndefined) {
  const Numbers x{1, 2, 3}, constant{0.1, 0.1, 0.1}, zeros{0, 0, 0};
  for (const auto& found : {pearson(x, constant), spearman(x, constant), pearson(constant, x)})
    EXPECT_EQ(found.why_not(), "a list of equal values correlates with nothing");
  EXPECT_EQ(cosine(x, zeros).why_not(), "a list of zeros has no direction");
  EXPECT_NEAR(*cosine(x, constant), 6 / std::sqrt(14 * 3), 1e-12);
  EXPECT_EQ(pearson(Numbers{1, 2}, Numbers{2, 1}).why_not(), "a correlation needs 3 values, here are 2");
  EXPECT_THROW((void)pearson(x, Numbers{1, 2}), std::invalid_argument);
}

// 20,000 objects measured twice each way, with noise as large as the signal.
TEST(NoiseCorrected, FindsTheCorrelationOfWhatIsUnderTheNoise) {
  RandomNumbers random(3);
  const auto normal = [&] {
    return std::sqrt(-2 * std::log(1 - random.uniform())) * std::cos(6.283185307179586 * random.uniform());
  };
  Numbers x1, x2, y1, y2;
  for (int i = 0; i < 20'000; ++i) {
    const double shared = normal(), x = shared, y = 0.8 * shared + 0.6 * normal();
    x1.push_back(x + normal()), x2.push_back(x + normal());
    y1.push_back(y + normal()), y2.push_back(y + normal());
  }
  EXPECT_NEAR(*pearson(x1, y1), 0.4, 0.02);
  EXPECT_NEAR(*noise_corrected(*pearson(x1, y1), *pearson(x1, x2), *pearson(y1, y2)), 0.8, 0.04);
}

TEST(NoiseCorrected, IsNotCutOffAndNotStatedWithoutSignal) {
  EXPECT_DOUBLE_EQ(*noise_corrected(0.6, 0.5, 0.5), 1.2);
  EXPECT_DOUBLE_EQ(*noise_corrected(-0.2, 0.25, 0.64), -0.5);
  EXPECT_EQ(noise_corrected(0.3, 0.5, 0).why_not(),
            "replicates correlate by 0.500000 and 0.000000: without a correlation above 0 there is no signal "
            "to correct");
}

TEST(SpearmanBrown, IsTheReliabilityOfAMeanOfMeasurements) {
  EXPECT_DOUBLE_EQ(spearman_brown(0.5), 2.0 / 3);
  EXPECT_DOUBLE_EQ(spearman_brown(spearman_brown(0.3), 2), spearman_brown(0.3, 4));
  EXPECT_DOUBLE_EQ(spearman_brown(-0.3), -0.3);
}

}  // namespace
}  // namespace wcam
