// From a classifier's outputs on the masks of a design to indices.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "common/study/forward_plan.h"
#include "common/study/gradient_estimator.h"
#include "common/study/wcam_settings.h"

namespace wcam {

// Of each cell, [g*g] row-major; 0 for a cell inside a kept or dropped approximation.
struct Indices {
  std::vector<float> values;
  // Delete-one jackknife over the N design points (estimator.h); from gradients, the index times the standard
  // error of its logarithm (gradient_estimator.h).
  std::vector<float> standard_errors;
};

// Where the samples C_i begin, counted in samples of N outputs: behind A, and B where that is evaluated.
inline std::size_t first_cell_sample(Order order) { return order == Order::kFirst ? 2 : 1; }

// outputs: logits in the order of plan.rows: A, (B, first order only,) then C_i of every live cell i; or, of
// gradients, the N logits of A, then N slopes of every live cell, then N energies of each; all finite. In
// mode reference indices are as published, in mode corrected from the corrected forms with pooled moments;
// those from gradients have one form. Throws DegenerateOutputs when the outputs are constant within rounding
// (estimator.h).
Indices indices_from(std::span<const float> outputs, const ForwardPlan& plan, const WcamSettings& settings);

// All that such outputs tell where they are of gradients.
GradientEstimate gradient_estimate_from(std::span<const float> outputs, const ForwardPlan& plan,
                                        const WcamSettings& settings);

// The cells in order of their indices [g*g], the largest first; equal ones keep their order.
std::vector<int> most_important_first(std::vector<int> cells, std::span<const float> indices);

}  // namespace wcam
