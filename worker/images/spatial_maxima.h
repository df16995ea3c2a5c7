// Where a map is large.
#pragma once

#include <span>
#include <vector>

#include "common/study/wcam_settings.h"

namespace wcam {

struct Pixel {
  int row = 0, col = 0;
  bool operator==(const Pixel&) const = default;
};

// What lies above the 0.9 quantile (linear between order statistics) of a map [side * side] falls into
// regions, 8-connected; each gives the place of its maximum, in the order found. Mode reference, as
// published: OpenCV's contours as regions, so that the inside of a region's hole counts as one more.
std::vector<Pixel> spatial_maxima(std::span<const float> map, int side, Mode mode);

}  // namespace wcam
