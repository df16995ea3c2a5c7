// Pillow's resampling of 8-bit images, reimplemented so that pixels come out equal bit for bit.
#pragma once

#include "worker/images/rgb_image.h"

namespace wcam {

enum class Filter {
  kBox,       // half-width 1/2: the mean of the pixels that an output pixel covers
  kTriangle,  // half-width 1: Pillow's BILINEAR
};

// Separable, the filter widened by the reduction when shrinking (antialiased). Weights are rounded to 22-bit
// fixed point, the horizontal pass comes first and its result is rounded to 8 bits; a pass that keeps the
// size is left out. rows, cols >= 1.
RgbImage resample(const RgbImage& image, int rows, int cols, Filter filter);

// Pillow's NEAREST: output pixel i shows input pixel floor((i + 1/2) * in / out).
RgbImage resample_nearest(const RgbImage& image, int rows, int cols);

}  // namespace wcam
