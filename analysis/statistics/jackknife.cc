#include "analysis/statistics/jackknife.h"

#include <cmath>
#include <limits>

namespace wcam {

double jackknife_standard_error(std::span<const double> without) {
  const auto n = static_cast<double>(without.size());
  double mean = 0, squares = 0;
  for (const double value : without) mean += value / n;
  for (const double value : without) squares += (value - mean) * (value - mean);
  const double error = std::sqrt(squares * (n - 1) / n);
  return without.size() < 3 || !std::isfinite(error) ? std::numeric_limits<double>::infinity() : error;
}

}  // namespace wcam
