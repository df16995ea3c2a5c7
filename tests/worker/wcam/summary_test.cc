#include "worker/wcam/summary.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "common/study/wcam_map.h"
#include "tests/golden.h"
#include "tests/support.h"
#include "worker/images/spatial_maxima.h"

namespace wcam {
namespace {

WcamSettings settings(int grid, Mode mode, Approximation approximation = Approximation::kPerturb,
                      int levels = 3) {
  WcamSettings s;
  s.grid = grid;
  s.mode = mode;
  s.approximation = approximation;
  s.levels = levels;
  return s;
}

struct StoredRun {
  std::string name;
  int grid;
  std::size_t images;
};

std::size_t cells_of(int grid) { return static_cast<std::size_t>(grid) * static_cast<std::size_t>(grid); }

void PrintTo(const StoredRun& run, std::ostream* out) { *out << run.name; }

class GoldenSummaries : public testing::TestWithParam<StoredRun> {};

TEST_P(GoldenSummaries, OfStoredIndicesAreTheStoredOnes) {
  const StoredRun& run = GetParam();
  const auto file = test::golden("wcam.h5");
  const auto stored = [&](const std::string& dataset) {
    return test::read_golden<double>(file, run.name + "/" + dataset);
  };
  const auto sti = test::read_golden<float>(file, run.name + "/sti");
  const auto contributions = stored("level_contributions"), profile = stored("spectral_profile_7");
  const auto margin = stored("robustness_margin"), spread = stored("spatial_spread");
  const std::size_t cells = cells_of(run.grid);
  for (std::size_t image = 0; image < run.images; ++image) {
    SCOPED_TRACE(run.name + " image " + std::to_string(image));
    const std::span<const float> indices = std::span(sti).subspan(image * cells, cells);
    const Summary summary = summarise(indices, settings(run.grid, Mode::kReference), 224);
    // 1e-5 relative: the stored ones are sums of a float32 map.
    ASSERT_EQ(summary.level_contributions.size(), 4u);
    for (std::size_t i = 0; i < 4; ++i)
      EXPECT_NEAR(summary.level_contributions[i], contributions[image * 4 + i],
                  1e-5 * std::max(1.0, std::abs(contributions[image * 4 + i])));
    ASSERT_EQ(summary.spectral_profile.size(), 7u);
    for (std::size_t i = 0; i < 7; ++i)
      EXPECT_NEAR(summary.spectral_profile[i], profile[image * 7 + i],
                  1e-5 * std::max(1.0, std::abs(profile[image * 7 + i])));
    EXPECT_NEAR(summary.robustness_margin, margin[image], 1e-3);
    EXPECT_NEAR(summary.spatial_spread, spread[image], 1e-3);
    const auto maxima =
        test::read_golden<std::int64_t>(file, run.name + "/spatial_maxima_" + std::to_string(image));
    std::vector<Pixel> places;
    for (std::size_t i = 0; i < maxima.size(); i += 2)
      places.push_back({static_cast<int>(maxima[i]), static_cast<int>(maxima[i + 1])});
    EXPECT_EQ(spatial_maxima(spatial_map(indices, run.grid, 224, 3, Mode::kReference), 224, Mode::kReference),
              places);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Runs, GoldenSummaries,
    testing::Values(StoredRun{"g8_n4_approx", 8, 2}, StoredRun{"g8_n4_noapprox", 8, 2},
                    StoredRun{"g8_n4_approx_homma", 8, 1}, StoredRun{"g8_n4_approx_janon", 8, 1},
                    StoredRun{"g8_n4_approx_glen", 8, 1}, StoredRun{"g8_n4_approx_saltelli", 8, 1},
                    StoredRun{"g8_n8_approx", 8, 1}, StoredRun{"g8_n4_approx_unnormalised_input", 8, 1},
                    StoredRun{"g28_n4_approx", 28, 2}, StoredRun{"g28_n4_noapprox", 28, 2},
                    StoredRun{"g28_n8_noapprox", 28, 1}),
    [](const auto& p) { return p.param.name; });

std::vector<float> one_cell(int grid, int row, int col) {
  std::vector<float> indices(cells_of(grid));
  indices[static_cast<std::size_t>(row) * static_cast<std::size_t>(grid) + static_cast<std::size_t>(col)] = 1;
  return indices;
}

TEST(Summary, EachCellCountsForItsLevel) {
  const auto shares = [](int row, int col) {
    return summarise(one_cell(8, row, col), settings(8, Mode::kCorrected), 64).level_share;
  };
  using V = std::vector<float>;
  EXPECT_EQ(shares(0, 0), (V{1, 0, 0, 0}));
  EXPECT_EQ(shares(1, 0), (V{0, 1, 0, 0}));
  EXPECT_EQ(shares(1, 3), (V{0, 0, 1, 0}));
  EXPECT_EQ(shares(0, 4), (V{0, 0, 0, 1}));
  EXPECT_EQ(shares(7, 7), (V{0, 0, 0, 1}));
}

TEST(Summary, ACellOnAnEdgeCountsByAreaOnBothSidesUnlessOneIsLeftOut) {
  // 4 levels of 64: the block [0, 4)^2 is a quarter of cell 0 of grid 8; the rest of the cell is level 4.
  const auto whole =
      summarise(one_cell(8, 0, 0), settings(8, Mode::kCorrected, Approximation::kPerturb, 4), 64);
  EXPECT_EQ(whole.level_share, (std::vector<float>{0.25, 0.75, 0, 0, 0}));
  const auto dropped =
      summarise(one_cell(8, 0, 0), settings(8, Mode::kCorrected, Approximation::kDrop, 4), 64);
  EXPECT_EQ(dropped.level_share, (std::vector<float>{0, 1, 0, 0, 0}));
  EXPECT_TRUE(std::isnan(dropped.robustness_margin));
  EXPECT_EQ(whole.robustness_margin, 25);
}

TEST(Summary, SharesAddUpToOneAtEveryGridAndZerosGiveZeros) {
  for (const int grid : {3, 8, 13, 28, 64}) {
    std::vector<float> indices(cells_of(grid));
    std::iota(indices.begin(), indices.end(), 1.0F);
    for (const Mode mode : {Mode::kReference, Mode::kCorrected}) {
      const auto share = summarise(indices, settings(grid, mode), 64).level_share;
      EXPECT_NEAR(std::accumulate(share.begin(), share.end(), 0.0), 1, 1e-6) << grid;
      const Summary zero = summarise(std::vector<float>(indices.size()), settings(grid, mode), 64);
      for (const float value : zero.level_share) EXPECT_EQ(value, 0);
      for (const float value : zero.level_contributions) EXPECT_EQ(value, 0);
      EXPECT_EQ(zero.robustness_margin, 0);
      EXPECT_EQ(zero.spatial_spread, 0);
    }
  }
}

TEST(Summary, CorrectedProfileIsTheMeanIndexOfEachSubband) {
  std::vector<float> indices(16);
  std::iota(indices.begin(), indices.end(), 0.0F);
  // Grid 4, 2 levels: subbands of 1, 1, 1, 1, 4, 4 and 4 cells.
  const Summary summary = summarise(indices, settings(4, Mode::kCorrected, Approximation::kPerturb, 2), 16);
  EXPECT_EQ(summary.spectral_profile, (std::vector<float>{0, 1, 4, 5, 4.5, 10.5, 12.5}));
  EXPECT_EQ(summary.level_contributions, summary.level_share);
}

TEST(Summary, CorrectedSpreadIsTheLargestDistanceBetweenRegions) {
  std::vector<float> map(100);
  map[1] = 3, map[44] = 2,
  map[91] = 1;  // three regions of one pixel above the quantile, 0
  const auto places = spatial_maxima(map, 10, Mode::kCorrected);
  EXPECT_EQ(places, (std::vector<Pixel>{{0, 1}, {4, 4}, {9, 1}}));
}

TEST(Summary, AHoleCountsAsARegionOnlyInModeReference) {
  std::vector<float> map(400);
  for (std::size_t i = 5; i <= 9; ++i) map[100 + i] = map[180 + i] = map[i * 20 + 5] = map[i * 20 + 9] = 1;
  EXPECT_EQ(spatial_maxima(map, 20, Mode::kReference).size(), 2u);
  EXPECT_EQ(spatial_maxima(map, 20, Mode::kCorrected).size(), 1u);
}

}  // namespace
}  // namespace wcam
