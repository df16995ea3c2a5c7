// A WCAM whose indices are known, to see whether a device computes right: a net of three layers and a
// picture, both made by formulas, at grid 8, 4 design points and 3 levels, in mode reference (260 forwards of
// 64 x 64 pixels).
#pragma once

#include <optional>
#include <span>
#include <string>

#include "worker/wcam/wcam.h"

namespace wcam {

// Computed on the device. Throws what LibTorch throws there.
Profile known_wcam(at::Device device);

// [64] row-major: what tests/worker/wcam/known_wcam.py gives, which shares no line with us (numpy, scipy,
// PyTorch).
std::span<const float> known_indices();

// rms(found - expected) / rms(expected).
double relative_difference(std::span<const float> found, std::span<const float> expected);

// Of relative_difference() between devices. Truncation to 8 bits turns a rounding difference into a step of
// 1/255 in a few pixels: published implementations and ours differ by 2e-3 so; a wrong device by 1.
inline constexpr double kSameWcam = 1e-2;

// Why no answer of this device can be believed: it throws, or the known WCAM is off by far more than
// kSameWcam. nullopt: it can. Not for want of memory, which others may have taken.
std::optional<std::string> wrong_with(at::Device device);

}  // namespace wcam
