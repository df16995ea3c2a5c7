// The corruptions themselves, behind corrupt(). severity is 1 to 5 and the image has at least one pixel:
// corrupt() has checked. Arithmetic is float64 in the published code's order of operations, results are
// clipped and truncated to 8 bits as published; truncation turns the last bit of a sum into a grey level
// wherever the exact result is whole (every flat area of a blur), so these files are compiled without fused
// multiply-add and take exp, sin and cos from elementary.h: the same pixels on every machine whose double is
// IEEE 754's, given the same libjpeg and OpenCV (jpeg, spatter). `random` is at its start and used by this
// call alone.
#pragma once

#include <algorithm>
#include <cstdint>

#include "worker/corruption/frost_overlays.h"
#include "worker/corruption/random.h"
#include "worker/images/image.h"

namespace wcam {

// blur.cc
RgbImage gaussian_blur(const RgbImage& image, int severity, RandomStream& random);
RgbImage glass_blur(const RgbImage& image, int severity, RandomStream& random);
RgbImage motion_blur(const RgbImage& image, int severity, RandomStream& random);
RgbImage zoom_blur(const RgbImage& image, int severity, RandomStream& random);

// colour.cc
RgbImage brightness(const RgbImage& image, int severity, RandomStream& random);
RgbImage saturate(const RgbImage& image, int severity, RandomStream& random);
RgbImage contrast(const RgbImage& image, int severity, RandomStream& random);

// defocus.cc
RgbImage defocus_blur(const RgbImage& image, int severity, RandomStream& random);

// digital.cc
RgbImage jpeg(const RgbImage& image, int severity, RandomStream& random);
RgbImage pixelate(const RgbImage& image, int severity, RandomStream& random);

// elastic.cc
RgbImage elastic_transformation(const RgbImage& image, int severity, RandomStream& random);

// noise.cc
RgbImage gaussian_noise(const RgbImage& image, int severity, RandomStream& random);
RgbImage shot_noise(const RgbImage& image, int severity, RandomStream& random);
RgbImage impulse_noise(const RgbImage& image, int severity, RandomStream& random);
RgbImage speckle_noise(const RgbImage& image, int severity, RandomStream& random);

// spatter.cc, snow.cc, fog.cc, frost.cc
RgbImage spatter(const RgbImage& image, int severity, RandomStream& random);
RgbImage snow(const RgbImage& image, int severity, RandomStream& random);
RgbImage fog(const RgbImage& image, int severity, RandomStream& random);
// overlays: at least one.
RgbImage frost(const RgbImage& image, int severity, RandomStream& random, const FrostOverlays& overlays);

// The parameters of a severity.
template <typename Table>
const auto& at_severity(const Table& table, int severity) {
  return table[static_cast<std::size_t>(severity - 1)];
}

// 255 times x, which is in [0, 1], truncated as published.
inline std::uint8_t to_byte(double x) { return static_cast<std::uint8_t>(std::clamp(x, 0.0, 1.0) * 255.0); }

}  // namespace wcam
