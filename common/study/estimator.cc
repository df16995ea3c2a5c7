#include "common/study/estimator.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>

namespace wcam {

PooledMoments::PooledMoments(int nb_design)
    : n_(nb_design),
      point_sums_(static_cast<std::size_t>(nb_design)),
      point_squares_(static_cast<std::size_t>(nb_design)) {}

void PooledMoments::add(std::span<const double> sample) {
  double sum = 0;
  for (const double value : sample) sum += value;
  const double mean = sum / n_;
  sum_ += sum;
  for (std::size_t j = 0; j < sample.size(); ++j) {
    const double square = (sample[j] - mean) * (sample[j] - mean);
    point_sums_[j] += sample[j];
    point_squares_[j] += square;
    squares_ += square;
  }
  samples_ += 1;
}

double PooledMoments::mean() const { return sum_ / (n_ * samples_); }
double PooledMoments::variance() const { return squares_ / ((n_ - 1) * samples_); }

double PooledMoments::mean_without(int j) const {
  return (sum_ - point_sums_[static_cast<std::size_t>(j)]) / ((n_ - 1) * samples_);
}

double PooledMoments::variance_without(int j) const {
  // Leaving a value out moves its sample's mean too: the squares fall by n / (n - 1) times its own.
  if (n_ < 3) return std::numeric_limits<double>::quiet_NaN();
  return (squares_ - point_squares_[static_cast<std::size_t>(j)] * n_ / (n_ - 1)) / ((n_ - 2) * samples_);
}

namespace {

double rounding_of(std::span<const double> outputs) {
  double largest = 0;
  for (const double value : outputs) largest = std::max(largest, std::abs(value));
  return kRounding * largest;
}

}  // namespace

// Sums over design points, of all or of all but one.
struct IndexEstimator::Sums {
  double n = 0, a = 0, b = 0, c = 0, aa = 0, bb = 0, cc = 0, ab = 0, ac = 0, bc = 0;
  double a_minus_c = 0, b_minus_c = 0;  // squared

  void add(double sign, double x, double y, double z) {
    n += sign;
    a += sign * x, b += sign * y, c += sign * z;
    aa += sign * x * x, bb += sign * y * y, cc += sign * z * z;
    ab += sign * x * y, ac += sign * x * z, bc += sign * y * z;
    a_minus_c += sign * (x - z) * (x - z);
    b_minus_c += sign * (y - z) * (y - z);
  }
};

IndexEstimator::IndexEstimator(Estimator estimator, Order order, Form form, std::vector<double> a,
                               std::vector<double> b, const PooledMoments* pooled)
    : estimator_(estimator),
      order_(order),
      form_(form),
      pooled_(pooled != nullptr),
      a_(std::move(a)),
      b_(std::move(b)) {
  if (order_ == Order::kTotal) b_.assign(a_.size(), 0);
  const auto [low, high] = std::minmax_element(a_.begin(), a_.end());
  const double spread = pooled == nullptr ? *high - *low : std::sqrt(pooled->variance());
  if (!(spread > rounding_of(a_)))
    throw DegenerateOutputs("the output is constant (" + std::to_string(*low) + " at all " +
                            std::to_string(a_.size()) + " design points" +
                            (spread > 0 ? ", within rounding" : "") + "): Sobol indices are undefined");
  if (pooled != nullptr) {
    means_.push_back(pooled->mean());
    variances_.push_back(pooled->variance());
    for (std::size_t j = 0; j < a_.size(); ++j) {
      means_.push_back(pooled->mean_without(static_cast<int>(j)));
      variances_.push_back(pooled->variance_without(static_cast<int>(j)));
    }
    return;
  }
  PooledMoments of_a(static_cast<int>(a_.size()));
  of_a.add(a_);
  means_.push_back(of_a.mean());
  variances_.push_back(of_a.variance());
  for (std::size_t j = 0; j < a_.size(); ++j) {
    means_.push_back(of_a.mean_without(static_cast<int>(j)));
    variances_.push_back(of_a.variance_without(static_cast<int>(j)));
  }
}

double IndexEstimator::evaluate(const Sums& s, double mean, double variance) const {
  const bool total = order_ == Order::kTotal;
  const double x = (total ? s.a : s.b) / s.n, xx = (total ? s.aa : s.bb) / s.n,
               xc = (total ? s.ac : s.bc) / s.n;
  const double c = s.c / s.n, cc = s.cc / s.n;
  switch (estimator_) {
    case Estimator::kJansen:
      return total ? s.a_minus_c / s.n / (2 * variance) : 1 - s.b_minus_c / s.n / (2 * variance);
    case Estimator::kHomma:
      if (pooled_) return (total ? xx - xc - mean * (x - c) : xc - mean * (x + c) + mean * mean) / variance;
      return total ? (variance - xc + mean * mean) / variance : (xc - mean * mean) / variance;
    case Estimator::kSaltelli:
      if (pooled_)
        return (total ? xx - xc - mean * (x - c) : (s.bc - s.ab - mean * (s.c - s.a)) / s.n) / variance;
      return total ? 1 - (xc - mean * mean) / variance : (s.bc - s.ab) / s.n / variance;
    case Estimator::kJanon: {
      const double middle = (x + c) / 2;
      const double divisor = total && form_ == Form::kPublished ? s.n - 1 : s.n;
      const double spread = (xx + cc) / 2 * s.n / divisor - middle * middle;
      const double share = (xc - middle * middle) / spread;
      return total ? 1 - share : share;
    }
    case Estimator::kGlen: {
      const double spread = std::sqrt((xx - x * x) * (cc - c * c));
      const double divisor = total && form_ == Form::kPublished ? s.n - 1 : s.n;
      const double correlation = spread > 0 ? (xc - x * c) * s.n / divisor / spread : 0;
      return total ? 1 - correlation : correlation;
    }
    case Estimator::kGradient:
      break;
  }
  invariant_broken("an estimator without a formula");
}

Index IndexEstimator::operator()(std::span<const double> c) const {
  Sums all;
  for (std::size_t j = 0; j < a_.size(); ++j) all.add(1, a_[j], b_[j], c[j]);
  Index index{evaluate(all, means_[0], variances_[0]), 0};

  std::vector<double> without(a_.size());
  double mean = 0;
  for (std::size_t j = 0; j < a_.size(); ++j) {
    Sums rest = all;
    rest.add(-1, a_[j], b_[j], c[j]);
    without[j] = evaluate(rest, means_[j + 1], variances_[j + 1]);
    mean += without[j] / all.n;
  }
  double squares = 0;
  for (const double value : without) squares += (value - mean) * (value - mean);
  index.standard_error = std::sqrt(squares * (all.n - 1) / all.n);
  if (!std::isfinite(index.standard_error) || all.n < 3)
    index.standard_error = std::numeric_limits<double>::infinity();
  return index;
}

}  // namespace wcam
