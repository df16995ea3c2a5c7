#include "analysis/statistics/correlation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>
#include <string>

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
  EXPECT_NEAR(*noise_corrected(x1, x2, y1, y2), 0.8, 0.04);
}

// x1 = y1 and x2 = y2: where noise is shared, the covariance across measurements is that of each.
TEST(NoiseCorrected, IsTheCovarianceOverTheRootOfBoth) {
  const Numbers x1{1, 2, 3, 4}, x2{1, 3, 2, 5}, y2{2, 2, 3, 6};
  // cov(x1, x2) = 5.5 / 4, cov(x1, y2) = 6.5 / 4, cov(x2, x1) = 5.5 / 4: of y1 = x1.
  EXPECT_NEAR(*noise_corrected(x1, x2, x1, y2), (6.5 + 5.5) / 2 / std::sqrt(5.5 * 6.5), 1e-12);
  Numbers less = x1;
  for (double& value : less) value = 7 - 3 * value;
  Numbers less2 = x2;
  for (double& value : less2) value = 1 - 3 * value;
  EXPECT_NEAR(*noise_corrected(x1, x2, less, less2), -1, 1e-12);
}

TEST(NoiseCorrected, IsNotCutOffAndNotStatedWithoutSignal) {
  const Numbers x1{1, 2, 3, 4, 5, 6, 7, 8}, x2{1, 7, 5, 2, 6, 4, 3, 8}, y1{2, 7, 5, 4, 1, 8, 3, 6},
      y2{5, 3, 4, 1, 6, 8, 2, 7};
  EXPECT_GT(*noise_corrected(x1, x2, y1, y2), 1);
  const Numbers back{8, 7, 6, 5, 4, 3, 2, 1};
  EXPECT_NE(noise_corrected(x1, back, y1, y2).why_not().find("there is no signal to correct"),
            std::string::npos);
  EXPECT_FALSE(noise_corrected_interval(x1, back, y1, y2));
  const auto interval = noise_corrected_interval(x1, x2, y1, y2);
  EXPECT_TRUE(!interval || std::abs(interval->estimate - *noise_corrected(x1, x2, y1, y2)) < 1e-12);
}

}  // namespace
}  // namespace wcam
