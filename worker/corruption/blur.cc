// What spreads each point over its neighbours: Gaussian, glass, motion, zoom.
#include <algorithm>
#include <cmath>
#include <vector>

#include "worker/corruption/filters.h"
#include "worker/corruption/kinds.h"
#include "worker/corruption/parameters.h"

namespace wcam {

namespace {

// Published as a swap of each pixel with a random neighbour, but its tuple assignment works on NumPy's views
// of the pixels, so that the neighbour is copied and itself stays; kept. Also kept: offsets exclude +reach,
// and the first reach + 1 and last reach - 1 rows and columns are left alone.
void copy_neighbours(RgbImage& image, int reach, RandomStream& random) {
  for (int r = image.rows - reach; r > reach; --r)
    for (int c = image.cols - reach; c > reach; --c) {
      const int dx = random.integer(-reach, reach), dy = random.integer(-reach, reach);
      const std::uint8_t* from = image.row(r + dy) + std::ptrdiff_t{3} * (c + dx);
      std::copy_n(from, 3, image.row(r) + std::ptrdiff_t{3} * c);
    }
}

// The zooms of numpy's arange(1, above, step): its length is rounded up in floating point, and its steps are
// the difference of its first two values.
std::vector<double> zooms(const ZoomRange& range) {
  const auto count = static_cast<int>(std::ceil((range.above - 1) / range.step));
  const double step = (1 + range.step) - 1;
  std::vector<double> factors;
  for (int i = 0; i < count; ++i) factors.push_back(1 + i * step);
  return factors;
}

}  // namespace

RgbImage gaussian_blur(const RgbImage& image, int severity, RandomStream&) {
  return gaussian_filter(image, at_severity(kGaussianBlurSigma, severity));
}

RgbImage glass_blur(const RgbImage& image, int severity, RandomStream& random) {
  const Glass& glass = at_severity(kGlassBlur, severity);
  RgbImage result = gaussian_filter(image, glass.sigma);
  for (int pass = 0; pass < glass.passes; ++pass) copy_neighbours(result, glass.reach, random);
  return gaussian_filter(result, glass.sigma);
}

RgbImage motion_blur(const RgbImage& image, int severity, RandomStream& random) {
  const Motion& motion = at_severity(kMotionBlur, severity);
  return line_blur(image, motion.radius, motion.sigma, random.uniform(-45, 45));
}

// float32, as published. The image itself counts twice: once as the zoom of 1.
RgbImage zoom_blur(const RgbImage& image, int severity, RandomStream&) {
  const std::vector<double> factors = zooms(at_severity(kZoomBlur, severity));
  Plane plane = to_plane(image, 255);
  for (double& value : plane.values) value = static_cast<float>(value);
  std::vector<float> sum(plane.values.size(), 0.0F);
  for (const double factor : factors) {
    const Plane zoomed = clipped_zoom(plane, factor);
    for (int r = 0; r < image.rows; ++r) {
      float* row = sum.data() + static_cast<std::size_t>(r) * plane.width();
      for (std::size_t i = 0; i < plane.width(); ++i) row[i] += static_cast<float>(zoomed.row(r)[i]);
    }
  }
  const auto count = static_cast<float>(factors.size() + 1);
  RgbImage result = blank_image(image.rows, image.cols);
  for (std::size_t i = 0; i < sum.size(); ++i) {
    const float mean = (static_cast<float>(plane.values[i]) + sum[i]) / count;
    result.pixels[i] = static_cast<std::uint8_t>(std::clamp(mean, 0.0F, 1.0F) * 255.0F);
  }
  return result;
}

}  // namespace wcam
