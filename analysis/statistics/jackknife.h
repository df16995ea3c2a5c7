// Delete-one jackknife.
#pragma once

#include <span>

namespace wcam {

// Standard error of a statistic from its values without each of the n parts in turn: sqrt((n - 1) / n * sum
// of squared deviations from their mean) (R. G. Miller, Biometrika 61(1), 1974). Infinite for fewer than 3
// values or when one is not finite.
double jackknife_standard_error(std::span<const double> without);

}  // namespace wcam
