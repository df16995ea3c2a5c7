// Frost: a piece of a photograph of frosted glass, mixed in.
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "worker/corruption/kinds.h"
#include "worker/corruption/parameters.h"

namespace wcam {

namespace {

// One side of a cubic enlargement: which four places make up place i of the result, and their weights.
struct CubicSample {
  std::array<int, 4> from;
  std::array<double, 4> weight;

  // Pixel centres lie on pixel centres' places, edges are repeated, no smoothing (OpenCV's INTER_CUBIC).
  CubicSample(std::int64_t i, int size, std::int64_t enlarged) {
    const double place = (static_cast<double>(i) + 0.5) * size / static_cast<double>(enlarged) - 0.5,
                 whole = std::floor(place);
    const double t = place - whole;
    for (int k = 0; k < 4; ++k)
      from[static_cast<std::size_t>(k)] = std::clamp(static_cast<int>(whole) - 1 + k, 0, size - 1);
    // R. G. Keys's cubic convolution (IEEE Trans. ASSP 29(6), 1981) with a = -3/4.
    constexpr double a = -0.75;
    const auto near = [](double d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };       // d <= 1
    const auto far = [](double d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };  // 1 <= d <= 2
    weight = {far(t + 1), near(t), near(1 - t), far(2 - t)};
  }
};

std::vector<CubicSample> cubic_samples(std::int64_t first, int count, int size, std::int64_t enlarged) {
  std::vector<CubicSample> samples;
  for (std::int64_t i = first; i < first + count; ++i) samples.emplace_back(i, size, enlarged);
  return samples;
}

// The window at (top, left) of the overlay enlarged to rows x cols, rounded to 8 bits: the rest of the
// enlarged overlay is never made.
RgbImage enlarged_window(const RgbImage& overlay, std::int64_t rows, std::int64_t cols, std::int64_t top,
                         std::int64_t left, const RgbImage& like) {
  const auto down = cubic_samples(top, like.rows, overlay.rows, rows);
  const auto along = cubic_samples(left, like.cols, overlay.cols, cols);
  RgbImage window = blank_image(like.rows, like.cols);
  const int first = along.front().from[0], width = along.back().from[3] - first + 1;
  std::vector<double> column(static_cast<std::size_t>(width) * 3);  // four rows of the overlay in one
  for (int r = 0; r < like.rows; ++r) {
    const auto& [rows_from, rows_weight] = down[static_cast<std::size_t>(r)];
    const std::uint8_t* from[4];
    for (std::size_t k = 0; k < 4; ++k) from[k] = overlay.row(rows_from[k]) + std::ptrdiff_t{3} * first;
    for (std::size_t i = 0; i < column.size(); ++i)
      column[i] = (from[0][i] * rows_weight[0] + from[1][i] * rows_weight[1]) +
                  (from[2][i] * rows_weight[2] + from[3][i] * rows_weight[3]);
    for (int c = 0; c < like.cols; ++c) {
      const auto& [cols_from, cols_weight] = along[static_cast<std::size_t>(c)];
      for (int k = 0; k < 3; ++k) {
        double sum = 0;
        for (std::size_t tap = 0; tap < 4; ++tap)
          sum += column[static_cast<std::size_t>(3 * (cols_from[tap] - first) + k)] * cols_weight[tap];
        window.row(r)[3 * c + k] = static_cast<std::uint8_t>(std::clamp(std::floor(sum + 0.5), 0.0, 255.0));
      }
    }
  }
  return window;
}

}  // namespace

// Kept from the published code: every overlay is enlarged by a tenth with cubic interpolation (one smaller
// than the image, first enlarged to cover it), and the last place of the crop is never drawn. Not kept: it
// draws from the first five of its six overlays; here each has the same chance. Its colours are sound:
// OpenCV's BGR is turned into RGB before mixing.
RgbImage frost(const RgbImage& image, int severity, RandomStream& random, const FrostOverlays& overlays) {
  const auto [kept, added] = at_severity(kFrost, severity);
  const RgbImage& overlay =
      overlays.at(static_cast<std::size_t>(random.integer(0, static_cast<int>(overlays.size()))));
  const double cover = std::max(
      {1.0, static_cast<double>(image.rows) / overlay.rows, static_cast<double>(image.cols) / overlay.cols});
  // A strip that covers the image may be longer than an int holds.
  const auto enlarged = [&](int side) { return static_cast<std::int64_t>(std::ceil(side * (cover * 1.1))); };
  const std::int64_t rows = enlarged(overlay.rows), cols = enlarged(overlay.cols);
  const std::int64_t top = random.integer(std::int64_t{0}, rows - image.rows);
  const std::int64_t left = random.integer(std::int64_t{0}, cols - image.cols);
  RgbImage result = enlarged_window(overlay, rows, cols, top, left, image);
  for (std::size_t i = 0; i < result.pixels.size(); ++i)
    result.pixels[i] =
        static_cast<std::uint8_t>(std::min(kept * image.pixels[i] + added * result.pixels[i], 255.0));
  return result;
}

}  // namespace wcam
