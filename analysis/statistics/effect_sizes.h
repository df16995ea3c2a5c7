// How large is a difference between two conditions on the same images, in units that compare across measures?
// One difference an image goes in.
#pragma once

#include <span>

#include "analysis/statistics/resampling.h"
#include "analysis/statistics/stated.h"

namespace wcam {

// Hedges' g of paired data, g = J d_z with d_z = mean / standard deviation of the differences and the exact J
// = Gamma(m / 2) / (sqrt(m / 2) Gamma((m - 1) / 2)), m = n - 1, which takes out the bias of few images (L. V.
// Hedges, J. Educational Statistics 6, 1981). Any real number; 0.2, 0.5, 0.8 are often called small, medium,
// large. The interval is for d_z's population value, from the noncentral t distribution: that of normal
// differences. It covers, at 95 % (300 to 500 samples each): normal differences 94 to 96 %; lognormal ones
// (sigma 1) less 1, 95 to 99 %; lognormal ones (sigma 1/2) as they are, whose mean is twice their deviation,
// 91 to 95 %. Not stated below kFewestImages and when all differences are equal.
Stated<Interval> hedges_g(std::span<const double> differences, double level = 0.95);

// Is the mean difference too small to matter? margin: the smallest mean difference that would matter, stated
// before the data are seen, in the differences' unit. Two one-sided tests (D. J. Schuirmann, J.
// Pharmacokinetics and Biopharmaceutics 15, 1987), each with the bootstrap distribution of t in place of
// Student's (resampling.h). At the margin itself 5 % should be called equivalent. Of 8, 20 and 50 images,
// 4,000 samples each, so many are, the long tail of lognormal differences pointing outwards, with Student's t
// in brackets; with the tail inwards fewer than 5 %:
//   normal 5, 5, 5 %;   sigma 1/2: 9, 7, 6 % (11, 9, 8);   sigma 1: 13, 10, 8 % (22, 17, 14).
struct Equivalence {
  double p = 1;   // the larger of the two; at most 0.05: equivalent within the margin
  Interval mean;  // at 90 %: inside the margin exactly when p is at most 0.05
  double margin = 0;
};
// Throws std::invalid_argument when margin is not above 0. Not stated as in mean_interval().
Stated<Equivalence> equivalence_test(std::span<const double> differences, double margin,
                                     const Resampling& resampling = {});

}  // namespace wcam
