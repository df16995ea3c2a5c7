// How indices came about, in the words of a caption.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/study/plan.h"

namespace wcam {

// "Each cell is a total-order Sobol index, the share of ..., by Jansen's estimator from N = 4 points of a
// scrambled Sobol design (seed 42) on a grid of 28 x 28 cells over the 3-level Haar transform; 3,141 forwards
// a map."
std::string design_text(const WcamSettings& settings, double forwards);

// " Maps explain ...": which label, where a sweep explains others than the one predicted; else "". And which
// replicates, where a plan has several.
std::string label_text(LabelKinds explained, std::optional<LabelKind> chosen);
std::string replicate_text(const Plan& plan, std::optional<std::uint32_t> chosen);

}  // namespace wcam
