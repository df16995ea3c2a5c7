#include "analysis/statistics/paired_tests.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>

#include "analysis/statistics/random_numbers.h"

namespace wcam {

namespace {

constexpr std::size_t kExactSigns = 16;  // 2^16 sums take a quarter of a millisecond
constexpr int kDrawnSigns = 19'999;      // a p of 0.05 then has a standard error of 0.0015

std::optional<NotStated> no_test(std::span<const double> differences) {
  if (auto few = too_few(differences.size())) return few;
  if (std::any_of(differences.begin(), differences.end(), [](double d) { return d != 0; }))
    return std::nullopt;
  return NotStated{"none of the " + std::to_string(differences.size()) + " images differs"};
}

// How many of the sums sum +- d_next +- ... are at least as far from 0 as `bound`.
std::size_t extreme_sums(std::span<const double> differences, double sum, double bound) {
  if (differences.empty()) return std::abs(sum) >= bound ? 1 : 0;
  const auto rest = differences.subspan(1);
  return extreme_sums(rest, sum + differences[0], bound) + extreme_sums(rest, sum - differences[0], bound);
}

// As many of kDrawnSigns random choices of signs; `all`: the differences' sum.
std::size_t extreme_draws(std::span<const double> differences, double all, double bound, std::uint64_t seed) {
  RandomNumbers random(seed);
  std::size_t extreme = 0;
  for (int draw = 0; draw < kDrawnSigns; ++draw) {
    double positive = 0;
    std::uint64_t signs = 0;
    for (std::size_t i = 0; i < differences.size(); ++i) {
      signs = i % 64 == 0 ? random.bits() : signs >> 1U;
      positive +=
          static_cast<double>(signs & 1U) * differences[i];  // no branch: it would be missed half the time
    }
    extreme += std::abs(2 * positive - all) >= bound ? 1 : 0;
  }
  return extreme;
}

}  // namespace

Stated<PairedTest> sign_flip_test(std::span<const double> differences, std::uint64_t seed) {
  if (auto none = no_test(differences)) return *none;
  const std::size_t n = differences.size();
  double sum = 0, sizes = 0;
  for (const double difference : differences) {
    sum += difference;
    sizes += std::abs(difference);
  }
  // Sums that differ by rounding alone are as extreme.
  const double bound = std::abs(sum) - 1e-12 * sizes;
  PairedTest test{sum / static_cast<double>(n), 1, n <= kExactSigns, n};
  test.p = test.exact
               ? std::ldexp(static_cast<double>(extreme_sums(differences, 0, bound)), -static_cast<int>(n))
               : static_cast<double>(1 + extreme_draws(differences, sum, bound, seed)) / (1 + kDrawnSigns);
  return test;
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (const double value : p)
    if (!(value >= 0 && value <= 1))
      throw std::invalid_argument("holm: p = " + std::to_string(value) + " is outside 0 to 1");
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.size());
  double largest = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, std::min(1.0, static_cast<double>(p.size() - i) * p[order[i]]));
    adjusted[order[i]] = largest;
  }
  return adjusted;
}

std::size_t fewest_images(std::size_t tests, double level) {
  return static_cast<std::size_t>(std::ceil(1 + std::log2(static_cast<double>(tests) / level)));
}

std::size_t images_to_show(double deviations, std::size_t tests, double level) {
  constexpr double kPower = 0.8;
  if (!(std::abs(deviations) > 1e-6)) return 0;
  const boost::math::normal_distribution<> normal;
  const double quantiles = boost::math::quantile(complement(normal, level / 2 / static_cast<double>(tests))) +
                           boost::math::quantile(normal, kPower);
  const auto images = static_cast<std::size_t>(std::ceil(std::pow(quantiles / deviations, 2)));
  return std::max({kFewestImages, fewest_images(tests, level), images});
}

}  // namespace wcam
