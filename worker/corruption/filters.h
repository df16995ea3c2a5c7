// Linear filters of float64 pictures, in the order of operations of SciPy and of ImageNet-C's code: what
// several corruptions are built from.
#pragma once

#include <cstdint>
#include <vector>

#include "worker/images/image.h"

namespace wcam {

// Rows first, channels interleaved, no padding: values[(row * cols + col) * channels + channel].
struct Plane {
  int rows = 0, cols = 0, channels = 1;  // channels: 1 or 3
  std::vector<double> values;

  Plane(int rows, int cols, int channels);  // zeros
  // Elements of a row.
  std::size_t width() const { return static_cast<std::size_t>(cols) * static_cast<std::size_t>(channels); }
  double* row(int r) { return values.data() + static_cast<std::size_t>(r) * width(); }
  const double* row(int r) const { return values.data() + static_cast<std::size_t>(r) * width(); }
};

// Pixels divided by `scale`: 255 gives [0, 1].
Plane to_plane(const RgbImage& image, double scale);

enum class Border {
  kNearest,  // a a | a b c | c c
  kReflect,  // b a | a b c | c b
};

// Index reflected into [0, size): -1 is 0, size is size - 1.
int reflect(int index, int size);

struct Gaussian {
  double sigma_rows = 1, sigma_cols = 1;  // pixels, greater than 0: down the columns and along the rows
  double truncate = 4;                    // the kernel ends at this many sigmas, rounded to whole pixels
  Border border = Border::kNearest;
};

// scipy.ndimage.gaussian_filter: down the columns first, then along the rows. skimage.filters.gaussian is
// this with the defaults above.
Plane gaussian_filter(const Plane& plane, const Gaussian& gaussian);

// gaussian_filter() of pixels / 255, with this sigma in both directions and the defaults of Gaussian; the
// result times 255, truncated.
RgbImage gaussian_filter(const RgbImage& image, double sigma);

// ImageNet-C's motion blur: a one-sided Gaussian of 2 * radius + 1 taps (sigma in steps of a pixel), tap i
// showing the picture from i pixels further along `degrees` (0 is to the right, 90 down), rounded to whole
// pixels, with repeated edges. One departure: where a tap lies beyond the whole picture (sides of 40 pixels
// and less), the published code drops it and all after it, which darkens the result; here edges go on.
Plane line_blur(const Plane& plane, int radius, double sigma, double degrees);

// line_blur() of an image's pixels, the result truncated.
RgbImage line_blur(const RgbImage& image, int radius, double sigma, double degrees);

// ImageNet-C's clipped zoom: the centre of a picture, enlarged by `factor` >= 1 with bilinear interpolation
// (scipy.ndimage.zoom, order 1). The centre is ceil(side / factor) pixels wide, so the result is a few pixels
// larger than the picture where side / factor is not whole; ImageNet-C's code then cuts off the last rows and
// columns, which moves the picture. One departure: where SciPy's last sample falls outside by a rounding
// error (sides of 36, 71, ... pixels, never 224), it is 0 there and the edge here.
Plane clipped_zoom(const Plane& plane, double factor);

}  // namespace wcam
