// What light does: brightness, saturation, contrast. Pixel by pixel.
#include <algorithm>
#include <array>
#include <cmath>

#include "worker/base/widest.h"
#include "worker/corruption/kinds.h"
#include "worker/corruption/parameters.h"

namespace wcam {

namespace {

using Colour = std::array<double, 3>;

// Some pixels, channel by channel, so that loops over them become vector instructions: selections, no
// branches.
struct Pixels {
  static constexpr std::size_t kCount = 256;
  using Channel = std::array<double, kCount>;
  Channel red, green, blue;
};

// What a corruption does to HSV: s becomes s * factor + added, v becomes v + brighter, both clipped.
struct HsvChange {
  double factor = 1, added = 0, brighter = 0;
};

// RGB in [0, 1] to A. R. Smith's hexcone (SIGGRAPH 1978) and back. Where channels tie for the largest, the
// later one decides the hue.
WCAM_WIDEST void change_hsv(Pixels& pixels, HsvChange change) {
  for (std::size_t i = 0; i < Pixels::kCount; ++i) {
    const double red = pixels.red[i], green = pixels.green[i], blue = pixels.blue[i];
    const double value = std::max(std::max(red, green), blue);
    const double range = value - std::min(std::min(red, green), blue);
    // Hue in sixths of the circle; grey has hue 0 and saturation 0.
    const double ahead = blue == value ? red - green : green == value ? blue - red : green - blue;
    const double start = blue == value ? 4 : green == value ? 2 : 0;
    double turn = (start + ahead / (range == 0 ? 1 : range)) / 6;
    // A full circle is 1 in the published code: its division by 6 and back rounds, and truncation can show
    // that.
    turn = turn < 0 ? turn + 1 : turn;
    const double hue = range == 0 ? 0 : turn * 6;
    const double saturation =
        std::clamp(range / (value == 0 ? 1 : value) * change.factor + change.added, 0.0, 1.0);
    const double v = std::clamp(value + change.brighter, 0.0, 1.0);

    // Each channel falls from v by a share of v * saturation that climbs and descends along the hue.
    const auto channel = [=](double share) { return v * (1 - std::clamp(share, 0.0, 1.0) * saturation); };
    pixels.red[i] = channel(std::min(hue - 1, 5 - hue));
    pixels.green[i] = channel(std::max(1 - hue, hue - 3));
    pixels.blue[i] = channel(std::max(3 - hue, hue - 5));
  }
}

RgbImage change_hsv(const RgbImage& image, const HsvChange& change) {
  RgbImage result = blank_image(image.rows, image.cols);
  std::array<double, 256> level;
  for (std::size_t i = 0; i < level.size(); ++i) level[i] = static_cast<double>(i) / 255.0;
  const std::size_t pixels = image.pixels.size() / 3;
  Pixels some{};
  for (std::size_t first = 0; first < pixels; first += Pixels::kCount) {
    const std::size_t count = std::min(Pixels::kCount, pixels - first);
    const std::uint8_t* from = image.pixels.data() + first * 3;
    for (std::size_t i = 0; i < count; ++i) {
      some.red[i] = level[from[i * 3]];
      some.green[i] = level[from[i * 3 + 1]];
      some.blue[i] = level[from[i * 3 + 2]];
    }
    change_hsv(some, change);
    std::uint8_t* to = result.pixels.data() + first * 3;
    for (std::size_t i = 0; i < count; ++i) {
      to[i * 3] = to_byte(some.red[i]);
      to[i * 3 + 1] = to_byte(some.green[i]);
      to[i * 3 + 2] = to_byte(some.blue[i]);
    }
  }
  return result;
}

}  // namespace

RgbImage brightness(const RgbImage& image, int severity, RandomStream&) {
  HsvChange change;
  change.brighter = at_severity(kBrightnessAdded, severity);
  return change_hsv(image, change);
}

RgbImage saturate(const RgbImage& image, int severity, RandomStream&) {
  const auto& [factor, added] = at_severity(kSaturate, severity);
  return change_hsv(image, {factor, added, 0});
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
