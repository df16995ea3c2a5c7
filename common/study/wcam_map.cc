#include "common/study/wcam_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>

namespace wcam {

namespace {

// Where one pixel of the result takes its value along one axis.
struct Taps {
  std::array<std::size_t, 4> index;
  std::array<double, 4> weight;
};

Taps taps_at(int pixel, int grid, int side) {
  constexpr double a = -0.75;
  const double position = (pixel + 0.5) * grid / side - 0.5;
  const double floor = std::floor(position), t = position - floor, u = 1 - t;
  Taps taps{};
  for (int k = 0; k < 4; ++k)
    taps.index[static_cast<std::size_t>(k)] =
        static_cast<std::size_t>(std::clamp(static_cast<int>(floor) + k - 1, 0, grid - 1));
  // Kernel at distances 1 + t, t, u, 1 + u; the last so that the weights sum to 1.
  taps.weight[0] = ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a;
  taps.weight[1] = ((a + 2) * t - (a + 3)) * t * t + 1;
  taps.weight[2] = ((a + 2) * u - (a + 3)) * u * u + 1;
  taps.weight[3] = 1 - taps.weight[0] - taps.weight[1] - taps.weight[2];
  return taps;
}

void check_sizes(const std::string& name, std::size_t values, int grid, int side) {
  if (grid >= 1 && side >= 1 && values == static_cast<std::size_t>(grid) * static_cast<std::size_t>(grid))
    return;
  throw std::invalid_argument(name + ": " + std::to_string(values) + " values, grid " + std::to_string(grid) +
                              ", side " + std::to_string(side));
}

}  // namespace

std::vector<float> upsample_bicubic(std::span<const float> values, int grid, int side) {
  check_sizes("upsample_bicubic", values.size(), grid, side);
  const auto g = static_cast<std::size_t>(grid), s = static_cast<std::size_t>(side);
  std::vector<Taps> taps;
  taps.reserve(s);
  for (int pixel = 0; pixel < side; ++pixel) taps.push_back(taps_at(pixel, grid, side));

  std::vector<double> wide(g * s);  // [grid, side]: rows of the grid, stretched
  for (std::size_t row = 0; row < g; ++row)
    for (std::size_t x = 0; x < s; ++x)
      for (std::size_t k = 0; k < 4; ++k)
        wide[row * s + x] += taps[x].weight[k] * static_cast<double>(values[row * g + taps[x].index[k]]);

  std::vector<float> result(s * s);
  for (std::size_t y = 0; y < s; ++y)
    for (std::size_t x = 0; x < s; ++x) {
      double sum = 0;
      for (std::size_t k = 0; k < 4; ++k) sum += taps[y].weight[k] * wide[taps[y].index[k] * s + x];
      result[y * s + x] = static_cast<float>(sum);
    }
  return result;
}

std::vector<Subband> subbands(int side, int levels) {
  const int smooth = side >> levels;
  std::vector<Subband> all{{0, 0, smooth}};
  for (int block = smooth; block < side; block *= 2) {
    all.push_back({0, block, block});
    all.push_back({block, 0, block});
    all.push_back({block, block, block});
  }
  return all;
}

namespace {

// The block of a square map of `width` values a row.
std::vector<float> cut(std::span<const float> map, int width, const Subband& block) {
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(block.side) * static_cast<std::size_t>(block.side));
  for (int row = block.row; row < block.row + block.side; ++row) {
    const auto first = map.subspan(
        static_cast<std::size_t>(row) * static_cast<std::size_t>(width) + static_cast<std::size_t>(block.col),
        static_cast<std::size_t>(block.side));
    values.insert(values.end(), first.begin(), first.end());
  }
  return values;
}

}  // namespace

std::vector<float> upsample_nearest(std::span<const float> values, int grid, int side) {
  check_sizes("upsample_nearest", values.size(), grid, side);
  std::vector<float> map;
  map.reserve(static_cast<std::size_t>(side) * static_cast<std::size_t>(side));
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x)
      map.push_back(values[static_cast<std::size_t>(y * grid / side) * static_cast<std::size_t>(grid) +
                           static_cast<std::size_t>(x * grid / side)]);
  return map;
}

std::vector<float> spatial_map(std::span<const float> indices, int grid, int side, int levels, Mode mode) {
  check_sizes("spatial_map", indices.size(), grid, side);
  const std::vector<float> map = mode == Mode::kReference ? upsample_bicubic(indices, grid, side)
                                                          : upsample_nearest(indices, grid, side);
  std::vector<float> sum(map.size());
  for (const Subband& band : subbands(side, levels)) {
    const auto whole = [&](int pixels) { return pixels * grid % side == 0; };
    const bool own_cells = mode == Mode::kCorrected && whole(band.row) && whole(band.col) && whole(band.side);
    const Subband cells{band.row * grid / side, band.col * grid / side, band.side * grid / side};
    const std::vector<float> stretched = own_cells
                                             ? upsample_bicubic(cut(indices, grid, cells), cells.side, side)
                                             : upsample_bicubic(cut(map, side, band), band.side, side);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += stretched[i];
  }
  return sum;
}

}  // namespace wcam
