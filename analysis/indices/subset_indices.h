// Indices again, from the stored outputs of some of the design points: what the map would have been without
// the others. No classifier is asked.
#pragma once

#include <span>
#include <vector>

#include "common/study/forward_plan.h"
#include "common/study/wcam_settings.h"

namespace wcam {

// The map [g * g] from the given design points alone: the estimator, order and mode of the settings applied
// to the rows of A, B and C_i that belong to them, as if nb_design were their number. All points in their
// order give the stored `wcam` to rounding of float32. outputs: the stored column (common/store/format.md,
// "Order of outputs"), plan.outputs() of them. points: at least 2, each once, 0 to nb_design - 1. Throws
// std::invalid_argument naming the value otherwise, and DegenerateOutputs when the outputs of these points
// are constant within rounding (common/study/estimator.h).
std::vector<float> subset_indices(std::span<const float> outputs, const ForwardPlan& plan,
                                  const WcamSettings& settings, std::span<const int> points);

// The N maps without each design point in turn, for jackknifes of whatever is computed from a map. Empty when
// there is no such: N below 3, or outputs that are constant without one of the points.
std::vector<std::vector<float>> delete_one_maps(std::span<const float> outputs, const ForwardPlan& plan,
                                                const WcamSettings& settings);

}  // namespace wcam
