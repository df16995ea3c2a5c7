#include "analysis/statistics/effect_sizes.h"

#include <algorithm>
#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace wcam {

namespace {

struct Moments {
  double mean = 0, deviation = 0;  // divisor n - 1
};

Moments moments(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  Moments found;
  for (const double value : values) found.mean += value / n;
  for (const double value : values) found.deviation += (value - found.mean) * (value - found.mean);
  found.deviation = std::sqrt(found.deviation / (n - 1));
  return found;
}

// The noncentrality at which t is the given quantile.
double noncentrality(double t, double degrees, double probability) {
  const auto excess = [&](double delta) {
    const boost::math::non_central_t_distribution<> distribution(degrees, delta);
    return boost::math::cdf(distribution, t) - probability;
  };
  // t / delta varies by no more than the deviation's estimate, a factor of 3 with 7 degrees of freedom.
  const double reach = 6 + 3 * std::abs(t);
  std::uintmax_t steps = 100;
  const auto bracket = boost::math::tools::toms748_solve(
      excess, t - reach, t + reach, boost::math::tools::eps_tolerance<double>(40), steps);
  return (bracket.first + bracket.second) / 2;
}

}  // namespace

Stated<Interval> hedges_g(std::span<const double> differences, double level) {
  const std::size_t n = differences.size();
  if (auto few = too_few(n)) return *few;
  const Moments found = moments(differences);
  if (!(found.deviation > 1e-12 * std::abs(found.mean)))
    return NotStated{"all " + std::to_string(n) +
                     " images differ by the same, so there is no spread to compare with"};
  const double m = static_cast<double>(n) - 1, root_n = std::sqrt(static_cast<double>(n));
  const double unbiased =
      std::exp(boost::math::lgamma(m / 2) - boost::math::lgamma((m - 1) / 2)) / std::sqrt(m / 2);
  const double d = found.mean / found.deviation, t = d * root_n;
  return Interval{unbiased * d, noncentrality(t, m, (1 + level) / 2) / root_n,
                  noncentrality(t, m, (1 - level) / 2) / root_n, level, n};
}

Stated<Equivalence> equivalence_test(std::span<const double> differences, double margin,
                                     const Resampling& resampling) {
  if (!(margin > 0))
    throw std::invalid_argument("equivalence_test: a margin of " + std::to_string(margin) +
                                " is not above 0");
  const auto found = studentised_mean(differences, resampling);
  if (!found) return NotStated{found.why_not()};
  const auto interval = interval_of(*found, 0.90);
  if (!interval) return NotStated{interval.why_not()};
  // Share of resamples with t* as extreme as the distance to the margin's end, never 0.
  const auto share = [&](auto&& extreme) {
    return (1 + static_cast<double>(std::count_if(found->t.begin(), found->t.end(), extreme))) /
           (1 + static_cast<double>(found->t.size()));
  };
  const double from_low = (found->estimate + margin) / found->standard_error;
  const double from_high = (found->estimate - margin) / found->standard_error;
  const double p = std::max(share([&](double t) { return t >= from_low; }),
                            share([&](double t) { return t <= from_high; }));
  return Equivalence{p, *interval, margin};
}

}  // namespace wcam
