// What is computed from maps for figures: where in the image, which cells first, means and differences.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace wcam {

// How important each place of the image is, relative to an average place: [side * side], mean 1. Each cell's
// index is spread evenly over its coefficients, and each coefficient's share evenly over the 2^l x 2^l pixels
// that it is made of, l being its level (of an approximation: the coarsest), which of a Haar transform are
// exactly those that it changes. So the sum over all places is that of the indices, before it is divided by
// its mean; nothing is interpolated, nothing leaks. cells: [grid * grid]; pixel x of the square of
// coefficients lies in cell floor(x grid / side), and a cell that a subband's edge cuts in two gives to both
// by its coefficients there. Empty when the indices do not add up to more than 0. O(levels side^2).
std::vector<float> importance_of_places(std::span<const float> cells, int grid, int levels, int side);

// The fewest cells, largest first, that hold this share of the summed indices (negative ones count as 0), as
// a mask: [grid * grid], 1 where kept, else 0. Equal ones in row-major order. All 0 when the sum is.
std::vector<float> most_important(std::span<const float> cells, double share);

// The `count` largest of these cells, of equal ones those named first, as such a mask. With all of them where
// there are fewer.
std::vector<float> largest_of(std::span<const float> cells, std::vector<int> among, std::size_t count);

// Of the summed indices, negative ones counting as 0, the share that a mask keeps; 0 when the sum is.
double share_kept(std::span<const float> cells, std::span<const float> keep);

// The mean of maps and its standard error, of one map after another (Welford, Technometrics 4(3), 1962).
class MeanMap {
 public:
  // The first decides how many values all have, else std::invalid_argument.
  void add(std::span<const float> map);
  std::size_t count() const { return count_; }
  std::vector<float> mean() const;
  // Of the mean: the maps' standard deviation over the root of their number; empty for fewer than two.
  std::vector<float> standard_error() const;

 private:
  std::size_t count_ = 0;
  std::vector<double> mean_, squares_;
};

// A map and its standard errors.
struct MapEstimate {
  std::vector<float> cells, standard_errors;
};
// The mean of R >= 2 replicates of a map, each from nb_design = N points, and its standard error sqrt(v / R).
// v, the variance of one replicate's index, is known twice: from their spread, s2 = sum of (index - mean)^2 /
// (R - 1), and from the mean of their squared jackknife errors, j2. v weights both by degrees of freedom:
//   v = ((R - 1) s2 + R (N - 1) j2) / (R N - 1)
// Of an index that were a mean over its points this is the standard error of all R N points together. Where
// an error is not finite (N = 2), v = s2.
MapEstimate mean_of_replicates(std::span<const MapEstimate> replicates, int nb_design);

// a - b, and the standard error of a difference of independent values: empty where either has none.
std::vector<float> difference(std::span<const float> a, std::span<const float> b);
std::vector<float> error_of_difference(std::span<const float> error_a, std::span<const float> error_b);

}  // namespace wcam
