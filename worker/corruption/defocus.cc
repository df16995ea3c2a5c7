// What a lens out of focus does.
#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "worker/base/widest.h"
#include "worker/corruption/elementary.h"
#include "worker/corruption/kinds.h"
#include "worker/corruption/parameters.h"

namespace wcam {

namespace {

// sums[i] += (upper[i] - lower[i]) * weight. Running sums may wrap round, their differences come out right.
WCAM_WIDEST void add_run(double* __restrict sums, const std::uint32_t* upper, const std::uint32_t* lower,
                         double weight, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    sums[i] += static_cast<double>(static_cast<std::int32_t>(upper[i] - lower[i])) * weight;
}

// Index reflected into [0, size) without repeating the edge: -1 is 1, size is size - 2.
int reflect_inside(int index, int size) {
  if (size == 1) return 0;
  const int period = 2 * (size - 1);
  const int phase = ((index % period) + period) % period;
  return std::min(phase, period - phase);
}

// A row of a kernel that is symmetric left to right, as nested runs: the weight at distance d is the sum of
// the steps of all runs with reach >= d. Inside a disk the weights are equal, so a few runs do for 21
// weights, and each costs one difference of running sums.
struct Run {
  int reach;
  double step;
};

std::vector<Run> runs_of(const float* row, int radius) {
  std::vector<Run> runs;
  double outside = 0;
  for (int d = radius; d >= 0; --d) {
    const double weight = row[radius + d];
    if (weight != outside) runs.push_back({d, weight - outside});
    outside = weight;
  }
  return runs;
}

struct Kernel {
  int radius = 0;
  std::vector<float> weights;  // [2 radius + 1] squared, symmetric in both directions

  int side() const { return 2 * radius + 1; }
  float* row(int r) { return weights.data() + static_cast<std::ptrdiff_t>(r) * side(); }
  const float* row(int r) const { return weights.data() + static_cast<std::ptrdiff_t>(r) * side(); }
};

// Gaussian of `taps` taps along one axis; float32, as in the published kernel.
void soften(Kernel& kernel, const std::vector<float>& taps, bool along_rows) {
  const Kernel before = kernel;
  const int side = kernel.side();
  for (int r = 0; r < side; ++r)
    for (int c = 0; c < side; ++c) {
      const auto sample = [&](int offset) {
        return along_rows ? before.row(r)[reflect_inside(c + offset, side)]
                          : before.row(reflect_inside(r + offset, side))[c];
      };
      float sum = sample(0) * taps[0];
      for (int k = 1; k < static_cast<int>(taps.size()); ++k)
        sum += (sample(-k) + sample(k)) * taps[static_cast<std::size_t>(k)];
      kernel.row(r)[c] = sum;
    }
}

std::vector<float> softening_taps(int reach, double sigma) {
  std::vector<double> exact;
  double sum = 0;
  for (int k = 0; k <= reach; ++k) {
    exact.push_back(exp_of_minus(0.5 / (sigma * sigma) * (k * k)));
    sum += k == 0 ? exact.back() : 2 * exact.back();
  }
  std::vector<float> taps(exact.size());
  std::transform(exact.begin(), exact.end(), taps.begin(),
                 [=](double tap) { return static_cast<float>(tap / sum); });
  return taps;
}

// A disk of equal weights, its edge softened. Up to radius 8 the published kernel is 17 x 17 and softened
// over 3 x 3 pixels, above it just holds the disk and is softened over 5 x 5; what would spill out is
// reflected.
Kernel disk_kernel(const Disk& disk) {
  const bool small = disk.radius <= 8;
  Kernel kernel;
  kernel.radius = small ? 8 : disk.radius;
  std::size_t inside = 0;
  for (int y = -kernel.radius; y <= kernel.radius; ++y)
    for (int x = -kernel.radius; x <= kernel.radius; ++x) {
      const bool within = x * x + y * y <= disk.radius * disk.radius;
      inside += within ? 1U : 0U;
      kernel.weights.push_back(within ? 1.0F : 0.0F);
    }
  for (float& weight : kernel.weights) weight /= static_cast<float>(inside);
  const std::vector<float> taps = softening_taps(small ? 1 : 2, disk.softening);
  soften(kernel, taps, true);
  soften(kernel, taps, false);
  return kernel;
}

// sums[x] over all pixels of a row before x, channel by channel, the row reflected by `radius` pixels at both
// ends.
std::vector<std::uint32_t> running_sums(const RgbImage& image, int row, int radius) {
  std::vector<std::uint32_t> sums(3, 0);
  sums.reserve(static_cast<std::size_t>(image.cols + 2 * radius + 1) * 3);
  for (int x = -radius; x < image.cols + radius; ++x) {
    const std::uint8_t* pixel =
        image.row(row) + static_cast<std::ptrdiff_t>(reflect_inside(x, image.cols)) * 3;
    for (int c = 0; c < 3; ++c) sums.push_back(sums[sums.size() - 3] + pixel[c]);
  }
  return sums;
}

RgbImage convolve(const RgbImage& image, const Kernel& kernel) {
  const int radius = kernel.radius;
  std::vector<std::vector<Run>> runs;  // by distance of the kernel's row from its centre
  for (int d = 0; d <= radius; ++d) runs.push_back(runs_of(kernel.row(radius + d), radius));
  std::vector<std::vector<std::uint32_t>> sums_of;
  sums_of.reserve(static_cast<std::size_t>(image.rows));
  for (int r = 0; r < image.rows; ++r) sums_of.push_back(running_sums(image, r, radius));

  RgbImage result = blank_image(image.rows, image.cols);
  const std::size_t count = static_cast<std::size_t>(image.cols) * 3;
  std::vector<double> sums(count);
  std::vector<std::uint32_t> both(sums_of.front().size());
  for (int r = 0; r < image.rows; ++r) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (int d = 0; d <= radius; ++d) {
      // The rows above and below have the same weights: their running sums are added first.
      const auto& above = sums_of[static_cast<std::size_t>(reflect_inside(r - d, image.rows))];
      const auto& below = sums_of[static_cast<std::size_t>(reflect_inside(r + d, image.rows))];
      if (d == 0)
        both = above;
      else
        std::transform(above.begin(), above.end(), below.begin(), both.begin(), std::plus<>());
      for (const auto& [reach, step] : runs[static_cast<std::size_t>(d)])
        add_run(sums.data(), both.data() + std::ptrdiff_t{radius + reach + 1} * 3,
                both.data() + std::ptrdiff_t{radius - reach} * 3, step, count);
    }
    std::transform(sums.begin(), sums.end(), result.row(r),
                   [](double sum) { return static_cast<std::uint8_t>(std::clamp(sum, 0.0, 255.0)); });
  }
  return result;
}

}  // namespace

RgbImage defocus_blur(const RgbImage& image, int severity, RandomStream&) {
  return convolve(image, disk_kernel(at_severity(kDefocusBlur, severity)));
}

}  // namespace wcam
