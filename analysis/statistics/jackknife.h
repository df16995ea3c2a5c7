// Delete-one jackknife.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace wcam {

// Standard error of a statistic from its values without each of the n parts in turn: sqrt((n - 1) / n * sum
// of squared deviations from their mean) (R. G. Miller, Biometrika 61(1), 1974). Infinite for fewer than 3
// values or when one is not finite.
double jackknife_standard_error(std::span<const double> without);

// Of the mean of h over all pairs of n parts, one value a part: n times that mean less n - 1 times the mean
// without the part (J. W. Tukey, Ann. Math. Statistics 29, 1958). Their mean is the mean over pairs, and they
// spread over parts as if independent: a part's mean of h with all others does not, it has half the spread,
// since the others are the same for all. h: symmetric. Empty below 3 parts.
std::vector<double> pair_pseudo_values(std::size_t n,
                                       const std::function<double(std::size_t, std::size_t)>& h);

}  // namespace wcam
