// Snow: flakes in motion before a whitened image.
#include <algorithm>
#include <cmath>
#include <vector>

#include "worker/corruption/filters.h"
#include "worker/corruption/kinds.h"
#include "worker/corruption/parameters.h"

namespace wcam {

namespace {

// Flakes in [0, 1], at least as large as the image. As published, rounded to 8 bits.
Plane flakes(const RgbImage& image, const Snow& snow, RandomStream& random) {
  Plane grains(image.rows, image.cols, 1);
  random.fill_normal(grains.values, snow.mean, snow.deviation);
  Plane layer = clipped_zoom(grains, snow.zoom);
  for (double& value : layer.values) value = value < snow.threshold ? 0 : std::min(value, 1.0);
  layer = line_blur(layer, snow.radius, snow.sigma, random.uniform(-135, -45));
  for (double& value : layer.values) value = std::nearbyint(value * 255) / 255;
  return layer;
}

}  // namespace

// Kept from the published code: the layer, a pixel larger than the image where the zoom does not divide its
// side, loses its last rows and columns before it is turned by half a circle; whitening and its grey are
// float32.
RgbImage snow(const RgbImage& image, int severity, RandomStream& random) {
  const Snow& snow = at_severity(kSnow, severity);
  const Plane layer = flakes(image, snow, random);
  const auto kept = static_cast<float>(snow.kept), whitened = static_cast<float>(1 - snow.kept);
  RgbImage result = blank_image(image.rows, image.cols);
  for (int r = 0; r < image.rows; ++r) {
    const double* falling = layer.row(r);
    const double* turned = layer.row(image.rows - 1 - r) + image.cols - 1;
    for (int c = 0; c < image.cols; ++c) {
      const std::uint8_t* pixel = image.row(r) + std::ptrdiff_t{3} * c;
      const float x[] = {pixel[0] / 255.0F, pixel[1] / 255.0F, pixel[2] / 255.0F};
      const float white = (x[0] * 0.299F + x[1] * 0.587F + x[2] * 0.114F) * 1.5F + 0.5F;
      for (int k = 0; k < 3; ++k)
        result.row(r)[3 * c + k] =
            to_byte(kept * x[k] + whitened * std::max(x[k], white) + falling[c] + turned[-c]);
    }
  }
  return result;
}

}  // namespace wcam
