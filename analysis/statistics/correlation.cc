#include "analysis/statistics/correlation.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "analysis/statistics/jackknife.h"
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

double covariance(std::span<const double> x, std::span<const double> y) {
  const double mean_x = mean_of(x), mean_y = mean_of(y);
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += (x[i] - mean_x) * (y[i] - mean_y);
  return sum / static_cast<double>(x.size());
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

Stated<double> noise_corrected(std::span<const double> x1, std::span<const double> x2,
                               std::span<const double> y1, std::span<const double> y2) {
  check_lengths(x1, y1);
  const auto of_x = pearson(x1, x2), of_y = pearson(y1, y2);
  for (const auto* one : {&of_x, &of_y})
    if (!*one) return *one;
  if (*of_x > 0 && *of_y > 0)
    return (covariance(x1, y2) + covariance(x2, y1)) / 2 / std::sqrt(covariance(x1, x2) * covariance(y1, y2));
  return NotStated{"two measurements correlate by " + std::to_string(*of_x) + " and " +
                   std::to_string(*of_y) + ": without a correlation above 0 there is no signal to correct"};
}

Stated<Interval> noise_corrected_interval(std::span<const double> x1, std::span<const double> x2,
                                          std::span<const double> y1, std::span<const double> y2,
                                          double level) {
  const std::size_t n = x1.size();
  if (auto few = too_few(n)) return *few;
  const auto value = noise_corrected(x1, x2, y1, y2);
  if (!value) return NotStated{value.why_not()};
  std::vector<double> without;
  for (std::size_t left_out = 0; left_out < n; ++left_out) {
    std::vector<double> rest[4];
    for (std::size_t i = 0; i < n; ++i)
      if (i != left_out)
        for (const auto& [list, from] : {std::pair(0, x1), {1, x2}, {2, y1}, {3, y2}})
          rest[list].push_back(from[i]);
    const auto of_rest = noise_corrected(rest[0], rest[1], rest[2], rest[3]);
    if (!of_rest)
      return NotStated{"without one of the " + std::to_string(n) + " images " + of_rest.why_not()};
    without.push_back(*of_rest);
  }
  const boost::math::students_t_distribution<> student(static_cast<double>(n) - 1);
  const double reach = boost::math::quantile(student, (1 + level) / 2) * jackknife_standard_error(without);
  return Interval{*value, *value - reach, *value + reach, level, n};
}

}  // namespace wcam
