// How indices came about, in the words of a caption.
#pragma once

#include <string>

#include "common/study/wcam_settings.h"

namespace wcam {

// "Each cell is a total-order Sobol index, the share of ..., by Jansen's estimator from N = 4 points of a
// scrambled Sobol design (seed 42) on a grid of 28 x 28 cells over the 3-level Haar transform; 3,141 forwards
// a map."
std::string design_text(const WcamSettings& settings, double forwards);

}  // namespace wcam
