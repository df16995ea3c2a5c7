#include "plotting/map_pixels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "common/base/error.h"
#include "common/study/wcam_map.h"
#include "tests/plotting/sample_figures.h"

namespace wcam {
namespace {

struct Sizes {
  int grid, levels, side;
};
// Grids whose cells subbands' edges cut, and one whose cells are of unlike widths.
const std::vector<Sizes> kSizes{{28, 3, 224}, {14, 3, 224}, {8, 3, 64}, {10, 2, 64}, {5, 5, 32}};

TEST(MapPixels, NearestDrawsNoValueThatIsNotACells) {
  for (const auto& [grid, levels, side] : kSizes) {
    const Map map = test::sample_map(grid, 5);
    const std::set<float> cells(map.cells.begin(), map.cells.end());
    const auto pixels = pixels_of_map(map.cells, grid, levels, side, Interpolation::kNearest);
    for (const float value : pixels) ASSERT_TRUE(cells.contains(value)) << value;
    for (int y = 0; y < side; ++y)
      for (int x = 0; x < side; ++x)
        ASSERT_EQ(pixels[static_cast<std::size_t>(y * side + x)],
                  map.cells[static_cast<std::size_t>(y * grid / side * grid + x * grid / side)]);
  }
}

// A subband changes when a cell of it does, and no other subband shares the cell: so change all cells that no
// pixel of the subband lies in.
TEST(MapPixels, SmoothValuesStayWithinThoseOfTheirSubbandAndHearOfNoOther) {
  for (const auto& [grid, levels, side] : kSizes) {
    const Map map = test::sample_map(grid, 5);
    for (const Subband& band : subbands(side, levels)) {
      std::vector<float> elsewhere(map.cells.size(), 1000.0F), own;
      for (int y = band.row; y < band.row + band.side; ++y)
        for (int x = band.col; x < band.col + band.side; ++x) {
          const auto cell = static_cast<std::size_t>(y * grid / side * grid + x * grid / side);
          elsewhere[cell] = map.cells[cell];
          own.push_back(map.cells[cell]);
        }
      const auto [low, high] = std::minmax_element(own.begin(), own.end());
      const auto smooth = pixels_of_map(map.cells, grid, levels, side, Interpolation::kSmooth);
      const auto changed = pixels_of_map(elsewhere, grid, levels, side, Interpolation::kSmooth);
      for (int y = band.row; y < band.row + band.side; ++y)
        for (int x = band.col; x < band.col + band.side; ++x) {
          const auto pixel = static_cast<std::size_t>(y * side + x);
          ASSERT_EQ(smooth[pixel], changed[pixel]) << "leaked into " << x << ", " << y;
          ASSERT_GE(smooth[pixel], *low - 1e-7F);
          ASSERT_LE(smooth[pixel], *high + 1e-7F);
        }
    }
  }
}

// One level of 8 x 8 pixels and 2 cells a side: each subband is one cell.
TEST(MapPixels, SmoothIsLinearBetweenTheMiddlesOfTheCellsOfASubband) {
  const std::vector<float> one{1, 2, 3, 4};
  const auto blocks = pixels_of_map(one, 2, 1, 8, Interpolation::kSmooth);
  EXPECT_EQ(blocks, upsample_nearest(one, 2, 8)) << "a subband of one cell has its value";
  // 4 cells a side, so each subband has two: middles at 1 and 3 pixels from its left.
  std::vector<float> cells(16);
  cells[1] = 8;  // upper row of the approximation: 0 8
  const auto pixels = pixels_of_map(cells, 4, 1, 8, Interpolation::kSmooth);
  EXPECT_FLOAT_EQ(pixels[0], 0);
  EXPECT_FLOAT_EQ(pixels[1], 2) << "a quarter of the way";
  EXPECT_FLOAT_EQ(pixels[2], 6);
  EXPECT_FLOAT_EQ(pixels[3], 8);
  EXPECT_FLOAT_EQ(pixels[4], 0) << "the next subband";
}

TEST(MapPixels, UnknownInterpolationListsTheKnown) {
  EXPECT_EQ(parse_interpolation("smooth"), Interpolation::kSmooth);
  EXPECT_THROW((void)parse_interpolation("bicubic"), UsageError);
}

}  // namespace
}  // namespace wcam
