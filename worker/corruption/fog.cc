// Fog: a plasma fractal, laid over the image.
#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "worker/base/widest.h"
#include "worker/corruption/kinds.h"
#include "worker/corruption/parameters.h"

namespace wcam {

namespace {

// A square height map made by the diamond-square algorithm (A. Fournier, D. Fussell and L. Carpenter, CACM
// 25(6), 1982): its side is a power of two, and its left and right, upper and lower edges meet.
class PlasmaFractal {
 public:
  // Kept from the published code: heights move by up to the square of a "wibble" that is divided by
  // `roughness_decay` from one octave to the next, and the map, not the part of it that is shown, is scaled
  // to [0, 1].
  PlasmaFractal(std::size_t side, double roughness_decay, RandomStream& random)
      : side_(side), heights_(side * side), offsets_(side) {
    double wibble = 100;
    for (std::size_t step = side; step >= 2; step /= 2, wibble /= roughness_decay) {
      fill_squares(step, wibble * wibble, random);
      fill_diamonds(step, wibble * wibble, random);
    }
    const auto [lowest, highest] = std::minmax_element(heights_.begin(), heights_.end());
    const double base = *lowest, range = *highest - *lowest;
    for (double& height : heights_) height = (height - base) / range;
  }

  const double* row(std::size_t r) const { return heights_.data() + r * side_; }

 private:
  double* row(std::size_t r) { return heights_.data() + r * side_; }

  // Random offsets in +-range for the places of one row, `step` apart.
  const double* draw_offsets(std::size_t step, double range, RandomStream& random) {
    random.fill_uniform(std::span(offsets_).first(side_ / step), -range, range);
    return offsets_.data();
  }

  // The middle of each square of points `step` apart: the mean of its corners, and a random offset.
  void fill_squares(std::size_t step, double range, RandomStream& random) {
    for (std::size_t r = 0; r < side_; r += step) {
      const double* offset = draw_offsets(step, range, random);
      const double *above = row(r), *below = row((r + step) % side_);
      double* middle = row(r + step / 2) + step / 2;
      for (std::size_t c = 0; c < side_; c += step) {
        const std::size_t right = (c + step) % side_;
        middle[c] = ((above[c] + below[c]) + (above[right] + below[right])) / 4 + *offset++;
      }
    }
  }

  // The middles of the squares' sides: the mean of the two corners and the two middles of squares next to
  // them, and a random offset. First the horizontal sides, then the vertical ones.
  void fill_diamonds(std::size_t step, double range, RandomStream& random) {
    const std::size_t half = step / 2;
    for (std::size_t r = 0; r < side_; r += step) {
      const double* offset = draw_offsets(step, range, random);
      double* corners = row(r);
      const double *below = row(r + half), *above = row((r + side_ - half) % side_);
      for (std::size_t c = 0; c < side_; c += step)
        corners[c + half] =
            ((below[c + half] + above[c + half]) + (corners[c] + corners[(c + step) % side_])) / 4 +
            *offset++;
    }
    for (std::size_t r = 0; r < side_; r += step) {
      const double* offset = draw_offsets(step, range, random);
      double* middles = row(r + half);
      const double *above = row(r), *below = row((r + step) % side_);
      for (std::size_t c = 0; c < side_; c += step)
        middles[c] = ((middles[c + half] + middles[(c + side_ - half) % side_]) + (above[c] + below[c])) / 4 +
                     *offset++;
    }
  }

  std::size_t side_;
  std::vector<double> heights_;
  std::vector<double> offsets_;
};

WCAM_WIDEST void add_fog(const std::uint8_t* pixels, const double* fog, std::size_t cols, double amount,
                         double brightest, std::uint8_t* result) {
  for (std::size_t c = 0; c < cols; ++c)
    for (std::size_t k = 0; k < 3; ++k) {
      const double foggy = pixels[3 * c + k] / 255.0 + amount * fog[c];
      result[3 * c + k] = to_byte(foggy * brightest / (brightest + amount));
    }
}

}  // namespace

// Darkened so that white fog on the brightest value of the image just stays white (black images stay black).
// As published, the map's side is the power of two not below the longer side and the 3 of the image's
// channels, and its upper left part is shown.
RgbImage fog(const RgbImage& image, int severity, RandomStream& random) {
  const Fog& fog = at_severity(kFog, severity);
  const auto longest = static_cast<std::size_t>(std::max({image.rows, image.cols, 3}));
  const PlasmaFractal fractal(std::bit_ceil(longest), fog.roughness_decay, random);
  const double brightest = *std::max_element(image.pixels.begin(), image.pixels.end()) / 255.0;
  RgbImage result = blank_image(image.rows, image.cols);
  for (int r = 0; r < image.rows; ++r)
    add_fog(image.row(r), fractal.row(static_cast<std::size_t>(r)), static_cast<std::size_t>(image.cols),
            fog.amount, brightest, result.row(r));
  return result;
}

}  // namespace wcam
