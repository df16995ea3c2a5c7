#include "analysis/maps/grid_transport.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "analysis/statistics/random_numbers.h"
#include "tests/analysis/statistics_golden.h"

namespace wcam {
namespace {

using Map = std::vector<float>;

Map random_map(int grid, RandomNumbers& random) {
  Map map;
  for (int cell = 0; cell < grid * grid; ++cell)
    map.push_back(static_cast<float>(std::max(-0.1, -0.3 - std::log(1 - random.uniform()))));
  return map;
}

TEST(GridTransport, AgreesWithALinearProgrammeOfAllPairsOfCells) {
  for (const auto& stored : test::golden_statistics("transport")) {
    const auto a = stored.at("a").get<Map>(), b = stored.at("b").get<Map>();
    EXPECT_NEAR(*grid_transport(a, b, stored.at("grid")), stored.at("distance"), 1e-9);
    EXPECT_NEAR(*grid_transport(b, a, stored.at("grid")), stored.at("distance"), 1e-9);
  }
}

TEST(GridTransport, OneCellsWayIsItsRowsAndColumns) {
  Map a(28 * 28), b(28 * 28);
  a[3 * 28 + 5] = 0.2F;
  b[10 * 28 + 1] = 7;
  EXPECT_NEAR(*grid_transport(a, b, 28), 7 + 4, 1e-9);
}

TEST(GridTransport, IsZeroForMultiplesAndADistanceOtherwise) {
  RandomNumbers random(3);
  const Map a = random_map(14, random), b = random_map(14, random), c = random_map(14, random);
  Map twice = a;
  for (float& value : twice) value *= 2;
  EXPECT_NEAR(*grid_transport(a, twice, 14), 0, 1e-6);
  EXPECT_GT(*grid_transport(a, b, 14), 0.1);
  EXPECT_LE(*grid_transport(a, c, 14), *grid_transport(a, b, 14) + *grid_transport(b, c, 14) + 1e-9);
}

// Along one axis the distance is known: the sum of the cumulated differences.
TEST(GridTransport, OfMapsThatDifferAlongRowsAloneIsTheLines) {
  RandomNumbers random(4);
  std::vector<double> a(28), b(28);
  double sum_a = 0, sum_b = 0;
  Map map_a(28 * 28), map_b(28 * 28);
  for (std::size_t x = 0; x < 28; ++x) {
    a[x] = random.uniform(), b[x] = random.uniform();
    sum_a += a[x], sum_b += b[x];
    for (std::size_t y = 0; y < 28; ++y) {
      map_a[y * 28 + x] = static_cast<float>(a[x]);
      map_b[y * 28 + x] = static_cast<float>(b[x]);
    }
  }
  double cumulated = 0, line = 0;
  for (std::size_t x = 0; x < 28; ++x) {
    cumulated += a[x] / sum_a - b[x] / sum_b;
    line += std::abs(cumulated);
  }
  EXPECT_NEAR(*grid_transport(map_a, map_b, 28), line, 1e-6);  // maps are float32
}

TEST(GridTransport, SaysWhenThereIsNothingToMove) {
  const Map a{1, 0, 0, 0}, negative{-1, -2, 0, 0};
  EXPECT_EQ(grid_transport(a, negative, 2).why_not(), "a map without an index above 0 has nothing to move");
  EXPECT_THROW((void)grid_transport(a, a, 3), std::invalid_argument);
}

}  // namespace
}  // namespace wcam
