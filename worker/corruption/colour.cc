// What light does: brightness, saturation, contrast. Pixel by pixel.
#include <algorithm>
#include <array>
#include <cmath>

#include "worker/corruption/kinds.h"
#include "worker/corruption/parameters.h"

namespace wcam {

namespace {

using Colour = std::array<double, 3>;

// Hue in sixths of the circle, [0, 6).
struct Hsv {
  double hue, saturation, value;
};

// A. R. Smith's hexcone (SIGGRAPH 1978). Where channels tie for the largest, the later one decides the hue.
Hsv to_hsv(double red, double green, double blue) {
  const double value = std::max({red, green, blue});
  const double range = value - std::min({red, green, blue});
  if (range == 0) return {0, 0, value};
  double hue = (green - blue) / range;
  if (blue == value)
    hue = 4 + (red - green) / range;
  else if (green == value)
    hue = 2 + (blue - red) / range;
  // A full circle is 1 in the published code: its division by 6 and back rounds, and truncation can show
  // that.
  double turn = hue / 6;
  if (turn < 0) turn += 1;
  return {turn * 6, range / value, value};
}

Colour to_rgb(const Hsv& hsv) {
  const double sector = std::floor(hsv.hue), within = hsv.hue - sector, v = hsv.value;
  const double low = v * (1 - hsv.saturation);
  const double falling = v * (1 - within * hsv.saturation);
  const double rising = v * (1 - (1 - within) * hsv.saturation);
  switch (static_cast<int>(sector) % 6) {
    case 0:
      return {v, rising, low};
    case 1:
      return {falling, v, low};
    case 2:
      return {low, v, rising};
    case 3:
      return {low, falling, v};
    case 4:
      return {rising, low, v};
    default:
      return {v, low, falling};
  }
}

template <typename Change>
RgbImage change_hsv(const RgbImage& image, const Change& change) {
  RgbImage result = blank_image(image.rows, image.cols);
  for (std::size_t i = 0; i < image.pixels.size(); i += 3) {
    Hsv hsv = to_hsv(image.pixels[i] / 255.0, image.pixels[i + 1] / 255.0, image.pixels[i + 2] / 255.0);
    change(hsv);
    const Colour colour = to_rgb(hsv);
    for (std::size_t c = 0; c < 3; ++c) result.pixels[i + c] = to_byte(colour[c]);
  }
  return result;
}

}  // namespace

RgbImage brightness(const RgbImage& image, int severity, RandomStream&) {
  const double added = at_severity(kBrightnessAdded, severity);
  return change_hsv(image, [=](Hsv& hsv) { hsv.value = std::clamp(hsv.value + added, 0.0, 1.0); });
}

RgbImage saturate(const RgbImage& image, int severity, RandomStream&) {
  const auto [factor, added] = at_severity(kSaturate, severity);
  return change_hsv(image, [factor = factor, added = added](Hsv& hsv) {
    hsv.saturation = std::clamp(hsv.saturation * factor + added, 0.0, 1.0);
  });
}

// Towards the mean of each channel.
RgbImage contrast(const RgbImage& image, int severity, RandomStream&) {
  const double kept = at_severity(kContrastKept, severity);
  const std::size_t count = image.pixels.size() / 3;
  Colour mean{};
  for (std::size_t i = 0; i < image.pixels.size(); ++i) mean[i % 3] += image.pixels[i] / 255.0;
  std::array<std::array<std::uint8_t, 256>, 3> table;
  for (std::size_t c = 0; c < 3; ++c) {
    mean[c] /= static_cast<double>(count);
    for (std::size_t level = 0; level < 256; ++level)
      table[c][level] = to_byte((static_cast<double>(level) / 255.0 - mean[c]) * kept + mean[c]);
  }
  RgbImage result = blank_image(image.rows, image.cols);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) result.pixels[i] = table[i % 3][image.pixels[i]];
  return result;
}

}  // namespace wcam
