// Spatter: water or mud on the lens. The stages between are OpenCV's, as published: whole numbers, or sums
// without rounding, so that they are the same everywhere.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "worker/corruption/filters.h"
#include "worker/corruption/kinds.h"
#include "worker/corruption/parameters.h"
#include "worker/images/opencv.h"

namespace wcam {

namespace {

Plane smoothed(const Plane& plane, double sigma) {
  Gaussian gaussian;
  gaussian.sigma_rows = gaussian.sigma_cols = sigma;
  return gaussian_filter(plane, gaussian);
}

// Smooth blobs; 0 where dry.
Plane liquid_layer(const RgbImage& image, const Spatter& spatter, RandomStream& random) {
  Plane layer(image.rows, image.cols, 1);
  random.fill_normal(layer.values, spatter.mean, spatter.deviation);
  layer = smoothed(layer, spatter.sigma);
  for (double& value : layer.values)
    if (value < spatter.threshold) value = 0;
  return layer;
}

// How drops catch the light: bright along one side of their edges. 8 bits.
cv::Mat shading(const cv::Mat& drops) {
  cv::Mat edges, shade;
  cv::Canny(drops, edges, 50, 150);
  cv::distanceTransform(255 - edges, shade, cv::DIST_L2, cv::DIST_MASK_5);
  cv::threshold(shade, shade, 20, 20, cv::THRESH_TRUNC);
  cv::blur(shade, shade, {3, 3});
  std::transform(shade.begin<float>(), shade.end<float>(), shade.begin<float>(),
                 [](float x) { return std::trunc(x); });
  shade.convertTo(shade, CV_8U);
  cv::equalizeHist(shade, shade);
  static const cv::Mat emphasis = (cv::Mat_<float>(3, 3) << -2, -1, 0, -1, 1, 1, 0, 1, 2);
  cv::Mat relief, blurred;
  cv::filter2D(shade, relief, CV_8U, emphasis);
  cv::blur(relief, blurred, {3, 3});
  return blurred;
}

// Pale turquoise, added. Two departures, for images of a few pixels: where liquid exceeds 1 the published
// code wraps round to dry, and without any drop it divides 0 by 0; here the image stays as it is.
RgbImage with_water(const RgbImage& image, const Plane& liquid, double strength) {
  cv::Mat drops(image.rows, image.cols, CV_8U);
  std::transform(liquid.values.begin(), liquid.values.end(), drops.begin<std::uint8_t>(), to_byte);
  const cv::Mat shade = shading(drops);
  std::vector<float> weights(liquid.values.size());
  std::transform(drops.begin<std::uint8_t>(), drops.end<std::uint8_t>(), shade.begin<std::uint8_t>(),
                 weights.begin(), [](float drop, float light) { return drop * light; });
  const float largest = *std::max_element(weights.begin(), weights.end());
  if (largest == 0) return image;
  constexpr float kTurquoise[] = {175 / 255.0F, 238 / 255.0F, 238 / 255.0F};
  RgbImage result = blank_image(image.rows, image.cols);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const float weight = weights[i] / largest * static_cast<float>(strength);
    for (std::size_t k = 0; k < 3; ++k) {
      const float wet = image.pixels[3 * i + k] / 255.0F + weight * kTurquoise[k];
      result.pixels[3 * i + k] = static_cast<std::uint8_t>(std::min(wet, 1.0F) * 255.0F);
    }
  }
  return result;
}

// Brown, in place of the image.
RgbImage with_mud(const RgbImage& image, const Plane& liquid, const Spatter& spatter) {
  Plane wet(image.rows, image.cols, 1);
  std::transform(liquid.values.begin(), liquid.values.end(), wet.values.begin(),
                 [&](double value) { return value > spatter.threshold ? 1.0 : 0.0; });
  const Plane soft = smoothed(wet, spatter.strength);
  constexpr double kBrown[] = {63 / 255.0, 42 / 255.0, 20 / 255.0};
  RgbImage result = blank_image(image.rows, image.cols);
  for (std::size_t i = 0; i < soft.values.size(); ++i) {
    const float mud = soft.values[i] < 0.8 ? 0 : static_cast<float>(soft.values[i]);
    for (std::size_t k = 0; k < 3; ++k)
      result.pixels[3 * i + k] = to_byte(image.pixels[3 * i + k] / 255.0F * (1 - mud) + kBrown[k] * mud);
  }
  return result;
}

}  // namespace

RgbImage spatter(const RgbImage& image, int severity, RandomStream& random) {
  tame_opencv();
  const Spatter& spatter = at_severity(kSpatter, severity);
  const Plane liquid = liquid_layer(image, spatter, random);
  return spatter.mud ? with_mud(image, liquid, spatter) : with_water(image, liquid, spatter.strength);
}

}  // namespace wcam
