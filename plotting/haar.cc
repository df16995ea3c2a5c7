#include "plotting/haar.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace wcam {

namespace {

void check_square(std::size_t values, int side, int levels) {
  if (levels < 0 || levels > 15 || side < 1 || side % (1 << levels) != 0 ||
      values != static_cast<std::size_t>(side) * static_cast<std::size_t>(side))
    throw std::invalid_argument("haar: " + std::to_string(values) + " values, side " + std::to_string(side) +
                                ", levels " + std::to_string(levels));
}

// Takes each 2 x 2 block of `from`, in quadrants or in place, to the other form: the transform is its own
// transpose but for where its values lie.
template <typename IndexFrom, typename IndexTo>
void step(std::span<const double> from, std::span<double> to, int half, IndexFrom at_from, IndexTo at_to) {
  for (int y = 0; y < half; ++y)
    for (int x = 0; x < half; ++x) {
      const double p = from[at_from(y, x, 0, 0)], q = from[at_from(y, x, 0, 1)],
                   r = from[at_from(y, x, 1, 0)], s = from[at_from(y, x, 1, 1)];
      to[at_to(y, x, 0, 0)] = (p + q + r + s) / 2;
      to[at_to(y, x, 0, 1)] = (p - q + r - s) / 2;
      to[at_to(y, x, 1, 0)] = (p + q - r - s) / 2;
      to[at_to(y, x, 1, 1)] = (p - q - r + s) / 2;
    }
}

struct InBlocks {
  int side;
  std::size_t operator()(int y, int x, int row, int col) const {
    return static_cast<std::size_t>((2 * y + row) * side + 2 * x + col);
  }
};
struct InQuadrants {
  int side, half;
  std::size_t operator()(int y, int x, int row, int col) const {
    return static_cast<std::size_t>((y + row * half) * side + x + col * half);
  }
};

std::vector<double> plane_of(std::span<const std::uint8_t> rgb, std::size_t channel, double mean,
                             double std) {
  std::vector<double> plane(rgb.size() / 3);
  for (std::size_t i = 0; i < plane.size(); ++i) plane[i] = (rgb[3 * i + channel] / 255.0 - mean) / std;
  return plane;
}

void apply(std::span<const float> mask, std::vector<double>& coefficients, int side,
           const WcamSettings& settings) {
  const int smooth = side >> settings.levels;
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x) {
      const int row = y * settings.grid / side, col = x * settings.grid / side;
      double weight = static_cast<double>(mask[static_cast<std::size_t>(row * settings.grid + col)]);
      if (y < smooth && x < smooth && settings.approximation != Approximation::kPerturb)
        weight = settings.approximation == Approximation::kKeep ? 1 : 0;
      coefficients[static_cast<std::size_t>(y * side + x)] *= weight;
    }
}

}  // namespace

std::vector<double> haar_forward(std::span<const double> values, int side, int levels) {
  check_square(values.size(), side, levels);
  std::vector<double> now(values.begin(), values.end()), next = now;
  for (int half = side / 2, level = 0; level < levels; ++level, half /= 2) {
    step(now, next, half, InBlocks{side}, InQuadrants{side, half});
    now = next;
  }
  return now;
}

std::vector<double> haar_inverse(std::span<const double> coefficients, int side, int levels) {
  check_square(coefficients.size(), side, levels);
  std::vector<double> now(coefficients.begin(), coefficients.end()), next = now;
  for (int half = side >> levels, level = 0; level < levels; ++level, half *= 2) {
    step(now, next, half, InQuadrants{side, half}, InBlocks{side});
    now = next;
  }
  return now;
}

std::vector<std::uint8_t> rebuild(std::span<const std::uint8_t> rgb, int side, std::span<const float> mask,
                                  const WcamSettings& settings, const std::array<double, 3>& mean,
                                  const std::array<double, 3>& std) {
  const bool reference = settings.mode == Mode::kReference;
  std::array<std::vector<double>, 3> planes;
  double least = 0, most = 1;
  for (std::size_t channel = 0; channel < 3; ++channel) {
    const std::vector<double> plane =
        plane_of(rgb, channel, reference ? mean[channel] : 0, reference ? std[channel] : 1);
    std::vector<double> coefficients = haar_forward(plane, side, settings.levels);
    apply(mask, coefficients, side, settings);
    planes[channel] = haar_inverse(coefficients, side, settings.levels);
    if (!reference) continue;
    const auto [low, high] = std::minmax_element(planes[channel].begin(), planes[channel].end());
    least = channel == 0 ? *low : std::min(least, *low);
    most = channel == 0 ? *high : std::max(most, *high);
  }
  std::vector<std::uint8_t> result(rgb.size());
  for (std::size_t i = 0; i < result.size(); ++i) {
    const double share = most > least ? (planes[i % 3][i / 3] - least) / (most - least) : 0;
    const double level = 255 * std::clamp(share, 0.0, 1.0);
    result[i] = static_cast<std::uint8_t>(reference ? level : std::round(level));
  }
  return result;
}

}  // namespace wcam
