// One scale of colours for several maps: what it spans, what was cut, and which cells are set back.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "plotting/colour_map.h"

namespace wcam {

struct Scale {
  ColourRange range;
  double largest = 0;     // value of a cell
  std::size_t cells = 0;  // that have it
  std::size_t cut = 0;    // of them, those above the range, and, of a scale about 0, those below
};

// From the smallest to the largest of the values, or, about 0, as far down as up. Of the largest (about 0:
// the farthest), cut_percent are above it. Values that are not finite are left out. Nothing: {0, 0}.
Scale scale_of(std::span<const std::span<const float>> values, double cut_percent, bool about_zero);

// [cells]: whether a value is within two standard errors of 0: |value| <= 2 error. A standard error that is
// not finite sets its cell back: nothing is known against its being noise. All false where errors are empty.
std::vector<bool> within_noise(std::span<const float> values, std::span<const float> standard_errors);

}  // namespace wcam
