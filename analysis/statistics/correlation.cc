#include "analysis/statistics/correlation.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "analysis/statistics/ranks.h"

namespace wcam {

namespace {

void check_lengths(std::span<const double> x, std::span<const double> y) {
  if (x.size() != y.size())
    throw std::invalid_argument("lists of " + std::to_string(x.size()) + " and " + std::to_string(y.size()) +
                                " values cannot be compared");
}

double mean_of(std::span<const double> x) {
  return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}

}  // namespace

Stated<double> pearson(std::span<const double> x, std::span<const double> y) {
  check_lengths(x, y);
  if (x.size() < 3) return NotStated{"a correlation needs 3 values, here are " + std::to_string(x.size())};
  const double mean_x = mean_of(x), mean_y = mean_of(y);
  double xx = 0, yy = 0, xy = 0, largest_x = 0, largest_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    yy += (y[i] - mean_y) * (y[i] - mean_y);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
    largest_x = std::max(largest_x, std::abs(x[i]));
    largest_y = std::max(largest_y, std::abs(y[i]));
  }
  // What remains of equal values is the rounding of their mean.
  const auto n = static_cast<double>(x.size());
  const auto constant = [n](double squares, double largest) {
    return !(std::sqrt(squares / n) > 1e-13 * largest);
  };
  if (constant(xx, largest_x) || constant(yy, largest_y))
    return NotStated{"a list of equal values correlates with nothing"};
  return std::clamp(xy / std::sqrt(xx) / std::sqrt(yy), -1.0, 1.0);
}

Stated<double> spearman(std::span<const double> x, std::span<const double> y) {
  check_lengths(x, y);
  return pearson(mean_ranks(x), mean_ranks(y));
}

Stated<double> cosine(std::span<const double> x, std::span<const double> y) {
  check_lengths(x, y);
  double xx = 0, yy = 0, xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xx += x[i] * x[i];
    yy += y[i] * y[i];
    xy += x[i] * y[i];
  }
  if (!(xx > 0 && yy > 0)) return NotStated{"a list of zeros has no direction"};
  return std::clamp(xy / std::sqrt(xx) / std::sqrt(yy), -1.0, 1.0);
}

Stated<double> noise_corrected(double r_xy, double r_xx, double r_yy) {
  if (r_xx > 0 && r_yy > 0) return r_xy / std::sqrt(r_xx * r_yy);
  return NotStated{"replicates correlate by " + std::to_string(r_xx) + " and " + std::to_string(r_yy) +
                   ": without a correlation above 0 there is no signal to correct"};
}

double spearman_brown(double r, double k) { return r > 0 ? k * r / (1 + (k - 1) * r) : r; }

}  // namespace wcam
