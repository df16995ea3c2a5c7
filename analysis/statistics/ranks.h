// Ranks with ties, and what stands in their middle.
#pragma once

#include <span>
#include <vector>

namespace wcam {

// From 1; equal values share the mean of their ranks.
std::vector<double> mean_ranks(std::span<const double> values);

// Of an even number the mean of the two in the middle. Of one value at least.
double median(std::vector<double> values);

}  // namespace wcam
