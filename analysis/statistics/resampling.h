// How sure is a number that was computed from a sample of images? Intervals whose unit is the image.
//
// Means and smooth functions of means: the studentised bootstrap ("bootstrap-t"; B. Efron and R. Tibshirani,
// An Introduction to the Bootstrap, 1993, section 12.5). Images are drawn with replacement, as many as there
// are; each resample gives t* = (estimate* - estimate) / standard error*, and the interval is estimate -
// quantile(t*) standard error. Standard errors are linearised: the standard deviation, over images, of the
// statistic's derivative times the image's deviation from the mean, divided by sqrt(n).
//
// Coverage of 95 % intervals of a mean, in percent, of 4,000 samples each (one standard error: 0.3 to 0.5;
// WCAM_COVERAGE_SAMPLES=4000 analysis_tests --gtest_filter=*OfMeans* makes them again), and beside it that of
// two other bootstraps at 8 images, of 1,000 samples each:
//
//   images                   8      12     20     50     200        percentile  BCa
//   normal                   95.0   94.8   94.8   94.8   95.3       88          88
//   lognormal, sigma 1/2     93.1   93.7   93.5   94.1   94.3       87          87
//   lognormal, sigma 1       90.8   91.0   92.0   93.0   93.3       78          81
//   flips of 15 variants     95.6   95.6   96.1   95.3   95.2       87          88
//   beta(1/2, 2)             95.2   96.4   96.1   95.9   94.9       84          87
//   flips that are rare      99.9   99.5   99.0   97.6   95.9
//
// Resamples of rare flips, which four images in five never show, are often all alike: the interval then ends
// where that of a share would. Values of 0 and 1 alone are for proportion_interval().
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "analysis/statistics/stated.h"

namespace wcam {

struct Interval {
  double estimate = 0, low = 0, high = 0;
  double level = 0.95;  // how often such intervals cover
  std::size_t images = 0;
};

struct Resampling {
  double level = 0.95;
  int resamples = 1999;        // (resamples + 1) (1 - level) / 2 is a whole number of them: 50
  std::uint64_t seed = 20141;  // the same seed gives the same interval, on every machine
};

// What the quantity cannot go beyond; an interval's ends are drawn back to it.
struct Bounds {
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
};

// Rows of `width` numbers, one an image.
struct ImageRows {
  std::size_t width = 1;
  std::vector<double> values;  // [images, width]
  std::size_t images() const { return values.size() / width; }
};

// Of the mean over images. Not stated: below kFewestImages; and, unless there are two bounds, when all images
// have one value, or so many that resamples without any spread are usual and no bound ends the interval.
// Between two bounds nothing varies more than what is always at one of them: Wilson's interval of a share
// (below) holds for every such mean, wider than need be, and is where this one ends at the latest.
Stated<Interval> mean_interval(std::span<const double> per_image, const Bounds& bounds = {},
                               const Resampling& resampling = {});

// Of g(means of the columns over images): a ratio of means, a correlation, a standardised mean. g is smooth
// where the means are, and best on a scale on which its error is about the same everywhere: hand in the
// logarithm of a ratio or the arc tanh of a correlation, and transform the ends back. So a ratio of means of
// lognormal values or of counted flips covers 93.2 to 95.5 % from 8 images on. Not stated as above, and when
// g is not finite on more than one resample in a hundred. O(resamples * images * width).
using FunctionOfMeans = std::function<double(std::span<const double>)>;
Stated<Interval> function_interval(const ImageRows& rows, const FunctionOfMeans& g, const Bounds& bounds = {},
                                   const Resampling& resampling = {});

// Of the median, between order statistics, interpolated (T. Hettmansperger and S. Sheather, Statistics and
// Probability Letters 4, 1986): needs no resampling and no assumption but a continuous distribution, and
// covers 94.5 to 95.6 % of 4,000 samples from 8 images on. Of discrete values it covers more than it says.
// Not stated below kFewestImages.
Stated<Interval> median_interval(std::span<const double> per_image, double level = 0.95);

// Of a share of images, each either in or out (E. B. Wilson, JASA 22, 1927). Averaged over shares it covers
// 95.0 to 95.6 %; at one share and few images it may be some percent more or less. Not stated below
// kFewestImages. Throws std::invalid_argument when more are in than there are.
Stated<Interval> proportion_interval(std::size_t in, std::size_t images, double level = 0.95);

// What such an interval is made of, for whoever needs tail probabilities too.
struct Studentised {
  double estimate = 0, standard_error = 0;
  std::vector<double> t;  // of each resample, ascending; +-infinity where it has no spread
  std::size_t images = 0;
};
Stated<Studentised> studentised_mean(std::span<const double> per_image, const Resampling& resampling = {});
Stated<Interval> interval_of(const Studentised& statistic, double level, const Bounds& bounds = {});

}  // namespace wcam
