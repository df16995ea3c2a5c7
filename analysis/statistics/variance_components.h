// Where does the spread of a measure come from: from images that differ, or from the noise of estimating one?
// And what would more images, replicates or design points buy?
#pragma once

#include <cstddef>
#include <vector>

#include "analysis/statistics/resampling.h"
#include "analysis/statistics/stated.h"

namespace wcam {

// value = mean + image + noise, images and noise independent (one-way random effects), by the analysis of
// variance; unbiased for any distribution.
struct VarianceComponents {
  double mean = 0;        // of the images' means
  double between = 0;     // variance of the true values over images; negative by chance where it is small
  double within = 0;      // variance of one replicate round its image's true value
  double replicates = 0;  // an image, the size of balanced groups of the same information
  // Intraclass correlation ICC(1): between / (between + within), how well one replicate of an image agrees
  // with another; at most 1, below 0 by chance. The interval rests on normal values (P. Shrout and J. Fleiss,
  // Psych. Bulletin 86, 1979), exact where all images have equally many replicates.
  Interval intraclass;
  std::size_t images = 0;
};

// by_image: each image's replicates, at least 1. Not stated below kFewestImages, when no image has two
// replicates, and when all values are equal.
Stated<VarianceComponents> variance_components(const std::vector<std::vector<double>>& by_image,
                                               double level = 0.95);

// Standard error of a mean over `images` images of `replicates` replicates each: sqrt(between / images +
// within / (images replicates)), between taken as 0 where negative. k times as many design points in each
// replicate count as k times as many replicates: the variance of a Sobol' index falls with their number for
// Monte Carlo designs, and faster for Sobol' sequences, so that the prediction is then on the safe side.
double predicted_standard_error(const VarianceComponents& found, double images, double replicates);

}  // namespace wcam
