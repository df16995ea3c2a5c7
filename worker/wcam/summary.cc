#include "worker/wcam/summary.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "common/study/wcam_map.h"
#include "worker/images/spatial_maxima.h"

namespace wcam {

namespace {

double sum_over(std::span<const float> map, int side, int row, int col, int rows, int cols) {
  double sum = 0;
  for (int y = row; y < row + rows; ++y)
    for (int x = col; x < col + cols; ++x)
      sum += static_cast<double>(
          map[static_cast<std::size_t>(y) * static_cast<std::size_t>(side) + static_cast<std::size_t>(x)]);
  return sum;
}

std::vector<float> divided_by_sum(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  std::vector<float> shares;
  shares.reserve(values.size());
  for (const double value : values) shares.push_back(sum == 0 ? 0 : static_cast<float>(value / sum));
  return shares;
}

// Each index spread evenly over its cell's pixels, `per_cell` [side * side], or repeated on them,
// `per_pixel`; without those of a kept or dropped approximation.
struct PixelMaps {
  std::vector<float> per_cell, per_pixel;
};

PixelMaps pixel_maps(std::span<const float> indices, const WcamSettings& s, int side) {
  const int block = s.approximation == Approximation::kPerturb ? 0 : side >> s.levels;
  const auto cell_at = [&](int y, int x) {
    return static_cast<std::size_t>(y * s.grid / side) * static_cast<std::size_t>(s.grid) +
           static_cast<std::size_t>(x * s.grid / side);
  };
  std::vector<double> pixels(indices.size());
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x)
      if (y >= block || x >= block) ++pixels[cell_at(y, x)];
  PixelMaps maps;
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x) {
      const bool counts = y >= block || x >= block;
      const std::size_t cell = cell_at(y, x);
      maps.per_pixel.push_back(counts ? indices[cell] : 0);
      maps.per_cell.push_back(counts ? static_cast<float>(static_cast<double>(indices[cell]) / pixels[cell])
                                     : 0);
    }
  return maps;
}

// Sum over each subband, in the order of subbands().
std::vector<double> subband_sums(std::span<const float> map, int side, int levels) {
  std::vector<double> sums;
  for (const Subband& band : subbands(side, levels))
    sums.push_back(sum_over(map, side, band.row, band.col, band.side, band.side));
  return sums;
}

std::vector<float> level_share(std::span<const float> per_cell, int side, int levels) {
  const auto sums = subband_sums(per_cell, side, levels);
  std::vector<double> by_level{sums[0]};
  for (std::size_t i = 1; i < sums.size(); i += 3) by_level.push_back(sums[i] + sums[i + 1] + sums[i + 2]);
  return divided_by_sum(by_level);
}

std::vector<float> published_contributions(std::span<const float> map, int side, int levels) {
  std::vector<double> means;
  for (int level = levels + 1; level >= 1; --level) {
    const int low = side >> level, high = side >> (level - 1);
    const double sum = sum_over(map, side, 0, 0, high, high) - sum_over(map, side, 0, 0, low, low);
    means.push_back(sum / (high * high - low * low));
  }
  return divided_by_sum(means);
}

std::vector<float> published_profile(std::span<const float> map, int side, int levels) {
  const int smooth = side >> levels;
  const auto mean = [&](int row, int col, int block) {
    return static_cast<float>(sum_over(map, side, row, col, block, block) / (block * block));
  };
  std::vector<float> profile{
      static_cast<float>(sum_over(map, side, 0, 0, 2 * smooth, 2 * smooth) / (smooth * smooth))};
  for (int block = 2 * smooth; block < side; block *= 2) {
    profile.push_back(mean(0, block, block));
    profile.push_back(mean(block, block, block));
    profile.push_back(mean(block, 0, block));
  }
  return profile;
}

double distance(double row, double col, const Pixel& place) {
  return std::hypot(row - place.row, col - place.col);
}

double published_spread(const std::vector<Pixel>& places) {
  if (places.size() < 2) return 0;
  double row = 0, col = 0;
  for (const Pixel& place : places) row += place.row, col += place.col;
  row /= static_cast<double>(places.size());
  col /= static_cast<double>(places.size());
  std::vector<double> distances;
  distances.reserve(places.size());
  for (const Pixel& place : places) distances.push_back(distance(row, col, place));
  std::partial_sort(distances.begin(), distances.begin() + 2, distances.end(), std::greater<>());
  return distances[0] + distances[1];
}

double largest_distance(const std::vector<Pixel>& places) {
  double largest = 0;
  for (const Pixel& a : places)
    for (const Pixel& b : places) largest = std::max(largest, distance(a.row, a.col, b));
  return largest;
}

}  // namespace

Summary summarise(std::span<const float> indices, const WcamSettings& s, int side) {
  Summary summary;
  const PixelMaps maps = pixel_maps(indices, s, side);
  summary.level_share = level_share(maps.per_cell, side, s.levels);
  const auto places = spatial_maxima(spatial_map(indices, s.grid, side, s.levels, s.mode), side, s.mode);
  if (s.mode == Mode::kReference) {
    const std::vector<float> map = upsample_bicubic(indices, s.grid, side);
    const int smooth = side >> s.levels;
    const double all = sum_over(map, side, 0, 0, side, side);
    summary.level_contributions = published_contributions(map, side, s.levels);
    summary.spectral_profile = published_profile(map, side, s.levels);
    summary.robustness_margin =
        all == 0 ? 0 : static_cast<float>(100 * sum_over(map, side, 0, 0, smooth, smooth) / all);
    summary.spatial_spread = static_cast<float>(published_spread(places));
    return summary;
  }
  summary.level_contributions = summary.level_share;
  const auto sums = subband_sums(maps.per_pixel, side, s.levels);
  const auto bands = subbands(side, s.levels);
  for (std::size_t i = 0; i < bands.size(); ++i)
    summary.spectral_profile.push_back(static_cast<float>(sums[i] / (bands[i].side * bands[i].side)));
  summary.robustness_margin = s.approximation == Approximation::kPerturb
                                  ? 100 * summary.level_share[0]
                                  : std::numeric_limits<float>::quiet_NaN();
  summary.spatial_spread = static_cast<float>(largest_distance(places));
  return summary;
}

}  // namespace wcam
