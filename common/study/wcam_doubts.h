// Why the indices of a WCAM may mean nothing.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace wcam {

struct WcamDoubt {
  std::string mark;      // a few words, for a figure: "an index above 1"
  std::string sentence;  // value, bound, cause and remedy
};

// Whether an index is more than the whole variance, beyond rounding: an error of estimation.
bool above_all_variance(float index);

// A Sobol index is a share of the output's variance: none is above 1. An interaction counts in each of its
// cells, so that total-order indices may add up to more than 1; more than 2 is taken for noise. All of one
// profile: indices and their standard errors [grid * grid], level_share [levels + 1]
// (common/store/records.h). Empty when nothing is doubtful. from_gradients: of Estimator::kGradient, whose
// stated errors are too small where one level has nearly all (gradient_estimator.h).
std::vector<WcamDoubt> wcam_doubts(std::span<const float> indices, std::span<const float> standard_errors,
                                   std::span<const float> level_share, bool from_gradients);

}  // namespace wcam
