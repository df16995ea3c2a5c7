#include "plotting/map_arithmetic.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <stdexcept>

#include "plotting/haar.h"
#include "tests/plotting/sample_figures.h"

namespace wcam {
namespace {

// By the transform itself: a coefficient changes the places where its inverse is not 0, each by as much.
std::vector<double> places_by_inverse(const std::vector<float>& cells, int grid, int levels, int side) {
  std::vector<double> places(static_cast<std::size_t>(side * side));
  std::vector<int> of_cell(cells.size());
  for (int i = 0; i < side * side; ++i)
    ++of_cell[static_cast<std::size_t>(i / side * grid / side * grid + i % side * grid / side)];
  for (int i = 0; i < side * side; ++i) {
    std::vector<double> one(places.size());
    one[static_cast<std::size_t>(i)] = 1;
    const auto cell = static_cast<std::size_t>(i / side * grid / side * grid + i % side * grid / side);
    const auto changed = haar_inverse(one, side, levels);
    for (std::size_t p = 0; p < places.size(); ++p)  // the squares add up to 1
      places[p] += static_cast<double>(cells[cell]) / of_cell[cell] * changed[p] * changed[p];
  }
  const double total = std::accumulate(places.begin(), places.end(), 0.0);
  for (double& place : places) place *= static_cast<double>(places.size()) / total;
  return places;
}

TEST(ImportanceOfPlaces, IsSpreadOverThePixelsThatCoefficientsAreMadeOf) {
  for (const auto& [grid, levels, side] : {std::tuple{4, 2, 16}, {8, 3, 16}, {7, 2, 16}, {28, 1, 28}}) {
    SCOPED_TRACE(grid);
    const Map map = test::sample_map(grid, 3);
    const auto expected = places_by_inverse(map.cells, grid, levels, side);
    const auto found = importance_of_places(map.cells, grid, levels, side);
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) ASSERT_NEAR(found[i], expected[i], 1e-5) << i;
    EXPECT_NEAR(std::accumulate(found.begin(), found.end(), 0.0), side * side, 1e-3) << "mean 1";
  }
}

TEST(ImportanceOfPlaces, IsNotKnownOfIndicesWithoutSum) {
  EXPECT_TRUE(importance_of_places(std::vector<float>(16), 4, 2, 16).empty());
  EXPECT_TRUE(importance_of_places(std::vector<float>(16, -1.0F), 4, 2, 16).empty());
}

TEST(MostImportant, AreTheFewestCellsThatHoldTheShare) {
  const std::vector<float> cells{0.1F, 0.4F, -0.2F, 0.3F, 0.2F};  // 1.0 without the negative one
  using Mask = std::vector<float>;
  EXPECT_EQ(most_important(cells, 0.25), (Mask{0, 1, 0, 0, 0}));
  EXPECT_EQ(most_important(cells, 0.5), (Mask{0, 1, 0, 1, 0}));
  EXPECT_EQ(most_important(cells, 0.75), (Mask{0, 1, 0, 1, 1}));
  EXPECT_EQ(most_important(cells, 1), (Mask{1, 1, 0, 1, 1}));
  EXPECT_EQ(most_important(std::vector<float>{1, 1, 1}, 0.5), (Mask{1, 1, 0})) << "equal ones in their order";
  EXPECT_EQ(most_important(std::vector<float>{0, 0}, 0.5), (Mask{0, 0}));
}

TEST(LargestOf, AreSoManyOfTheCellsNamed) {
  const std::vector<float> cells{0.1F, 0.4F, -0.2F, 0.3F, 0.4F, 0};
  using Mask = std::vector<float>;
  EXPECT_EQ(largest_of(cells, {0, 1, 2, 3, 4, 5}, 1), (Mask{0, 1, 0, 0, 0, 0})) << "of equal ones the first";
  EXPECT_EQ(largest_of(cells, {0, 1, 2, 3, 4, 5}, 3), (Mask{0, 1, 0, 1, 1, 0}));
  EXPECT_EQ(largest_of(cells, {0, 2, 3}, 2), (Mask{1, 0, 0, 1, 0, 0}));
  EXPECT_EQ(largest_of(cells, {0, 2, 3}, 3), (Mask{1, 0, 1, 1, 0, 0})) << "the negative one before no other";
  EXPECT_EQ(largest_of(cells, {0, 2, 3}, 99), (Mask{1, 0, 1, 1, 0, 0}));
  EXPECT_NEAR(share_kept(cells, largest_of(cells, {0, 2, 3}, 3)), 0.4 / 1.2, 1e-6);
  EXPECT_EQ(share_kept(std::vector<float>{0, -1}, Mask{1, 1}), 0);
}

// By the textbook's formula, in one go.
TEST(MeanMap, HasTheMeanAndItsStandardError) {
  const std::vector<std::vector<float>> maps{{1, 10}, {2, 10}, {6, 10}};
  MeanMap mean;
  mean.add(maps[0]);
  EXPECT_EQ(mean.mean(), maps[0]);
  EXPECT_TRUE(mean.standard_error().empty()) << "one map says nothing of it";
  mean.add(maps[1]);
  mean.add(maps[2]);
  EXPECT_EQ(mean.count(), 3u);
  EXPECT_EQ(mean.mean(), (std::vector<float>{3, 10}));
  EXPECT_NEAR(mean.standard_error()[0], std::sqrt((4.0 + 1 + 9) / 2 / 3), 1e-6);
  EXPECT_EQ(mean.standard_error()[1], 0);
  EXPECT_THROW(mean.add(std::vector<float>(3)), std::invalid_argument);
}

// Of an index that is the mean over N points the jackknife gives s / sqrt(N), s their standard deviation; so
// all R N points, in one go, must say the same as the replicates.
TEST(MeanOfReplicates, HasTheStandardErrorOfAllPointsTogether) {
  constexpr int kReplicates = 3, kPoints = 4;
  std::mt19937 random(7);
  std::normal_distribution<double> normal(0.2, 0.05);
  std::vector<double> all;
  std::vector<MapEstimate> replicates;
  const auto mean_and_error = [](std::span<const double> points) {
    const auto n = static_cast<double>(points.size());
    const double mean = std::accumulate(points.begin(), points.end(), 0.0) / n;
    double squares = 0;
    for (const double point : points) squares += (point - mean) * (point - mean);
    return std::pair(mean, std::sqrt(squares / (n - 1) / n));
  };
  for (int r = 0; r < kReplicates; ++r) {
    for (int i = 0; i < kPoints; ++i) all.push_back(normal(random));
    const auto [mean, error] = mean_and_error(std::span(all).last(kPoints));
    replicates.push_back({{static_cast<float>(mean)}, {static_cast<float>(error)}});
  }
  const MapEstimate found = mean_of_replicates(replicates, kPoints);
  const auto [mean, error] = mean_and_error(all);
  EXPECT_NEAR(found.cells[0], mean, 1e-6);
  EXPECT_NEAR(found.standard_errors[0], error, 1e-6);
}

TEST(MeanOfReplicates, GoesByTheirSpreadWhereTheJackknifeIsNotFinite) {
  const float none = std::numeric_limits<float>::infinity();
  const std::vector<MapEstimate> replicates{{{1, 1}, {none, 0}}, {{3, 1}, {none, 0}}};
  const MapEstimate found = mean_of_replicates(replicates, 2);
  EXPECT_EQ(found.cells, (std::vector<float>{2, 1}));
  EXPECT_NEAR(found.standard_errors[0], 1, 1e-6);  // sqrt(2 / 2)
  EXPECT_EQ(found.standard_errors[1], 0);
}

TEST(Difference, AndTheErrorOfIndependentValues) {
  EXPECT_EQ(difference(std::vector<float>{3, 1}, std::vector<float>{1, 4}), (std::vector<float>{2, -3}));
  EXPECT_EQ(error_of_difference(std::vector<float>{3, 0}, std::vector<float>{4, 2}),
            (std::vector<float>{5, 2}));
}

}  // namespace
}  // namespace wcam
