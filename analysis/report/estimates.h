// What a section says of numbers that lie by image: means with intervals, and paired differences with test,
// effect size and what is missing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analysis/report/observations.h"
#include "analysis/statistics/effect_sizes.h"
#include "analysis/statistics/paired_tests.h"
#include "analysis/statistics/resampling.h"

namespace wcam {

// One number an image, the mean of what was added for it. Rows come in clusters: all variants, cases and
// replicates of one image rest on the same pixels, and images are what a study sampled. To take rows for
// independent calls differences real that are not: tests/analysis/statistics/coverage_test.cc shows true null
// hypotheses rejected three times in ten at a level of 5 %, and intervals "at 95 %" that cover 70 %. By the
// image's number and without texts, since a sweep has millions of predictions. Unknown values are not
// counted.
class ImageMeans {
 public:
  void add(std::uint32_t image, double value);
  void add_means_of(const ImageMeans& other);  // of each of its images, once
  bool has(std::size_t image) const { return image < cells_.size() && cells_[image].count > 0; }
  double of(std::size_t image) const { return cells_[image].sum / cells_[image].count; }
  std::size_t places() const { return cells_.size(); }  // one more than the largest image's number
  std::vector<double> values() const;                   // of the images that have one, by number
  std::size_t images() const { return values().size(); }

 private:
  struct Cell {
    double sum = 0;
    std::uint32_t count = 0;
  };
  std::vector<Cell> cells_;
};

// Of the images that all have: of each of `means` its values, in one order.
std::vector<std::vector<double>> in_common(std::span<const ImageMeans* const> means);

struct Estimate {
  double value = kUnknown;                            // of the images that there are
  std::optional<std::pair<double, double>> interval;  // at 95 %; nothing: not stated
  std::size_t images = 0;
};

// Resamples that are enough for so many images: an interval of thousands is as good as normal.
Resampling resampling_for(std::size_t images);

Estimate estimate_of(const Stated<Interval>& interval, double value, std::size_t images);
Estimate mean_of(std::span<const double> values, const Bounds& bounds = {});
Estimate mean_of(const ImageMeans& means, const Bounds& bounds = {});
Estimate median_of(const ImageMeans& means);  // of what has a long tail
Estimate share_of(std::size_t in, std::size_t images);
// The same 100 times as large, for axes in percent; 2 to the power of it, for logarithms of ratios.
Estimate in_percent(Estimate estimate);
Estimate as_factor(Estimate log2_ratio);
Estimate negated(Estimate estimate);  // the first less the second instead of the second less the first

// A family's tests are called different at this level, after Holm's correction.
inline constexpr double kLevel = 0.05;

// Second less first on the same images.
struct Paired {
  Estimate first, second, difference;
  Estimate effect;                  // Hedges' g
  std::optional<double> p, p_holm;  // sign-flip test against 0; nothing: not stated
  // The same test against the end of a margin on the side where the difference lies: that it is beyond. 1
  // within the margin.
  double margin = 0;
  std::optional<double> p_beyond, p_beyond_holm;
  double ratio = kUnknown;  // of the differences' mean to their standard deviation
  std::size_t family = 1;   // so many are corrected together
  std::string why_not;      // nothing is tested

  // The corrected test says so, and so does the interval, which skewed differences do not mislead.
  bool differs() const;
  // The same of the margin. Each look at a margin is one of its family, as each look at 0 is.
  bool is_beyond() const;
  // So many would show, in its family, a difference of the size seen in four studies of five; 0: none is
  // seen.
  std::size_t images_to_see_it() const;
  // So many would show it to be beyond a size; 0: it seems within.
  std::size_t images_to_see_it_beyond(double size) const;
};
// margin: from 0, in the differences' unit.
Paired paired(const ImageMeans& first, const ImageMeans& second, double margin = 0);
// Changes as they are, tested against 0.
Paired against_zero(const ImageMeans& changes);

// Second less first without the image that moves their mean most.
struct WithoutOne {
  std::size_t image = 0;
  double difference = kUnknown;  // mean of the others
};
std::optional<WithoutOne> without_the_largest(const ImageMeans& first,
                                              const ImageMeans& second);  // of 2 or more

// The number of tests that some of them was corrected with; 1: of none.
std::size_t largest_family(std::span<const Paired* const> tests);

// Fills p_holm, p_beyond_holm and family of those that have a p, each over the whole family.
void correct(std::span<Paired* const> family);

}  // namespace wcam
