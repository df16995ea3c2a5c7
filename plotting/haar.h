// The orthonormal 2-D Haar transform of a square, and an image rebuilt from some of its cells.
// worker/wcam/haar is its like on tensors; plotting links no LibTorch.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "common/study/wcam_settings.h"

namespace wcam {

// A 2 x 2 block [p q; r s] of one level gives (p + q + r + s) / 2 upper left, (p - q + r - s) / 2 upper
// right, (p + q - r - s) / 2 lower left and (p - q - r + s) / 2 lower right; the next level repeats this on
// the upper left. values: [side * side], row-major, side a multiple of 2^levels, else std::invalid_argument.
// Source: S. Mallat, IEEE Trans. PAMI 11(7), 1989.
std::vector<double> haar_forward(std::span<const double> values, int side, int levels);
// The inverse, which is also the transpose.
std::vector<double> haar_inverse(std::span<const double> coefficients, int side, int levels);

// The image [side * side * 3] of 8-bit RGB with its wavelet coefficients times the mask, as the classifier is
// shown it. mask: [grid * grid], of each cell, 0: left out, 1: kept; pixel x lies in cell floor(x grid /
// side). Mode reference: coefficients of the normalised image, the result from its least to its greatest
// value over all channels stretched to 0..255 and truncated (a constant one: 0). Mode corrected: of pixels in
// [0, 1], the result clipped to it and rounded. An approximation that the settings keep is whole, one that
// they drop is 0.
std::vector<std::uint8_t> rebuild(std::span<const std::uint8_t> rgb, int side, std::span<const float> mask,
                                  const WcamSettings& settings, const std::array<double, 3>& mean,
                                  const std::array<double, 3>& std);

}  // namespace wcam
