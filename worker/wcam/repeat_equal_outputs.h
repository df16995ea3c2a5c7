// Outputs that are equal by construction.
#pragma once

#include <span>
#include <vector>

#include "common/study/forward_plan.h"
#include "common/study/wcam_settings.h"
#include "worker/design/design.h"

namespace wcam {

// Gives each row of C_i whose mask changes no coefficient of the image the output of the row of A that it
// repeats: their reconstructions are equal, but a network's rounding may depend on a picture's place in its
// batch. So a cell without effect has outputs that are equal by construction, and where the estimator gives
// 0 for such a cell, its index is exactly 0.
// outputs: logits in the order of plan.rows, as indices_from() takes them (common/study/indices.h).
// has_coefficients: [g*g], false for a cell in which every coefficient of the image is 0.
void repeat_equal_outputs(std::span<float> outputs, const ForwardPlan& plan, const WcamSettings& settings,
                          const Design& design, const std::vector<bool>& has_coefficients);

}  // namespace wcam
