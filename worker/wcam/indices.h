// From a classifier's outputs on the masks of a design to indices. Needs no LibTorch.
#pragma once

#include <span>
#include <vector>

#include "common/study/forward_plan.h"
#include "common/study/wcam_settings.h"
#include "worker/design/design.h"

namespace wcam {

// Of each cell, [g*g] row-major; 0 for a cell inside a kept or dropped approximation.
struct Indices {
  std::vector<float> values;
  std::vector<float> standard_errors;  // delete-one jackknife over the N design points (estimator.h)
};

// outputs: logits in the order of plan.rows: A, (B, first order only,) then C_i of every live cell i; all
// finite. In mode reference indices are as published, in mode corrected from the corrected forms with pooled
// moments. Throws DegenerateOutputs when the outputs are constant within rounding (estimator.h).
Indices indices_from(std::span<const float> outputs, const ForwardPlan& plan, const WcamSettings& settings);

// Gives each row of C_i whose mask changes no coefficient of the image the output of the row of A that it
// repeats: their reconstructions are equal, but a network's rounding may depend on a picture's place in its
// batch. So a cell without effect has outputs that are equal by construction, and where the estimator gives
// 0 for such a cell, its index is exactly 0.
// outputs: as above. has_coefficients: [g*g], false for a cell in which every coefficient of the image is 0.
void repeat_equal_outputs(std::span<float> outputs, const ForwardPlan& plan, const WcamSettings& settings,
                          const Design& design, const std::vector<bool>& has_coefficients);

}  // namespace wcam
