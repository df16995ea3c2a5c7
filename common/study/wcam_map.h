// From a grid of indices to the picture of it.
#pragma once

#include <span>
#include <vector>

#include "common/study/wcam_settings.h"

namespace wcam {

// Bicubic interpolation of a square grid, as the published maps are drawn: kernel parameter -0.75, pixel x of
// the result sampled at (x + 1/2) grid/side - 1/2, border replicated, separable, not clipped, so a peak is
// surrounded by a ring slightly below its neighbourhood (below 0 where that is 0). values: [grid * grid],
// row-major. Result: [side * side], row-major. Sums in double; O(side * (grid + side)). Throws
// std::invalid_argument naming the sizes when grid or side is below 1 or values has another length. Source:
// R. Keys, IEEE Trans. ASSP 29(6), 1981, with OpenCV's parameter (imgproc/src/resize.cpp, INTER_CUBIC).
std::vector<float> upsample_bicubic(std::span<const float> values, int grid, int side);

// Each pixel's own cell: pixel (x, y) of side has the value of column floor(x grid / side), row floor(y grid
// / side). Sizes and errors as above.
std::vector<float> upsample_nearest(std::span<const float> values, int grid, int side);

// A square of coefficients [row, row + side) x [col, col + side) in an image's Haar transform.
struct Subband {
  int row = 0, col = 0, side = 0;
};

// The 3 levels + 1 subbands of an image of side x side: the approximation, then from coarse to fine each
// level's upper right (details along W), lower left (along H) and lower right (both). side is a multiple of
// 2^levels.
std::vector<Subband> subbands(int side, int levels);

// Where in the image the indices lie: the sum over subbands of each one stretched bicubically to the whole
// image. Mode reference, as published: blocks cut from the already stretched map, so that values leak across
// the edges of subbands. Mode corrected: each subband's own cells are stretched, or, where its edges cut
// cells in two, the values of its pixels. indices: [grid * grid]. Result: [side * side], row-major. O(levels
// side^2).
std::vector<float> spatial_map(std::span<const float> indices, int grid, int side, int levels, Mode mode);

}  // namespace wcam
