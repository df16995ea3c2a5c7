#include "common/study/gradient_estimator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "common/study/estimator.h"

namespace wcam {
namespace {

using Values = std::vector<double>;

// Gradients of eight cells, two a level, at three points, by formulas.
struct Case {
  Values logits{1, 1.5, 0.7}, slopes, energies;
  std::vector<int> levels{0, 0, 1, 1, 2, 2, 3, 3};

  Case() {
    for (int cell = 0; cell < 8; ++cell)
      for (int k = 1; k <= 3; ++k) {
        slopes.push_back(std::sin(3 * k + cell) / (1 + cell));
        energies.push_back(0.1 * (1 + std::cos(k * (cell + 1))) / (1 + cell));
      }
  }
  GradientEstimate estimate() const { return gradient_estimate({logits, slopes, energies, levels, 4}); }
  void set(int cell, double slope, double energy) {
    const auto at = static_cast<std::ptrdiff_t>(3 * cell);
    std::fill_n(slopes.begin() + at, 3, slope);
    std::fill_n(energies.begin() + at, 3, energy);
  }
};

void expect_near(const Values& found, const Values& expected, double within) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], within) << i;
}

// Values of the program with which the estimator was found, which shares no line with this one.
TEST(GradientEstimator, GivesTheValuesOfTheProgramThatItWasFoundWith) {
  const GradientEstimate found = Case().estimate();
  expect_near(found.indices, {0.412588, 0.402924, 0.244665, 0.246199, 0.042274, 0.113914, 0.024554, 0.013017},
              1e-6);
  expect_near(found.shares, {0.543626, 0.327213, 0.104116, 0.025045}, 1e-6);
  Values share_errors;
  for (std::size_t level = 0; level < 4; ++level)
    share_errors.push_back(std::sqrt(found.share_covariance[level * 5]));
  expect_near(share_errors, {0.146069, 0.134457, 0.053576, 0.013654}, 1e-6);
  expect_near(found.log_errors,
              {0.780804, 0.780804, 0.825473, 0.825473, 0.877699, 0.877699, 0.898496, 0.898496}, 1e-6);
  EXPECT_NEAR(found.variance, 0.03017, 1e-6);
  EXPECT_NEAR(found.log_variance_error, 0.49373, 1e-6);
  EXPECT_NEAR(found.log_sum_error, 0.197904, 1e-6);
  const Values numerators{0.012448, 0.012156, 0.007382, 0.007428, 0.001275, 0.003437, 0.000741, 0.000393};
  for (std::size_t i = 0; i < numerators.size(); ++i)
    EXPECT_NEAR(found.indices[i] * found.variance, numerators[i], 1e-6) << i;
}

TEST(GradientEstimator, DoesNotDependOnTheLogitsUnitOrOrigin) {
  const GradientEstimate expected = Case().estimate();
  Case scaled;
  for (double& logit : scaled.logits) logit = 5 * logit - 40;
  for (double& slope : scaled.slopes) slope *= -5;
  for (double& energy : scaled.energies) energy *= 25;
  const GradientEstimate found = scaled.estimate();
  expect_near(found.indices, expected.indices, 1e-12);
  expect_near(found.log_errors, expected.log_errors, 1e-12);
  expect_near(found.shares, expected.shares, 1e-12);
  EXPECT_NEAR(found.variance, 25 * expected.variance, 1e-12);
}

TEST(GradientEstimator, ACellWithoutEffectHasAnIndexOf0AndChangesNoOther) {
  const GradientEstimate without = Case().estimate();
  Case with;
  with.levels.push_back(2);
  with.slopes.insert(with.slopes.end(), 3, 0);
  with.energies.insert(with.energies.end(), 3, 0);
  const GradientEstimate found = with.estimate();
  EXPECT_EQ(found.indices.back(), 0);
  expect_near({found.indices.begin(), found.indices.end() - 1}, without.indices, 1e-12);
}

TEST(GradientEstimator, ALevelWithoutEffectStaysOut) {
  Case flat;
  flat.set(4, 0, 0);
  flat.set(5, 0, 0);
  const GradientEstimate found = flat.estimate();
  EXPECT_EQ(found.shares[2], 0);
  EXPECT_EQ(found.share_covariance[2 * 5], 0);
  EXPECT_EQ(found.indices[4], 0);
  EXPECT_EQ(found.indices[5], 0);
  EXPECT_NEAR(std::accumulate(found.shares.begin(), found.shares.end(), 0.0), 1, 1e-12);
  for (const int cell : {0, 1, 2, 3, 6, 7}) EXPECT_GT(found.indices[static_cast<std::size_t>(cell)], 0);
}

TEST(GradientEstimator, AnEffectInOneLevelAloneLeavesTheVarianceToTheSample) {
  Case coarse;
  for (std::size_t i = 0; i < coarse.slopes.size(); ++i)
    if (coarse.levels[i / 3] != 0) coarse.slopes[i] *= 1e-3, coarse.energies[i] *= 1e-6;
  const GradientEstimate found = coarse.estimate();
  EXPECT_GT(found.shares[0], kNearlyAll);
  const double sampled = (1.0 + 2.25 + 0.49 - 3.2 * 3.2 / 3) / 2;
  // That of a logarithm is low by half its variance on average, log(1 + 2 / 2).
  EXPECT_NEAR(found.variance, sampled * std::sqrt(2.0), 0.05 * sampled);
}

TEST(GradientEstimator, AConstantOutputHasNoIndices) {
  Case constant;
  constant.logits = {3, 3, 3};
  EXPECT_THROW(constant.estimate(), DegenerateOutputs);
  constant.logits = {3, 3 + 1e-7, 3};  // within what rounding may be
  EXPECT_THROW(constant.estimate(), DegenerateOutputs);
  Case without_slopes;
  for (int cell = 0; cell < 8; ++cell) without_slopes.set(cell, 0, 0);
  EXPECT_THROW(without_slopes.estimate(), DegenerateOutputs);
}

TEST(GradientEstimator, TwoPointsAreEnough) {
  const std::vector<double> logits{1, 2}, slopes{0.5, 1, -2, 1}, energies{0.1, 0.2, 0.5, 0.4};
  const std::vector<int> levels{0, 1};
  const GradientEstimate found = gradient_estimate({logits, slopes, energies, levels, 2});
  for (const double index : found.indices) EXPECT_TRUE(std::isfinite(index) && index > 0) << index;
}

}  // namespace
}  // namespace wcam
