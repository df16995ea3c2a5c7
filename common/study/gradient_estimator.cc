#include "common/study/gradient_estimator.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <numeric>
#include <string>
#include <utility>

#include "common/study/estimator.h"

namespace wcam {

namespace {

// Learnt from truths (gradient_estimator.h).
constexpr double kShrinkage = 8;  // points that a cell's energy is worth
constexpr double kPower = 0.9;    // of the index on the squared slope, within a level
constexpr double kLogSecant = -1, kLogSecantSpread = 0.5;  // of numerators by secants over those by slopes
constexpr double kLevelSpread = 0.35;                      // of that between levels, and cells of one level
constexpr double kSum = 1.68, kLogSumSpread = 0.2;         // of all indices

constexpr double kLeastEffect = 1e-12;         // of the sum of all: of a cell with a slope
constexpr double kLeastVariation = 0.3;        // of a level's squared slopes: fewer points seldom tell less
constexpr double kNothingKnownOfSecants = 10;  // spread that leaves the variance to the sample

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Divisor N - 1.
double variance(std::span<const double> values) {
  const double centre = mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - centre) * (value - centre);
  return squares / static_cast<double>(values.size() - 1);
}

double square_of_mean(std::span<const double> values, double (*of)(double)) {
  double sum = 0;
  for (const double value : values) sum += of(value);
  sum /= static_cast<double>(values.size());
  return sum * sum;
}

double largest(std::span<const double> values) {
  double found = 0;
  for (const double value : values) found = std::max(found, std::abs(value));
  return found;
}

// Symmetric, positive definite; rows one after another.
struct Matrix {
  explicit Matrix(std::size_t size) : n(size), values(size * size) {}
  double& operator()(std::size_t row, std::size_t col) { return values[row * n + col]; }
  double operator()(std::size_t row, std::size_t col) const { return values[row * n + col]; }
  std::size_t n;
  std::vector<double> values;
};

// By elimination, which needs no pivots there.
Matrix inverse(Matrix matrix) {
  const std::size_t n = matrix.n;
  Matrix result(n);
  for (std::size_t i = 0; i < n; ++i) result(i, i) = 1;
  for (std::size_t pivot = 0; pivot < n; ++pivot) {
    const double scale = 1 / matrix(pivot, pivot);
    for (std::size_t col = 0; col < n; ++col) matrix(pivot, col) *= scale, result(pivot, col) *= scale;
    for (std::size_t row = 0; row < n; ++row) {
      const double factor = matrix(row, pivot);
      if (row == pivot || factor == 0) continue;
      for (std::size_t col = 0; col < n; ++col) {
        matrix(row, col) -= factor * matrix(pivot, col);
        result(row, col) -= factor * result(pivot, col);
      }
    }
  }
  return result;
}

// Weighted least squares, an observation after another.
class LeastSquares {
 public:
  explicit LeastSquares(std::size_t unknowns) : normal_(unknowns), right_(unknowns) {}

  void observe(const std::vector<double>& row, double value, double variance) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      right_[i] += row[i] * value / variance;
      for (std::size_t j = 0; j < row.size(); ++j) normal_(i, j) += row[i] * row[j] / variance;
    }
  }
  Matrix covariance() const { return inverse(normal_); }
  std::vector<double> solution(const Matrix& covariance) const {
    std::vector<double> unknowns(right_.size());
    for (std::size_t i = 0; i < unknowns.size(); ++i)
      for (std::size_t j = 0; j < unknowns.size(); ++j) unknowns[i] += covariance(i, j) * right_[j];
    return unknowns;
  }

 private:
  Matrix normal_;
  std::vector<double> right_;
};

// Of the sums of a times unknown and b times unknown.
double covariance_along(const std::vector<double>& a, const std::vector<double>& b,
                        const Matrix& covariance) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = 0; j < b.size(); ++j) sum += a[i] * covariance(i, j) * b[j];
  return sum;
}

// The cells of one level that has slopes.
struct Level {
  int level = 0;
  std::vector<std::size_t> cells;
  double effect = 0;  // X_l
};

class Estimation {
 public:
  explicit Estimation(const Gradients& gradients)
      : g_(gradients), n_(gradients.logits.size()), effects_(gradients.levels.size()) {
    check();
    find_levels();
    for (Level& level : levels_) shrink(level);
    sum_ = std::accumulate(effects_.begin(), effects_.end(), 0.0);
    bend();
  }

  GradientEstimate operator()() const {
    GradientEstimate estimate = solve(kLogSecantSpread);
    const double most = *std::max_element(estimate.shares.begin(), estimate.shares.end());
    return most > kNearlyAll && levels_.size() > 1 ? solve(kNothingKnownOfSecants) : estimate;
  }

 private:
  double points() const { return static_cast<double>(n_); }
  std::span<const double> slopes(std::size_t cell) const { return g_.slopes.subspan(cell * n_, n_); }
  std::span<const double> energies(std::size_t cell) const { return g_.energies.subspan(cell * n_, n_); }

  void check() const {
    const auto [low, high] = std::minmax_element(g_.logits.begin(), g_.logits.end());
    if (!(*high - *low > kRounding * largest(g_.logits)))
      throw DegenerateOutputs("the output is constant (" + std::to_string(*low) + " at all " +
                              std::to_string(n_) + " design points" +
                              (*high > *low ? ", within rounding" : "") + "): Sobol indices are undefined");
    if (largest(g_.slopes) == 0)
      throw DegenerateOutputs(
          "the output's gradient is 0 at all " + std::to_string(n_) +
          " design points, although the output is not constant: no gradient passes through "
          "this classifier; take another --estimator");
  }

  void find_levels() {
    for (int number = 0; number < g_.level_count; ++number) {
      Level level{number, {}, 0};
      bool has_slope = false;
      for (std::size_t cell = 0; cell < effects_.size(); ++cell) {
        if (g_.levels[cell] != number || largest(energies(cell)) == 0) continue;
        level.cells.push_back(cell);
        has_slope = has_slope || largest(slopes(cell)) > 0;
      }
      if (has_slope) levels_.push_back(std::move(level));
    }
  }

  // Each cell's squared slope, drawn to what the energy within the cells says.
  void shrink(const Level& level) {
    const double weight = points() / (points() + kShrinkage);
    std::vector<double> within;
    double all = 0, all_within = 0;
    for (const std::size_t cell : level.cells) {
      effects_[cell] = std::numbers::pi / 2 *
                       square_of_mean(slopes(cell), [](double slope) { return std::abs(slope); }) / 12;
      within.push_back(square_of_mean(energies(cell), [](double energy) { return std::sqrt(energy); }));
      all += effects_[cell];
      all_within += within.back();
    }
    for (std::size_t i = 0; i < within.size(); ++i)
      effects_[level.cells[i]] =
          weight * effects_[level.cells[i]] + (1 - weight) * within[i] * all / all_within;
  }

  // The power law, which leaves the sum as it is.
  void bend() {
    double bent = 0;
    for (const Level& level : levels_)
      for (const std::size_t cell : level.cells) {
        effects_[cell] = std::pow(std::max(effects_[cell], kLeastEffect * sum_), kPower);
        bent += effects_[cell];
      }
    for (double& effect : effects_) effect *= sum_ / bent;
    for (Level& level : levels_)
      for (const std::size_t cell : level.cells) level.effect += effects_[cell];
  }

  double squared_variation(const Level& level) const {
    std::vector<double> at_point(n_);
    for (const std::size_t cell : level.cells)
      for (std::size_t k = 0; k < n_; ++k) at_point[k] += slopes(cell)[k] * slopes(cell)[k];
    const double centre = mean(at_point);
    return centre > 0 ? variance(at_point) / (centre * centre) : 0;
  }

  // Unknowns: theta of each level, r, nu.
  GradientEstimate solve(double log_secant_spread) const {
    const std::size_t count = levels_.size(), unknowns = count + 2, r = count, nu = count + 1;
    LeastSquares squares(unknowns);
    std::vector<double> link(unknowns);
    link[nu] = -1;
    double of_link = std::log(kSum) - std::log(sum_);
    for (std::size_t l = 0; l < count; ++l) {
      const Level& level = levels_[l];
      std::vector<double> row(unknowns);
      row[l] = 1, row[r] = -1;
      squares.observe(
          row, std::log(level.effect),
          std::max(squared_variation(level), kLeastVariation) / points() + kLevelSpread * kLevelSpread);
      link[l] = level.effect / sum_;
      of_link += link[l] * std::log(level.effect);
    }
    std::vector<double> only(unknowns);
    only[r] = 1;
    squares.observe(only, kLogSecant, log_secant_spread * log_secant_spread);
    only[r] = 0, only[nu] = 1;
    const double of_variance = std::log(1 + 2 / (points() - 1));
    squares.observe(only, std::log(variance(g_.logits)) + of_variance / 2, of_variance);
    squares.observe(link, of_link, kLogSumSpread * kLogSumSpread);
    const Matrix covariance = squares.covariance();
    return told(squares.solution(covariance), covariance);
  }

  GradientEstimate told(const std::vector<double>& unknowns, const Matrix& covariance) const {
    const std::size_t count = levels_.size(), nu = count + 1;
    GradientEstimate estimate;
    estimate.variance = std::exp(unknowns[nu]);
    estimate.log_variance_error = std::sqrt(covariance(nu, nu));
    tell_cells(estimate, unknowns, covariance);
    double total = 0;
    for (std::size_t l = 0; l < count; ++l) total += std::exp(unknowns[l]);
    std::vector<double> of_sum(count + 2);  // of the derivative of the sum's logarithm: shares, 0, -1
    for (std::size_t l = 0; l < count; ++l) of_sum[l] = std::exp(unknowns[l]) / total;
    tell_shares(estimate, of_sum, covariance);
    of_sum[nu] = -1;
    estimate.log_sum_error = std::sqrt(covariance_along(of_sum, of_sum, covariance));
    return estimate;
  }

  void tell_cells(GradientEstimate& estimate, const std::vector<double>& unknowns,
                  const Matrix& covariance) const {
    const std::size_t nu = levels_.size() + 1;
    estimate.indices.assign(effects_.size(), 0);
    estimate.log_errors.assign(effects_.size(), 0);
    for (std::size_t l = 0; l < levels_.size(); ++l) {
      std::vector<double> row(nu + 1);
      row[l] = 1, row[nu] = -1;
      const double error = std::sqrt(covariance_along(row, row, covariance) + 4 / (points() + kShrinkage) +
                                     kLevelSpread * kLevelSpread);
      const double scale = std::exp(unknowns[l] - unknowns[nu]) / levels_[l].effect;
      for (const std::size_t cell : levels_[l].cells) {
        estimate.indices[cell] = effects_[cell] * scale;
        estimate.log_errors[cell] = error;
      }
    }
  }

  // shares: of the levels that have slopes, with more behind them.
  void tell_shares(GradientEstimate& estimate, const std::vector<double>& shares,
                   const Matrix& covariance) const {
    const auto all = static_cast<std::size_t>(g_.level_count);
    estimate.shares.assign(all, 0);
    estimate.share_covariance.assign(all * all, 0);
    const auto by_unknowns = [&](std::size_t l) {
      std::vector<double> row(covariance.n);
      for (std::size_t other = 0; other < levels_.size(); ++other)
        row[other] = shares[l] * ((other == l ? 1 : 0) - shares[other]);
      return row;
    };
    for (std::size_t l = 0; l < levels_.size(); ++l) {
      const auto level = static_cast<std::size_t>(levels_[l].level);
      estimate.shares[level] = shares[l];
      for (std::size_t k = 0; k < levels_.size(); ++k)
        estimate.share_covariance[level * all + static_cast<std::size_t>(levels_[k].level)] =
            covariance_along(by_unknowns(l), by_unknowns(k), covariance);
    }
  }

  const Gradients& g_;
  std::size_t n_;
  std::vector<double> effects_;  // e_i
  std::vector<Level> levels_;    // those with slopes
  double sum_ = 0;               // s
};

}  // namespace

GradientEstimate gradient_estimate(const Gradients& gradients) { return Estimation(gradients)(); }

}  // namespace wcam
