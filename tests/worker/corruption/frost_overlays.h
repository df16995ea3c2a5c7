// Stand-ins for photographs of frosted glass, which are not ours to keep.
#pragma once

#include <cmath>
#include <utility>
#include <vector>

#include "worker/corruption/frost_overlays.h"
#include "worker/images/image.h"

namespace wcam::test {

// Bluish and bright, with ridges. One smaller, one larger than 224 pixels, one longer than high.
inline std::vector<RgbImage> frost_overlays() {
  std::vector<RgbImage> overlays{blank_image(120, 160), blank_image(330, 260), blank_image(240, 500)};
  for (std::size_t i = 0; i < overlays.size(); ++i)
    for (int r = 0; r < overlays[i].rows; ++r)
      for (int c = 0; c < overlays[i].cols; ++c) {
        const double turn = 0.3 + 0.5 * static_cast<double>(i);
        const double ridge =
            std::sin(0.25 * (r * turn + c) + 3 * std::sin(0.04 * r)) * std::cos(0.11 * (r - c));
        for (int k = 0; k < 3; ++k)
          overlays[i].row(r)[3 * c + k] = static_cast<std::uint8_t>(170 + 20 * k + 45 * ridge);
      }
  return overlays;
}

inline FrostOverlays in_memory(std::vector<RgbImage> overlays) {
  const std::size_t count = overlays.size();
  return {count, [overlays = std::move(overlays)](std::size_t which) { return overlays[which]; }};
}

}  // namespace wcam::test
