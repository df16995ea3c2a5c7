// Total-order indices from gradients of the output with respect to the masks.
#pragma once

#include <span>
#include <vector>

namespace wcam {

// At N points drawn uniformly from [0, 1]^d, of d cells.
struct Gradients {
  std::span<const double> logits;    // [N]
  std::span<const double> slopes;    // [d][N]: of the logit by the cell's mask
  std::span<const double> energies;  // [d][N]: sum over the cell's coefficients of their slope squared
  std::span<const int> levels;       // [d]: 0 the approximation, 1 the coarsest details, to level_count - 1
  int level_count = 0;
};

// Standard errors of logarithms are multiplicative: 0.7 says "times or divided by 2".
struct GradientEstimate {
  std::vector<double> indices;     // [d] total order; exactly 0 of a cell whose slopes and energies are 0
  std::vector<double> log_errors;  // [d] standard errors of their logarithms
  std::vector<double> shares;      // [level_count] of the summed indices
  std::vector<double> share_covariance;  // [level_count * level_count] of these
  double variance = 0;                   // of the output: index times variance is the numerator
  double log_variance_error = 0;         // standard error of its logarithm
  double log_sum_error = 0;              // and of that of the indices' sum
};

// A share above which one level has nearly all, as of an output that hardly varies: the variance is then the
// sample's alone, and the shares' stated errors are too small.
inline constexpr double kNearlyAll = 0.97;

// With v_i = (pi / 2) <|slope_i|>^2 / 12, P_i = <sqrt(energy_i)>^2, <.> the mean of N, and w = N / (N + 8):
//   e_i = w v_i + (1 - w) P_i sum_j v_j / sum_j P_j over the cells j of the level of i
//   e_i <- e_i^0.9, scaled to the same sum s;  X_l = sum of level l;  q_l = X_l / s
// Levels' numerators exp(theta_l), the mean log ratio r of secants to slopes and the variance exp(nu) are a
// weighted least-squares solution of
//   theta_l - r = log X_l              variance max(CV_l^2, 0.3) / N + 0.35^2
//   r = -1                             variance 0.5^2
//   nu = log s_y^2 + b / 2             variance b = log(1 + 2 / (N - 1)), s_y^2 the variance of the logits
//   sum_l q_l theta_l - nu = log 1.68 - log s + sum_l q_l log X_l      variance 0.2^2
// CV_l^2: squared coefficient of variation over the points of the level's summed squared slopes. Then index_i
// = e_i exp(theta_l) / X_l / exp(nu). The variance of its logarithm is that of theta_l - nu, + 4 / (N + 8) +
// 0.35^2. Levels without any slope stay out, with indices and shares of 0.
//
// Where one level has more than kNearlyAll of all, and others have some, the variance of r is 10^2 instead.
//
// The constants 8, 0.9, 0.35, -1 and 1.68 are what no gradient tells: learnt on MobileNets with ReLU6, from
// the truths of three photographs under the smallest of three networks; the other networks, photographs and
// mode had no part in them (docs/accuracy.md). 0.3, 0.5 and 0.2 are judgement.
//
// Biased: the secants' ratio to the slopes is known on average only, so that level shares are off by 0.07 in
// the worst level, however many points there are. The sum of all is nearly the constant's.
//
// N >= 2; a slope is 0 where its energy is. Throws DegenerateOutputs (estimator.h) when the logits are
// constant within rounding, or all slopes are 0. O(N d).
//
// Sources: derivative-based bounds on total-order indices: I. M. Sobol and S. Kucherenko, Math. Comput.
// Simul. 79, 2009; shrinkage to a covariate: R. E. Fay and R. A. Herriot, JASA 74, 1979.
GradientEstimate gradient_estimate(const Gradients& gradients);

}  // namespace wcam
