// Sobol indices from a classifier's outputs on the samples of a design.
#pragma once

#include <limits>
#include <span>
#include <vector>

#include "common/base/error.h"
#include "common/study/wcam_settings.h"

namespace wcam {

// The outputs have no indices: constant within rounding, or not finite. The classifier and the image are
// such; trying again is no use.
class DegenerateOutputs : public InputError {
 public:
  using InputError::InputError;
};

// With a, b, c the N outputs on A, B and C_i (A with column i from B), <.> the mean of N, f0 = <a>,
// V = sum (a - f0)^2 / (N - 1) and var, cov population moments:
//
//            total order, published                       corrected        first order (both)
//   Jansen   <(a - c)^2> / 2V                             same             1 - <(b - c)^2> / 2V
//   Homma    (V - <ac> + f0^2) / V                        same             (<bc> - f0^2) / V
//   Saltelli 1 - (<ac> - f0^2) / V                        same             <b (c - a)> / V
//   Janon    1 - (<ac> - m^2) / W, m = <(a + c) / 2>,     W divides by N   same with b for a, without "1 -"
//            W = sum (a^2 + c^2) / 2 / (N - 1) - m^2
//   Glen     1 - N / (N - 1) cov(a, c) / sqrt(var a var c) without N/(N-1) correlation of b and c
//
// Sources: M. J. W. Jansen 1999; T. Homma and A. Saltelli 1996; A. Janon et al. 2014; G. Glen and K. Isaacs
// 2012; A. Saltelli et al. 2010; the divisors are those of the published WCAM implementation.
//
// Given pooled moments (kCorrected only) mean m and variance V come from all outputs instead of the N on A,
// and Homma and Saltelli take forms that give exactly 0 for a cell without effect, whatever N is:
//   total: both <(a - m)(a - c)> / V;   first: Homma <(b - m)(c - m)> / V, Saltelli <(b - m)(c - a)> / V.
enum class Form { kPublished, kCorrected };

// Mean and variance of the output from every sample that was evaluated. V is the mean over the samples of
// each one's variance (divisor N - 1): unbiased each, while the variance of all outputs taken together would
// be low by a factor (N - 1) / N, since the outputs of all C_i at one design point are nearly equal. Also the
// same without any one design point, for the jackknife. Holds O(N).
class PooledMoments {
 public:
  explicit PooledMoments(int nb_design);
  // The N outputs on A, on B or on one C_i.
  void add(std::span<const double> sample);

  double mean() const;
  double variance() const;
  // Without design point j. NaN for the variance when N is 2.
  double mean_without(int j) const;
  double variance_without(int j) const;

 private:
  // squares_: sum of squared deviations, each from its sample's mean.
  double n_, samples_ = 0, sum_ = 0, squares_ = 0;
  std::vector<double> point_sums_, point_squares_;  // by design point: of outputs, of squared deviations
};

struct Index {
  double value = 0;
  // Delete-one jackknife over the N design points, each left out of every sample (R. G. Miller, Biometrika
  // 61(1), 1974). Infinite where a subset has no variance, so always at N = 2. It takes points for
  // independent: too large, rather than too small, for Sobol sequences.
  double standard_error = 0;
};

// By how much float32 logits of one and the same picture may differ with its place in the batch, the batch
// size, the processor and the BLAS kernel, relative to the largest logit of the map: 3.8e-6
// (docs/reproducibility.md). Outputs that spread by no more are constant: indices of that would be noise.
inline constexpr double kRounding = 32 * std::numeric_limits<float>::epsilon();

// Cells one after another; holds A, B and the moments only. Immutable; any thread may use it.
class IndexEstimator {
 public:
  // b is needed for Order::kFirst, else empty. Throws DegenerateOutputs when the outputs on A (or all pooled
  // ones) are constant within kRounding.
  IndexEstimator(Estimator estimator, Order order, Form form, std::vector<double> a,
                 std::vector<double> b = {}, const PooledMoments* pooled = nullptr);

  // c: the N outputs on C_i. O(N).
  Index operator()(std::span<const double> c) const;

 private:
  struct Sums;
  double evaluate(const Sums& sums, double mean, double variance) const;

  Estimator estimator_;
  Order order_;
  Form form_;
  bool pooled_;
  std::vector<double> a_, b_;
  // Of all points and, at j + 1, of all but j.
  std::vector<double> means_, variances_;
};

}  // namespace wcam
