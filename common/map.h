// From a grid of indices to the picture of it.
#pragma once

#include <span>
#include <vector>

namespace wcam {

// Bicubic interpolation of a square grid, as the published maps are drawn: kernel parameter -0.75, pixel x of
// the result sampled at (x + 1/2) grid/side - 1/2, border replicated, separable, not clipped, so a peak is
// surrounded by a ring slightly below its neighbourhood (below 0 where that is 0). values: [grid * grid],
// row-major. Result: [side * side], row-major. Sums in double; O(side * (grid + side)). Throws
// std::invalid_argument naming the sizes when grid or side is below 1 or values has another length. Source:
// R. Keys, IEEE Trans. ASSP 29(6), 1981, with OpenCV's parameter (imgproc/src/resize.cpp, INTER_CUBIC).
std::vector<float> upsample_bicubic(std::span<const float> values, int grid, int side);

}  // namespace wcam
