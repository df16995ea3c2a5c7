#include "analysis/maps/level_shares.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "analysis/statistics/jackknife.h"
#include "analysis/statistics/random_numbers.h"
#include "common/study/wcam_map.h"

namespace wcam {
namespace {

// Level of each pixel by its subband; each cell's pixels counted one by one.
std::vector<double> counted(int grid, int levels, int side, Approximation approximation) {
  std::vector<double> parts(static_cast<std::size_t>(grid * grid * (levels + 1))), pixels(parts.size());
  const auto bands = subbands(side, levels);
  for (std::size_t band = approximation == Approximation::kPerturb ? 0 : 1; band < bands.size(); ++band)
    for (int y = bands[band].row; y < bands[band].row + bands[band].side; ++y)
      for (int x = bands[band].col; x < bands[band].col + bands[band].side; ++x) {
        const int cell = y * grid / side * grid + x * grid / side;
        parts[static_cast<std::size_t>(cell * (levels + 1)) + (band + 2) / 3] += 1;
        pixels[static_cast<std::size_t>(cell)] += 1;
      }
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (const double all = pixels[i / static_cast<std::size_t>(levels + 1)]; all > 0) parts[i] /= all;
  return parts;
}

TEST(LevelAreas, AreThoseOfThePixels) {
  for (const auto& [grid, levels, side] :
       {std::tuple{28, 3, 224}, {14, 3, 224}, {20, 3, 224}, {16, 2, 224}, {7, 4, 112}, {2, 1, 2}})
    for (const auto approximation : {Approximation::kPerturb, Approximation::kDrop}) {
      SCOPED_TRACE(std::to_string(grid) + " " + std::to_string(levels) + " " + std::to_string(side));
      const auto areas = level_areas(grid, levels, side, approximation);
      const auto expected = counted(grid, levels, side, approximation);
      ASSERT_EQ(areas.parts.size(), expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(areas.parts[i], expected[i], 1e-15) << i;
    }
}

// Grid 28, 3 levels: edges at 3.5, 7 and 14 cells.
TEST(LevelAreas, ACellThatStraddlesAnEdgeBelongsToBothSides) {
  const auto areas = level_areas(28, 3, 224);
  const auto parts = [&](std::size_t y, std::size_t x) {
    const auto first = areas.parts.begin() + static_cast<std::ptrdiff_t>((y * 28 + x) * 4);
    return std::vector<double>(first, first + 4);
  };
  EXPECT_EQ(parts(0, 0), (std::vector<double>{1, 0, 0, 0}));
  EXPECT_EQ(parts(0, 3), (std::vector<double>{0.5, 0.5, 0, 0}));
  EXPECT_EQ(parts(3, 3), (std::vector<double>{0.25, 0.75, 0, 0}));
  EXPECT_EQ(parts(5, 3), (std::vector<double>{0, 1, 0, 0}));
  EXPECT_EQ(parts(6, 7), (std::vector<double>{0, 0, 1, 0}));
  EXPECT_EQ(parts(20, 2), (std::vector<double>{0, 0, 0, 1}));
}

TEST(LevelShares, OfAnEvenMapAreTheLevelsAreas) {
  const std::vector<float> even(28 * 28, 0.3F);
  const auto shares = level_shares(even, level_areas(28, 3, 224));
  EXPECT_NEAR(shares[0], 1.0 / 64, 1e-7);
  EXPECT_NEAR(shares[1], 3.0 / 64, 1e-7);
  EXPECT_NEAR(shares[2], 3.0 / 16, 1e-7);
  EXPECT_NEAR(shares[3], 3.0 / 4, 1e-7);
  EXPECT_EQ(level_shares(std::vector<float>(28 * 28), level_areas(28, 3, 224)), std::vector<double>(4));
}

// Every way to give each cell to one of the levels that it touches.
TEST(LevelShareBounds, AreTheExtremesOfAllSplits) {
  RandomNumbers random(20141);
  for (const auto& [grid, levels, side] : {std::tuple{3, 1, 6}, {3, 2, 12}, {5, 2, 20}, {4, 2, 8}})
    for (const float offset : {0.0F, 0.3F, 1.4F}) {  // all indices above 0; some below; a sum below 0
      SCOPED_TRACE(std::to_string(grid) + " " + std::to_string(levels) + " " + std::to_string(offset));
      const auto areas = level_areas(grid, levels, side);
      const std::size_t columns = static_cast<std::size_t>(levels) + 1;
      std::vector<float> map;
      for (std::size_t cell = 0; cell < areas.cells(); ++cell)
        map.push_back(static_cast<float>(random.uniform()) - offset);
      std::vector<double> low(columns, std::numeric_limits<double>::infinity()), high(columns);
      for (double& end : high) end = -std::numeric_limits<double>::infinity();
      const auto give = [&](const auto& again, std::size_t cell, LevelAreas split) -> void {
        if (cell == areas.cells()) {
          const auto shares = level_shares(map, split);
          for (std::size_t k = 0; k < columns; ++k) {
            low[k] = std::min(low[k], shares[k]);
            high[k] = std::max(high[k], shares[k]);
          }
          return;
        }
        for (std::size_t level = 0; level < columns; ++level) {
          if (areas.parts[cell * columns + level] == 0) continue;
          for (std::size_t k = 0; k < columns; ++k) split.parts[cell * columns + k] = k == level ? 1 : 0;
          again(again, cell + 1, split);
        }
      };
      give(give, 0, areas);
      const ShareBounds bounds = level_share_bounds(map, areas);
      for (std::size_t k = 0; k < columns; ++k) {
        EXPECT_NEAR(bounds.low[k], low[k], 1e-9) << k;
        EXPECT_NEAR(bounds.high[k], high[k], 1e-9) << k;
      }
    }
}

TEST(LevelShareBounds, AreTheSharesWhereNoCellStraddles) {
  std::vector<float> map;
  for (int cell = 0; cell < 64; ++cell) map.push_back(1.0F / static_cast<float>(1 + cell));
  const auto areas = level_areas(8, 3, 224);
  EXPECT_EQ(level_share_bounds(map, areas).low, level_share_bounds(map, areas).high);
  EXPECT_NEAR(level_share_bounds(map, areas).low[1], level_shares(map, areas)[1], 1e-12);
}

TEST(LevelShares, RefuseAnotherMapsSize) {
  EXPECT_THROW((void)level_shares(std::vector<float>(10), level_areas(28, 3, 224)), std::invalid_argument);
  EXPECT_THROW((void)level_areas(28, 3, 220), std::invalid_argument);
  EXPECT_THROW((void)level_areas(28, 3, 24), std::invalid_argument);
}

TEST(LevelShareErrors, AreInfiniteForTwoMaps) {
  const auto areas = level_areas(4, 1, 8);
  const std::vector<std::vector<float>> two(2, std::vector<float>(16, 1.0F));
  for (const double error : level_share_errors(two, areas)) EXPECT_TRUE(std::isinf(error));
}

// Their mean is the mean over pairs, and their spread gives the delete-one jackknife's standard error of it.
TEST(Jackknife, PseudoValuesOfPairsGiveItsStandardError) {
  const std::vector<double> x{3, 1, 4, 1, 5, 9, 2, 6};
  const auto h = [&](std::size_t i, std::size_t j) { return std::abs(x[i] - x[j]); };
  const auto mean_over_pairs = [&](std::size_t left_out) {
    double sum = 0;
    int pairs = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (i != left_out && j != left_out) sum += h(i, j), ++pairs;
    return sum / pairs;
  };
  const std::vector<double> values = pair_pseudo_values(x.size(), h);
  std::vector<double> without;
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / 8;
  for (std::size_t i = 0; i < x.size(); ++i) {
    without.push_back(mean_over_pairs(i));
    squares += (values[i] - mean) * (values[i] - mean);
  }
  EXPECT_NEAR(mean, mean_over_pairs(x.size()), 1e-12);
  EXPECT_NEAR(std::sqrt(squares / 7 / 8), jackknife_standard_error(without), 1e-12);
  EXPECT_TRUE(pair_pseudo_values(2, h).empty());
}

TEST(Jackknife, OfAMeanIsTheMeansStandardError) {
  const std::vector<double> values{3, 1, 4, 1, 5, 9, 2, 6};
  std::vector<double> without;
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / 8;
  for (const double value : values) {
    without.push_back((8 * mean - value) / 7);
    squares += (value - mean) * (value - mean);
  }
  EXPECT_NEAR(jackknife_standard_error(without), std::sqrt(squares / 7 / 8), 1e-12);
  without[0] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(std::isinf(jackknife_standard_error(without)));
}

TEST(ScaleShift, CountsLevels) {
  const std::vector<double> coarse{1, 0, 0, 0}, fine{0, 0, 0, 1}, middle{0, 0.5, 0.5, 0},
      ends{0.5, 0, 0, 0.5};
  EXPECT_DOUBLE_EQ(scale_shift(coarse, fine).towards_finer, 3);
  EXPECT_DOUBLE_EQ(scale_shift(coarse, fine).distance, 3);
  EXPECT_DOUBLE_EQ(scale_shift(fine, coarse).towards_finer, -3);
  EXPECT_DOUBLE_EQ(scale_shift(middle, ends).towards_finer, 0);
  EXPECT_DOUBLE_EQ(scale_shift(middle, ends).distance, 1);
  EXPECT_THROW((void)scale_shift(coarse, std::vector<double>{1}), std::invalid_argument);
}

}  // namespace
}  // namespace wcam
