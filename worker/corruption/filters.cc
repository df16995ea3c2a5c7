#include "worker/corruption/filters.h"

#include <algorithm>
#include <cmath>

#include "worker/base/widest.h"
#include "worker/corruption/elementary.h"

namespace wcam {

namespace {

// sums[i] += (a[i] + b[i]) * weight
WCAM_WIDEST void add_pair(double* __restrict sums, const double* a, const double* b, double weight,
                          std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) sums[i] += (a[i] + b[i]) * weight;
}

// sums[i] += a[i] * weight
WCAM_WIDEST void add_scaled(double* __restrict sums, const double* a, double weight, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) sums[i] += a[i] * weight;
}

// between[i] = a[i] * (1 - share) + b[i] * share
WCAM_WIDEST void interpolate(double* __restrict between, const double* a, const double* b, double share,
                             std::size_t count) {
  const double rest = 1 - share;
  for (std::size_t i = 0; i < count; ++i) between[i] = a[i] * rest + b[i] * share;
}

// quotients[i] = pixels[i] / divisor
WCAM_WIDEST void divide(double* __restrict quotients, const std::uint8_t* pixels, double divisor,
                        std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) quotients[i] = pixels[i] / divisor;
}

// From [0, 1], as to_byte.
WCAM_WIDEST void to_bytes(std::uint8_t* __restrict bytes, const double* values, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    bytes[i] = static_cast<std::uint8_t>(static_cast<int>(std::clamp(values[i], 0.0, 1.0) * 255.0));
}

// From [0, 255].
WCAM_WIDEST void truncate(std::uint8_t* __restrict bytes, const double* values, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    bytes[i] = static_cast<std::uint8_t>(static_cast<int>(std::clamp(values[i], 0.0, 255.0)));
}

// Sum of up to 128 values in numpy's order (eight running sums, then by pairs, then the rest): the last bit
// of the sum of weights decides whether white stays white.
double sum_in_eights(const std::vector<double>& values) {
  const std::size_t whole = values.size() / 8 * 8;
  double sum = 0;
  if (whole > 0) {
    double r[8];
    std::copy_n(values.begin(), 8, r);
    for (std::size_t i = 8; i < whole; ++i) r[i % 8] += values[i];
    sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
  }
  for (std::size_t i = whole; i < values.size(); ++i) sum += values[i];
  return sum;
}

void normalise(std::vector<double>& weights) {
  const double sum = sum_in_eights(weights);
  for (double& weight : weights) weight /= sum;
}

// weights[k] for distance k, up to truncate * sigma.
std::vector<double> gaussian_weights(double sigma, double truncate) {
  const int radius = static_cast<int>(std::floor(truncate * sigma + 0.5));
  std::vector<double> kernel;
  for (int k = -radius; k <= radius; ++k) kernel.push_back(exp_of_minus(0.5 / (sigma * sigma) * (k * k)));
  normalise(kernel);
  return {kernel.begin() + radius, kernel.end()};
}

// Convolution at `count` places with their neighbours: centre first, then pairs from the outside in.
void convolve(double* sums, const std::vector<double>& weights, std::size_t count, const auto& at_offset) {
  const double* centre = at_offset(0);
  for (std::size_t i = 0; i < count; ++i) sums[i] = centre[i] * weights[0];
  for (int k = static_cast<int>(weights.size()) - 1; k >= 1; --k)
    add_pair(sums, at_offset(-k), at_offset(k), weights[static_cast<std::size_t>(k)], count);
}

int inside(int index, int size, Border border) {
  return border == Border::kNearest ? std::clamp(index, 0, size - 1) : reflect(index, size);
}

// A row with room for `before` and `after` pixels around it.
class PaddedRow {
 public:
  PaddedRow(int cols, int channels, int before, int after)
      : cols_(cols),
        channels_(channels),
        before_(before),
        after_(after),
        values_(static_cast<std::size_t>(before + cols + after) * static_cast<std::size_t>(channels)) {}

  double* at(int col) { return values_.data() + static_cast<std::ptrdiff_t>(before_ + col) * channels_; }

  void fill_borders(Border border) {
    for (int c = -before_; c < 0; ++c) std::copy_n(at(inside(c, cols_, border)), channels_, at(c));
    for (int c = cols_; c < cols_ + after_; ++c) std::copy_n(at(inside(c, cols_, border)), channels_, at(c));
  }

 private:
  int cols_, channels_, before_, after_;
  std::vector<double> values_;
};

struct Size {
  int rows, cols, channels;
  std::size_t width() const { return static_cast<std::size_t>(cols) * static_cast<std::size_t>(channels); }
};

// row_at(r) gives the values of a row inside the picture; take(r, values) gets a row of the result, in order.
// Rows reach no farther than the kernel around the one that is taken next.
void filter_rows(const Size& size, const Gaussian& gaussian, const auto& row_at, const auto& take) {
  const std::vector<double> down = gaussian_weights(gaussian.sigma_rows, gaussian.truncate);
  const std::vector<double> along = gaussian_weights(gaussian.sigma_cols, gaussian.truncate);
  const int reach = static_cast<int>(along.size()) - 1;
  PaddedRow row(size.cols, size.channels, reach, reach);
  std::vector<double> result(size.width());
  for (int r = 0; r < size.rows; ++r) {
    convolve(row.at(0), down, size.width(),
             [&](int offset) { return row_at(inside(r + offset, size.rows, gaussian.border)); });
    row.fill_borders(gaussian.border);
    convolve(result.data(), along, size.width(), [&](int offset) { return row.at(offset); });
    take(r, result.data());
  }
}

struct Line {
  struct Tap {
    int down, right;
    double weight;
  };
  std::vector<Tap> taps;
  int before = 0, after = 0;  // columns that taps reach to the left and to the right

  Line(int radius, double sigma, double degrees) {
    const int width = 2 * radius + 1;
    const auto [right, down] = direction(degrees);
    std::vector<double> weights;
    for (int i = 0; i < width; ++i)
      weights.push_back(exp_of_minus(i * i / (2 * sigma * sigma)) / (std::sqrt(2 * M_PI) * sigma));
    normalise(weights);
    for (int i = 0; i < width; ++i) {
      const Tap tap{static_cast<int>(std::ceil(i * down - 0.5)), static_cast<int>(std::ceil(i * right - 0.5)),
                    weights[static_cast<std::size_t>(i)]};
      before = std::max(before, -tap.right);
      after = std::max(after, tap.right);
      taps.push_back(tap);
    }
  }
};

// fill(r, values) gives the values of a row, take(r, values) gets a row of the result, in order.
void blur_rows(const Size& size, const Line& line, const auto& fill, const auto& take) {
  std::vector<PaddedRow> rows;
  rows.reserve(static_cast<std::size_t>(size.rows));
  for (int r = 0; r < size.rows; ++r) {
    rows.emplace_back(size.cols, size.channels, line.before, line.after);
    fill(r, rows.back().at(0));
    rows.back().fill_borders(Border::kNearest);
  }
  std::vector<double> result(size.width());
  for (int r = 0; r < size.rows; ++r) {
    std::fill(result.begin(), result.end(), 0.0);
    for (const auto& tap : line.taps) {
      PaddedRow& row = rows[static_cast<std::size_t>(std::clamp(r + tap.down, 0, size.rows - 1))];
      add_scaled(result.data(), row.at(tap.right), tap.weight, size.width());
    }
    take(r, result.data());
  }
}

// One side of a clipped zoom: for each place of the result the place of the picture before it, and the weight
// of the one after that.
struct Stretch {
  std::vector<int> before, after;
  std::vector<double> share;

  Stretch(int side, double factor) {
    const int centre = static_cast<int>(std::ceil(side / factor)), first = (side - centre) / 2;
    const int out = static_cast<int>(std::nearbyint(centre * factor));  // ties to even, as Python's round()
    const double step = out > 1 ? static_cast<double>(centre - 1) / (out - 1) : 1;
    for (int i = 0; i < out; ++i) {
      const double place = std::min(i * step, centre - 1.0);
      const int whole = static_cast<int>(place);
      before.push_back(first + whole);
      after.push_back(first + std::min(whole + 1, centre - 1));
      share.push_back(place - whole);
    }
  }

  int size() const { return static_cast<int>(before.size()); }
};

template <int kChannels>
void stretch_row(const double* row, const Stretch& stretch, double* result) {
  for (std::size_t i = 0; i < stretch.share.size(); ++i) {
    const double* a = row + static_cast<std::ptrdiff_t>(stretch.before[i]) * kChannels;
    const double* b = row + static_cast<std::ptrdiff_t>(stretch.after[i]) * kChannels;
    const double share = stretch.share[i];
    for (int c = 0; c < kChannels; ++c) *result++ = a[c] * (1 - share) + b[c] * share;
  }
}

}  // namespace

Plane::Plane(int rows_, int cols_, int channels_)
    : rows(rows_),
      cols(cols_),
      channels(channels_),
      values(static_cast<std::size_t>(rows_) * static_cast<std::size_t>(cols_) *
             static_cast<std::size_t>(channels_)) {}

Plane to_plane(const RgbImage& image, double scale) {
  Plane plane(image.rows, image.cols, 3);
  std::transform(image.pixels.begin(), image.pixels.end(), plane.values.begin(),
                 [scale](double pixel) { return pixel / scale; });
  return plane;
}

int reflect(int index, int size) {
  if (index >= 0 && index < size) return index;
  const int phase = ((index % (2 * size)) + 2 * size) % (2 * size);
  return std::min(phase, 2 * size - 1 - phase);
}

Plane gaussian_filter(const Plane& plane, const Gaussian& gaussian) {
  Plane result(plane.rows, plane.cols, plane.channels);
  filter_rows(
      {plane.rows, plane.cols, plane.channels}, gaussian, [&](int r) { return plane.row(r); },
      [&](int r, const double* values) { std::copy_n(values, plane.width(), result.row(r)); });
  return result;
}

RgbImage gaussian_filter(const RgbImage& image, double sigma) {
  const Size size{image.rows, image.cols, 3};
  const Gaussian gaussian{sigma, sigma};
  // Only the rows under the kernel are kept, row r in r % count: all of them in float64 would not fit the
  // cache.
  const std::size_t count = 2 * gaussian_weights(sigma, gaussian.truncate).size() - 1;
  std::vector<std::vector<double>> scaled(count, std::vector<double>(size.width()));
  std::vector<int> holds(count, -1);
  RgbImage result = blank_image(image.rows, image.cols);
  filter_rows(
      size, gaussian,
      [&](int r) {
        const std::size_t place = static_cast<std::size_t>(r) % count;
        if (holds[place] != r) divide(scaled[place].data(), image.row(r), 255, size.width());
        holds[place] = r;
        return scaled[place].data();
      },
      [&](int r, const double* values) { to_bytes(result.row(r), values, size.width()); });
  return result;
}

Plane line_blur(const Plane& plane, int radius, double sigma, double degrees) {
  Plane result(plane.rows, plane.cols, plane.channels);
  blur_rows(
      {plane.rows, plane.cols, plane.channels}, {radius, sigma, degrees},
      [&](int r, double* values) { std::copy_n(plane.row(r), plane.width(), values); },
      [&](int r, const double* values) { std::copy_n(values, plane.width(), result.row(r)); });
  return result;
}

RgbImage line_blur(const RgbImage& image, int radius, double sigma, double degrees) {
  const Size size{image.rows, image.cols, 3};
  RgbImage result = blank_image(image.rows, image.cols);
  blur_rows(
      size, {radius, sigma, degrees},
      [&](int r, double* values) { std::copy_n(image.row(r), size.width(), values); },
      [&](int r, const double* values) { truncate(result.row(r), values, size.width()); });
  return result;
}

Plane clipped_zoom(const Plane& plane, double factor) {
  const Stretch down(plane.rows, factor), along(plane.cols, factor);
  Plane result(down.size(), along.size(), plane.channels);
  // Rows of the picture, enlarged along their columns: a row of the result lies between two of them.
  std::vector<double> stretched[2];
  int holds[2] = {-1, -1};  // which row is in stretched[row % 2]
  const auto stretched_row = [&](int row) {
    auto& kept = stretched[row % 2];
    if (holds[row % 2] != row) {
      kept.resize(result.width());
      (plane.channels == 3 ? stretch_row<3> : stretch_row<1>)(plane.row(row), along, kept.data());
      holds[row % 2] = row;
    }
    return kept.data();
  };
  for (int r = 0; r < result.rows; ++r) {
    const auto i = static_cast<std::size_t>(r);
    interpolate(result.row(r), stretched_row(down.before[i]), stretched_row(down.after[i]), down.share[i],
                result.width());
  }
  return result;
}

}  // namespace wcam
