#include "common/study/wcam_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/golden.h"
#include "tests/support.h"

namespace wcam {
namespace {

TEST(UpsampleBicubic, KeepsAConstant) {
  const std::vector<float> flat(25, 0.3f);
  for (const float value : upsample_bicubic(flat, 5, 32)) EXPECT_NEAR(value, 0.3f, 1e-6f);
}

TEST(UpsampleBicubic, IsTheIdentityAtTheGridsOwnSize) {
  const std::vector<float> values{1, -2, 3, 4, 5, 6, 7, 8, 9};
  EXPECT_EQ(upsample_bicubic(values, 3, 3), values);
}

TEST(UpsampleBicubic, TransposesWithItsInput) {
  const std::vector<float> values{1, 2, 5, 0, -1, 3, 8, 4, 2};
  const std::vector<float> transposed{1, 0, 8, 2, -1, 4, 5, 3, 2};
  const auto wide = upsample_bicubic(values, 3, 12), tall = upsample_bicubic(transposed, 3, 12);
  for (std::size_t y = 0; y < 12; ++y)
    for (std::size_t x = 0; x < 12; ++x) EXPECT_NEAR(wide[y * 12 + x], tall[x * 12 + y], 1e-6f);
}

TEST(UpsampleBicubic, UndershootsBesideAPeak) {
  std::vector<float> peak(49, 0.0f);
  peak[24] = 1;
  const auto map = upsample_bicubic(peak, 7, 56);
  EXPECT_LT(*std::min_element(map.begin(), map.end()), -0.05f);
}

TEST(UpsampleBicubic, RefusesAGridOfAnotherLengthWithTheNumbers) {
  const std::vector<float> values(8);
  try {
    (void)upsample_bicubic(values, 3, 12);
    FAIL() << "accepted";
  } catch (const std::invalid_argument& e) {
    EXPECT_STREQ(e.what(), "upsample_bicubic: 8 values, grid 3, side 12");
  }
}

// Of a stored map every fifth row is kept: the 0th, 5th, ... 220th of 224.
constexpr std::size_t kSide = 224, kRowsKept = 45;

void expect_rows(const std::vector<float>& map, std::span<const float> golden, float tolerance) {
  ASSERT_EQ(golden.size(), kRowsKept * kSide);
  for (std::size_t row = 0; row < kRowsKept; ++row)
    for (std::size_t x = 0; x < kSide; ++x)
      ASSERT_NEAR(map[5 * row * kSide + x], golden[row * kSide + x], tolerance) << 5 * row << ", " << x;
}

// OpenCV's coefficients are float32; 4e-7 is what tests/golden/README.md states for this formula.
void expect_golden(const std::string& run, int grid) {
  const auto file = test::golden("wcam.h5");
  const auto grids = test::read_golden<float>(file, run + "/sti");
  const auto maps = test::read_golden<float>(file, run + "/wcam_every_5th_row");
  const auto cells = static_cast<std::size_t>(grid) * static_cast<std::size_t>(grid),
             pixels = kRowsKept * kSide;
  ASSERT_EQ(grids.size(), 2 * cells);
  ASSERT_EQ(maps.size(), 2 * pixels);
  for (std::size_t image = 0; image < 2; ++image)
    expect_rows(upsample_bicubic(std::span(grids).subspan(image * cells, cells), grid, 224),
                std::span(maps).subspan(image * pixels, pixels), 4e-7f);
}

TEST(GoldenMaps, OfGrid8AreUpsampledAsPublished) { expect_golden("g8_n4_approx", 8); }
TEST(GoldenMaps, OfGrid28AreUpsampledAsPublished) { expect_golden("g28_n4_approx", 28); }

TEST(Subbands, CoverTheImageOnceCoarseToFine) {
  const auto bands = subbands(16, 2);
  ASSERT_EQ(bands.size(), 7u);
  std::vector<int> covered(256);
  for (const auto& band : bands)
    for (int y = band.row; y < band.row + band.side; ++y)
      for (int x = band.col; x < band.col + band.side; ++x)
        ++covered[static_cast<std::size_t>(y) * 16 + static_cast<std::size_t>(x)];
  EXPECT_EQ(covered, std::vector<int>(256, 1));
  EXPECT_EQ(bands[0].side, 4);
  EXPECT_EQ(bands[1].col, 4);  // upper right before lower left
  EXPECT_EQ(bands[2].row, 4);
  EXPECT_EQ(bands[6].side, 8);
}

TEST(GoldenMaps, AreSummedInSpaceAsPublished) {
  const auto file = test::golden("wcam.h5");
  for (const auto& [run, grid] : {std::pair{"g8_n4_approx", 8}, std::pair{"g8_n8_approx", 8},
                                  std::pair{"g28_n4_approx", 28}, std::pair{"g28_n4_noapprox", 28}}) {
    const auto sti = test::read_golden<float>(file, std::string(run) + "/sti");
    const auto golden = test::read_golden<float>(file, std::string(run) + "/spatial_every_5th_row");
    SCOPED_TRACE(run);
    const auto cells = static_cast<std::size_t>(grid) * static_cast<std::size_t>(grid),
               pixels = kRowsKept * kSide;
    ASSERT_GE(sti.size(), cells);
    ASSERT_EQ(sti.size() / cells, golden.size() / pixels);
    // Ten blocks of float32 maps up to 7.
    for (std::size_t image = 0; image * cells < sti.size(); ++image)
      expect_rows(spatial_map(std::span(sti).subspan(image * cells, cells), grid, 224, 3, Mode::kReference),
                  std::span(golden).subspan(image * pixels, pixels), 4e-6f);
  }
}

// One cell alone, in a subband of its own.
TEST(SpatialMap, CorrectedDoesNotLeakAcrossTheEdgesOfSubbands) {
  std::vector<float> indices(64);
  indices[0 * 8 + 4] = 1;  // the first column of the finest upper right block, next to the coarser one
  const auto corrected = spatial_map(indices, 8, 64, 2, Mode::kCorrected);
  indices.assign(64, 0);
  indices[0 * 8 + 7] = 1;  // its last column: the same picture, mirrored
  const auto mirrored = spatial_map(indices, 8, 64, 2, Mode::kCorrected);
  for (std::size_t y = 0; y < 64; ++y)
    for (std::size_t x = 0; x < 64; ++x) EXPECT_NEAR(corrected[y * 64 + x], mirrored[y * 64 + 63 - x], 1e-6f);
  EXPECT_GT(corrected[0], 1);
  // Grid 6 over 64 pixels: edges cut cells in two, and constant subbands stay constant.
  const auto ones = spatial_map(std::vector<float>(36, 1.0f), 6, 64, 2, Mode::kCorrected);
  for (const float value : ones) EXPECT_NEAR(value, 7, 1e-5f);
}

}  // namespace
}  // namespace wcam
