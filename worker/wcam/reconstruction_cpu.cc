// Compiled with options of its own (worker/CMakeLists.txt) and cloned for three instruction sets, chosen
// when the program starts. An image's three planes (602 kB at 224 x 224) stay in the second-level cache
// throughout.
#include "worker/wcam/reconstruction_cpu.h"

#include <algorithm>
#include <cstddef>
#include <limits>

#include "worker/base/widest.h"

namespace wcam {

namespace {

// Two rows of one level: out of n smooth values and 3 n details come 2 rows of 2 n.
WCAM_WIDEST void invert_row(const float* __restrict smooth, const float* __restrict along_w,
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

WCAM_WIDEST void multiply(const float* __restrict a, const float* __restrict b, float* __restrict out,
                          std::size_t n) {
  for (std::size_t x = 0; x < n; ++x) out[x] = a[x] * b[x];
}

// Running minimum and maximum of each column, over two rows: 16 lanes in registers GCC 12 would unroll into
// scalars.
WCAM_WIDEST void extend(const float* __restrict upper, const float* __restrict lower, float* __restrict least,
                        float* __restrict most, std::size_t n) {
  for (std::size_t x = 0; x < n; ++x) {
    const float small = upper[x] < lower[x] ? upper[x] : lower[x];
    const float large = upper[x] < lower[x] ? lower[x] : upper[x];
    least[x] = small < least[x] ? small : least[x];
    most[x] = large > most[x] ? large : most[x];
  }
}

// One row of each channel to one of the batch. One loop does one thing: fused with the next, GCC 12 leaves it
// scalar.
WCAM_WIDEST void interleave(const float* __restrict red, const float* __restrict green,
                            const float* __restrict blue, float* __restrict out, std::size_t n,
                            std::array<float, 3> scale, std::array<float, 3> shift) {
  for (std::size_t x = 0; x < n; ++x) {
    out[3 * x] = red[x] * scale[0] + shift[0];
    out[3 * x + 1] = green[x] * scale[1] + shift[1];
    out[3 * x + 2] = blue[x] * scale[2] + shift[2];
  }
}

// trunc(min(255, (value - low) * to_grey)), in place.
WCAM_WIDEST void truncate(float* __restrict values, std::size_t n, float low, float to_grey) {
  for (std::size_t x = 0; x < n; ++x) {
    float scaled = (values[x] - low) * to_grey;
    scaled = scaled < 255.0F ? scaled : 255.0F;
    values[x] = static_cast<float>(static_cast<int>(scaled));
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
  least.resize(side);
  most.resize(side);
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

  std::fill(scratch.least.begin(), scratch.least.end(), std::numeric_limits<float>::infinity());
  std::fill(scratch.most.begin(), scratch.most.end(), -std::numeric_limits<float>::infinity());
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
        if (last && plan.eight_bit)
          extend(two_rows, two_rows + 2 * n, scratch.least.data(), scratch.most.data(), 2 * n);
      }
      smooth = target;
    }
  }

  float least = 0, to_grey = 0;  // a constant image gives 0
  if (plan.eight_bit) {
    least = *std::min_element(scratch.least.begin(), scratch.least.end());
    const float range = *std::max_element(scratch.most.begin(), scratch.most.end()) - least;
    if (range > 0) to_grey = 255.0F / range;
  }
  for (std::size_t y = 0; y < side; ++y) {
    const auto row = [&](std::size_t channel) { return scratch.planes.data() + (channel * side + y) * side; };
    if (plan.eight_bit)
      for (std::size_t channel = 0; channel < 3; ++channel) truncate(row(channel), side, least, to_grey);
    interleave(row(0), row(1), row(2), out + 3 * side * y, side, plan.scale, plan.shift);
  }
}

}  // namespace wcam
