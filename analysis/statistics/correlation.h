// How alike are two lists of numbers? All need both to have one length, else std::invalid_argument with both.
#pragma once

#include <span>

#include "analysis/statistics/resampling.h"
#include "analysis/statistics/stated.h"

namespace wcam {

// -1 to 1. Not stated for fewer than 3 values or when one list is constant.
Stated<double> pearson(std::span<const double> x, std::span<const double> y);

// Pearson's of the ranks, equal values at their mean rank. Not stated as above.
Stated<double> spearman(std::span<const double> x, std::span<const double> y);

// <x, y> / |x| |y|: -1 to 1, 0 to 1 where no value is negative; unlike a correlation it knows where 0 is. Not
// stated when one list is all 0.
Stated<double> cosine(std::span<const double> x, std::span<const double> y);

// What the correlation of x and y over images would be without noise, from two measurements of each with
// independent noise: cov(x, y) / sqrt(cov(x1, x2) cov(y1, y2)), cov(x, y) the mean of cov(x1, y2) and cov(x2,
// y1) (C. Spearman, Am. J. Psychology 15, 1904). By chance it lies beyond 1 at times: it is not cut off. Not
// stated as above, and when a measure's own covariance is not above 0: then there is no signal to correlate.
Stated<double> noise_corrected(std::span<const double> x1, std::span<const double> x2,
                               std::span<const double> y1, std::span<const double> y2);
// With its interval over images: delete-one jackknife with Student's t. Of 8, 12, 20, 50 and 200 images, a
// correlation of 0.8 and noise of half the signal's deviation it covers 91, 90, 92, 93 and 94 %. Not stated
// also below kFewestImages, and when it is not stated without one of the images.
Stated<Interval> noise_corrected_interval(std::span<const double> x1, std::span<const double> x2,
                                          std::span<const double> y1, std::span<const double> y2,
                                          double level = 0.95);

}  // namespace wcam
