// Compiled with -O3 -ffp-contract=off (worker/CMakeLists.txt) and cloned for three instruction sets, chosen
// when the program starts. An image's three planes (602 kB at 224 x 224) stay in the second-level cache
// throughout.
#include "worker/reconstruction_cpu.h"

#include <algorithm>
#include <cstddef>
#include <limits>

#define WCAM_CLONES __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))

namespace wcam {

namespace {

constexpr std::size_t kLanes = 16;

// Two rows of one level: out of n smooth values and 3 n details come 2 rows of 2 n.
WCAM_CLONES void invert_row(const float* __restrict smooth, const float* __restrict along_w,
                            const float* __restrict along_h, const float* __restrict both,
                            const float* __restrict mask_w, const float* __restrict mask_h,
                            const float* __restrict mask_both, float* __restrict upper,
                            float* __restrict lower, std::size_t n) {
  for (std::size_t x = 0; x < n; ++x) {
    const float w = along_w[x] * mask_w[x], h = along_h[x] * mask_h[x], b = both[x] * mask_both[x];
    const float left = smooth[x] + w, right = smooth[x] - w, left_step = h + b, right_step = h - b;
    upper[2 * x] = left + left_step;
    upper[2 * x + 1] = right + right_step;
    lower[2 * x] = left - left_step;
    lower[2 * x + 1] = right - right_step;
  }
}

WCAM_CLONES void multiply(const float* __restrict a, const float* __restrict b, float* __restrict out,
                          std::size_t n) {
  for (std::size_t x = 0; x < n; ++x) out[x] = a[x] * b[x];
}

// Smallest and largest of n values, in kLanes running lanes.
WCAM_CLONES void extend(const float* __restrict values, std::size_t n, float* __restrict low,
                        float* __restrict high) {
  float least[kLanes], most[kLanes];
  for (std::size_t k = 0; k < kLanes; ++k) least[k] = low[k], most[k] = high[k];
  std::size_t x = 0;
  for (; x + kLanes <= n; x += kLanes)
    for (std::size_t k = 0; k < kLanes; ++k) {
      const float v = values[x + k];
      least[k] = v < least[k] ? v : least[k];
      most[k] = v > most[k] ? v : most[k];
    }
  for (; x < n; ++x) {
    least[0] = values[x] < least[0] ? values[x] : least[0];
    most[0] = values[x] > most[0] ? values[x] : most[0];
  }
  for (std::size_t k = 0; k < kLanes; ++k) low[k] = least[k], high[k] = most[k];
}

struct Finish {
  float low, to_grey;  // of the 8-bit step
  std::array<float, 3> scale, shift;
};

WCAM_CLONES void interleave(const float* __restrict red, const float* __restrict green,
                            const float* __restrict blue, float* __restrict out, std::size_t n,
                            const Finish& finish) {
  const Finish f = finish;
  for (std::size_t x = 0; x < n; ++x) {
    out[3 * x] = red[x] * f.scale[0] + f.shift[0];
    out[3 * x + 1] = green[x] * f.scale[1] + f.shift[1];
    out[3 * x + 2] = blue[x] * f.scale[2] + f.shift[2];
  }
}

inline float grey(float value, float low, float to_grey) {
  const float scaled = (value - low) * to_grey;
  return static_cast<float>(static_cast<int>(scaled < 255.0F ? scaled : 255.0F));
}

WCAM_CLONES void interleave_eight_bit(const float* __restrict red, const float* __restrict green,
                                      const float* __restrict blue, float* __restrict out, std::size_t n,
                                      const Finish& finish) {
  const Finish f = finish;
  for (std::size_t x = 0; x < n; ++x) {
    out[3 * x] = grey(red[x], f.low, f.to_grey) * f.scale[0] + f.shift[0];
    out[3 * x + 1] = grey(green[x], f.low, f.to_grey) * f.scale[1] + f.shift[1];
    out[3 * x + 2] = grey(blue[x], f.low, f.to_grey) * f.scale[2] + f.shift[2];
  }
}

// Each row of cells, stretched to `side` columns.
void stretch(const FusedReconstruction& plan, const float* mask, std::vector<float>& rows) {
  const auto side = static_cast<std::size_t>(plan.side), grid = static_cast<std::size_t>(plan.grid);
  for (std::size_t row = 0; row < grid; ++row)
    for (std::size_t x = 0; x < side; ++x)
      rows[row * side + x] = mask[row * grid + static_cast<std::size_t>(plan.cell_of_pixel[x])];
}

}  // namespace

void FusedScratch::fit(const FusedReconstruction& plan) {
  const auto side = static_cast<std::size_t>(plan.side), grid = static_cast<std::size_t>(plan.grid);
  masks.resize((grid + 1) * side);
  std::fill(masks.end() - plan.side, masks.end(), 1.0F);
  planes.resize(3 * side * side);
  for (auto& half : smooth) half.resize(side * side / 4);
}

void reconstruct_fused(const FusedReconstruction& plan, const float* mask, FusedScratch& scratch,
                       float* out) {
  const auto side = static_cast<std::size_t>(plan.side);
  stretch(plan, mask, scratch.masks);
  const auto mask_row = [&](std::size_t y) {
    return scratch.masks.data() + static_cast<std::size_t>(plan.cell_of_pixel[y]) * side;
  };
  const float* ones = scratch.masks.data() + static_cast<std::size_t>(plan.grid) * side;

  float low[kLanes], high[kLanes];
  std::fill(low, low + kLanes, std::numeric_limits<float>::infinity());
  std::fill(high, high + kLanes, -std::numeric_limits<float>::infinity());
  for (std::size_t channel = 0; channel < 3; ++channel) {
    const float* plane = plan.coefficients.data() + channel * side * side;
    std::size_t n = side >> plan.levels;
    float* smooth = scratch.smooth[0].data();
    for (std::size_t y = 0; y < n; ++y)
      multiply(plane + y * side, plan.keep_approximation ? ones : mask_row(y), smooth + y * n, n);
    for (int level = plan.levels; level >= 1; --level, n *= 2) {
      const bool last = level == 1;
      float* target = last ? scratch.planes.data() + channel * side * side
                           : scratch.smooth[static_cast<std::size_t>((plan.levels - level + 1) % 2)].data();
      for (std::size_t y = 0; y < n; ++y) {
        const float* upper_row = plane + y * side;
        const float* lower_row = plane + (n + y) * side;
        float* two_rows = target + 4 * n * y;
        invert_row(smooth + y * n, upper_row + n, lower_row, lower_row + n, mask_row(y) + n, mask_row(n + y),
                   mask_row(n + y) + n, two_rows, two_rows + 2 * n, n);
        if (last && plan.eight_bit) extend(two_rows, 4 * n, low, high);
      }
      smooth = target;
    }
  }

  Finish finish{0, 0, plan.scale, plan.shift};
  if (plan.eight_bit) {
    finish.low = *std::min_element(low, low + kLanes);
    const float range = *std::max_element(high, high + kLanes) - finish.low;
    finish.to_grey = range > 0 ? 255.0F / range : 0.0F;
  }
  const float* planes = scratch.planes.data();
  for (std::size_t y = 0; y < side; ++y)
    (plan.eight_bit ? interleave_eight_bit : interleave)(planes + y * side, planes + (side + y) * side,
                                                         planes + (2 * side + y) * side, out + 3 * side * y,
                                                         side, finish);
}

}  // namespace wcam
