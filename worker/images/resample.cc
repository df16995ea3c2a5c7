#include "worker/images/resample.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace wcam {

namespace {

// 32 bits less 8 for the pixel and 2 for the sum's overshoot.
constexpr int kFractionBits = 22;

// Output pixel i is the sum of weights[i * width + k] * input[first[i] + k] for k < count[i].
struct Taps {
  int width = 0;
  std::vector<int> first, count;
  std::vector<std::int32_t> weights;

  const std::int32_t* of(int i) const { return weights.data() + static_cast<std::ptrdiff_t>(i) * width; }
};

double half_width(Filter filter) { return filter == Filter::kBox ? 0.5 : 1.0; }

double response(Filter filter, double x) {
  if (filter == Filter::kBox) return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
  return std::max(0.0, 1.0 - std::abs(x));
}

std::int32_t to_fixed(double weight) {
  return static_cast<std::int32_t>(std::lround(weight * (1 << kFractionBits)));
}

Taps make_taps(int in, int out, Filter filter) {
  const double step = static_cast<double>(in) / out;
  const double widening = std::max(step, 1.0);
  const double reach = half_width(filter) * widening;
  const double narrowing = 1.0 / widening;  // multiplied, not divided, as in Pillow: the last bit counts
  Taps taps;
  taps.width = static_cast<int>(std::ceil(reach)) * 2 + 1;
  taps.weights.assign(static_cast<std::size_t>(out) * static_cast<std::size_t>(taps.width), 0);
  std::vector<double> exact(static_cast<std::size_t>(taps.width));
  for (int i = 0; i < out; ++i) {
    const double centre = (i + 0.5) * step;
    const int first = std::max(static_cast<int>(std::floor(centre - reach + 0.5)), 0);
    const int count = std::min(static_cast<int>(std::floor(centre + reach + 0.5)), in) - first;
    std::int32_t* weights = taps.weights.data() + static_cast<std::ptrdiff_t>(i) * taps.width;
    double sum = 0;
    for (int k = 0; k < count; ++k)
      sum += exact[static_cast<std::size_t>(k)] = response(filter, (k + first - centre + 0.5) * narrowing);
    for (int k = 0; k < count; ++k)
      weights[k] = to_fixed(sum == 0 ? 0 : exact[static_cast<std::size_t>(k)] / sum);
    taps.first.push_back(first);
    taps.count.push_back(count);
  }
  return taps;
}

std::uint8_t to_byte(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

constexpr std::int32_t kHalf = 1 << (kFractionBits - 1);

RgbImage resample_rows(const RgbImage& image, int cols, Filter filter) {
  const Taps taps = make_taps(image.cols, cols, filter);
  RgbImage result = blank_image(image.rows, cols);
  for (int r = 0; r < image.rows; ++r) {
    std::uint8_t* out = result.row(r);
    for (int i = 0; i < cols; ++i, out += 3) {
      const std::uint8_t* in =
          image.row(r) + static_cast<std::ptrdiff_t>(taps.first[static_cast<std::size_t>(i)]) * 3;
      const std::int32_t* weight = taps.of(i);
      std::int32_t red = kHalf, green = kHalf, blue = kHalf;
      for (int k = 0; k < taps.count[static_cast<std::size_t>(i)]; ++k, in += 3) {
        red += weight[k] * in[0];
        green += weight[k] * in[1];
        blue += weight[k] * in[2];
      }
      out[0] = to_byte(red);
      out[1] = to_byte(green);
      out[2] = to_byte(blue);
    }
  }
  return result;
}

RgbImage resample_columns(const RgbImage& image, int rows, Filter filter) {
  const Taps taps = make_taps(image.rows, rows, filter);
  RgbImage result = blank_image(rows, image.cols);
  std::vector<std::int32_t> sums(static_cast<std::size_t>(image.cols) * 3);
  for (int i = 0; i < rows; ++i) {
    std::fill(sums.begin(), sums.end(), kHalf);
    for (int k = 0; k < taps.count[static_cast<std::size_t>(i)]; ++k) {
      const std::uint8_t* in = image.row(taps.first[static_cast<std::size_t>(i)] + k);
      const std::int32_t weight = taps.of(i)[k];
      for (std::size_t x = 0; x < sums.size(); ++x) sums[x] += weight * in[x];
    }
    std::transform(sums.begin(), sums.end(), result.row(i), to_byte);
  }
  return result;
}

void check_sides(const RgbImage& image, int rows, int cols) {
  if (rows < 1 || cols < 1 || image.rows < 1 || image.cols < 1)
    throw std::invalid_argument("cannot resize " + std::to_string(image.cols) + " x " +
                                std::to_string(image.rows) + " to " + std::to_string(cols) + " x " +
                                std::to_string(rows) + " pixels: every side must be at least 1");
}

// Pillow adds up the step instead of multiplying; on exact halves the two may differ by one pixel.
std::vector<int> nearest_indices(int in, int out) {
  const double step = static_cast<double>(in) / out;
  std::vector<int> indices;
  double position = step * 0.5;
  for (int i = 0; i < out; ++i, position += step)
    indices.push_back(std::min(static_cast<int>(position), in - 1));
  return indices;
}

}  // namespace

RgbImage resample(const RgbImage& image, int rows, int cols, Filter filter) {
  check_sides(image, rows, cols);
  if (cols == image.cols && rows == image.rows) return image;
  if (cols == image.cols) return resample_columns(image, rows, filter);
  const RgbImage narrowed = resample_rows(image, cols, filter);
  return rows == image.rows ? narrowed : resample_columns(narrowed, rows, filter);
}

RgbImage resample_nearest(const RgbImage& image, int rows, int cols) {
  check_sides(image, rows, cols);
  const std::vector<int> from_row = nearest_indices(image.rows, rows),
                         from_col = nearest_indices(image.cols, cols);
  RgbImage result = blank_image(rows, cols);
  for (int r = 0; r < rows; ++r) {
    const std::uint8_t* in = image.row(from_row[static_cast<std::size_t>(r)]);
    std::uint8_t* out = result.row(r);
    for (const int c : from_col) out = std::copy_n(in + static_cast<std::ptrdiff_t>(c) * 3, 3, out);
  }
  return result;
}

}  // namespace wcam
