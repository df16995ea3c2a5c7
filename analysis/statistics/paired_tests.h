// Do two conditions differ on the same images? One difference an image goes in, however many rows it has
// (ImageMeans in analysis/report/estimates.h): images are independent of each other. With its effect size
// (effect_sizes.h) and interval (resampling.h), never alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "analysis/statistics/stated.h"

namespace wcam {

struct PairedTest {
  double statistic = 0;  // mean difference
  double p = 1;          // two-sided
  bool exact = false;    // over all 2^n signs, not over drawn ones
  std::size_t images = 0;
};

// Null hypothesis: each difference would have come as often with the other sign, so they are symmetric about
// 0, as they are when the conditions' names mean nothing. Sensitive to the mean; but differences that are
// skewed with a mean of 0 are rejected too often (lognormal, 8 to 50 images: sigma 1/2 in 7 %, sigma 1 in 10
// to 15 %): whether the mean is 0, no more, is what mean_interval() answers. Exact up to 16 images, all 2^n
// signs; above, (1 + signs at least as extreme) / (1 + drawn) of 19,999 drawn ones, which never is 0 and is
// valid as it is (B. Phipson and G. Smyth, SAGMB 9(1), 2010). Not stated below kFewestImages and when all
// differences are 0.
Stated<PairedTest> sign_flip_test(std::span<const double> differences, std::uint64_t seed = 20141);

// Holm's step-down adjustment of a family of p values, in their order: all below `level` may be rejected with
// a chance of at most `level` of one false rejection, however the tests depend on each other (S. Holm, Scand.
// J. Statistics 6, 1979). Throws std::invalid_argument for a p outside [0, 1].
std::vector<double> holm(std::span<const double> p);

// A sign-flip test of n images has no p below 2 / 2^n, which the first of Holm's steps multiplies by the
// number of tests: so many images can have one of them below `level`; of more than 1,000 tests none can,
// since above 16 images signs are drawn.
std::size_t fewest_images(std::size_t tests, double level);

// So many images would show, with a power of 80 % at the first of Holm's steps, a mean difference of that
// many standard deviations: by quantiles of the normal distribution, and no fewer than kFewestImages and
// fewest_images(). 0: there is no difference.
std::size_t images_to_show(double deviations, std::size_t tests, double level);

}  // namespace wcam
