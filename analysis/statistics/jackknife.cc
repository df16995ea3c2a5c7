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

std::vector<double> pair_pseudo_values(std::size_t n,
                                       const std::function<double(std::size_t, std::size_t)>& h) {
  if (n < 3) return {};
  std::vector<double> with_others(n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const double value = h(i, j);
      with_others[i] += value;
      with_others[j] += value;
    }
  double all = 0;  // each pair twice
  for (const double sum : with_others) all += sum;
  const auto parts = static_cast<double>(n);
  std::vector<double> values;
  for (const double sum : with_others) values.push_back(all / (parts - 1) - (all - 2 * sum) / (parts - 2));
  return values;
}

}  // namespace wcam
