#include "analysis/statistics/paired_tests.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>

#include "analysis/statistics/random_numbers.h"
#include "analysis/statistics/ranks.h"

namespace wcam {

namespace {

constexpr std::size_t kExactSigns = 16;   // 2^16 sums take a quarter of a millisecond
constexpr std::size_t kExactRanks = 100;  // a million additions
constexpr int kDrawnSigns = 19'999;       // a p of 0.05 then has a standard error of 0.0015

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

// P(W <= w) and P(W >= w) of the sum W of those ranks whose difference is positive, when each sign is as
// likely as the other. Ranks are multiples of 1/2.
double exact_two_sided(std::span<const double> ranks, double w) {
  std::vector<double> probability{1};  // of each doubled sum
  for (const double rank : ranks) {
    const auto twice = static_cast<std::size_t>(std::lround(2 * rank));
    if (twice == 0) continue;
    std::vector<double> next(probability.size() + twice);
    for (std::size_t sum = 0; sum < probability.size(); ++sum) {
      next[sum] += probability[sum] / 2;
      next[sum + twice] += probability[sum] / 2;
    }
    probability = std::move(next);
  }
  const auto at = static_cast<std::ptrdiff_t>(std::lround(2 * w));
  const double below = std::accumulate(probability.begin(), probability.begin() + at + 1, 0.0);
  const double above = std::accumulate(probability.begin() + at, probability.end(), 0.0);
  return std::min(1.0, 2 * std::min(below, above));
}

// Given the ranks that take part, W has mean sum / 2 and variance sum of squares / 4: ties and zeros are in
// it.
double normal_two_sided(std::span<const double> ranks, double w) {
  double sum = 0, squares = 0;
  for (const double rank : ranks) {
    sum += rank;
    squares += rank * rank;
  }
  const double z = std::abs(w - sum / 2) / std::sqrt(squares / 4);
  return 2 * boost::math::cdf(boost::math::complement(boost::math::normal_distribution<>(), z));
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

std::vector<double> signed_ranks(std::span<const double> differences) {
  std::vector<double> sizes;
  sizes.reserve(differences.size());
  for (const double difference : differences) sizes.push_back(std::abs(difference));
  std::vector<double> ranks = mean_ranks(sizes);
  for (std::size_t i = 0; i < ranks.size(); ++i)
    if (sizes[i] == 0) ranks[i] = 0;
  return ranks;
}

Stated<PairedTest> signed_rank_test(std::span<const double> differences) {
  if (auto none = no_test(differences)) return *none;
  const std::vector<double> ranks = signed_ranks(differences);
  double positive = 0, all = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    all += ranks[i];
    if (differences[i] > 0) positive += ranks[i];
  }
  const bool exact = differences.size() <= kExactRanks;
  return PairedTest{(2 * positive - all) / all,
                    exact ? exact_two_sided(ranks, positive) : normal_two_sided(ranks, positive), exact,
                    differences.size()};
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

}  // namespace wcam
