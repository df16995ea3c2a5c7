// Pictures on which every network can be tried.
#pragma once

#include <cstddef>
#include <vector>

#include "worker/images/image.h"

namespace wcam {

// The first `count`, up to 16, of side x side pixels: stripes, gradients, discs and noise, always the same. A
// trained network tells them apart.
std::vector<RgbImage> built_in_pictures(int side, int count = 16);

// As many, of which those after the 16th are the first again.
std::vector<RgbImage> built_in_batch(int side, std::size_t size);

}  // namespace wcam
