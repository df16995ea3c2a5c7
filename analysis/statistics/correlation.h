// How alike are two lists of numbers? All need both to have one length, else std::invalid_argument with both.
#pragma once

#include <span>

#include "analysis/statistics/stated.h"

namespace wcam {

// -1 to 1. Not stated for fewer than 3 values or when one list is constant.
Stated<double> pearson(std::span<const double> x, std::span<const double> y);

// Pearson's of the ranks, equal values at their mean rank. Not stated as above.
Stated<double> spearman(std::span<const double> x, std::span<const double> y);

// <x, y> / |x| |y|: -1 to 1, 0 to 1 where no value is negative; unlike a correlation it knows where 0 is. Not
// stated when one list is all 0.
Stated<double> cosine(std::span<const double> x, std::span<const double> y);

// What the correlation of x and y would be without noise: r_xy / sqrt(r_xx r_yy), with r_xx and r_yy the
// correlations of two replicates of the same (C. Spearman, Am. J. Psychology 15, 1904). All three are of
// single measurements, or all of means of equally many. Noise in the three moves it beyond 1 at times: it is
// not cut off. Not stated when a reliability is not above 0: then there is no signal to correlate.
Stated<double> noise_corrected(double r_xy, double r_xx, double r_yy);

// Reliability of k times as many measurements from that of one, k r / (1 + (k - 1) r) (C. Spearman, W. Brown
// 1910). Where r is not above 0 it stays as it is: no agreement, which more of the same does not make.
double spearman_brown(double r, double k = 2);

}  // namespace wcam
