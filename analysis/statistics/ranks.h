// Ranks with ties.
#pragma once

#include <span>
#include <vector>

namespace wcam {

// From 1; equal values share the mean of their ranks.
std::vector<double> mean_ranks(std::span<const double> values);

}  // namespace wcam
