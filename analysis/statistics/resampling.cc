#include "analysis/statistics/resampling.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

#include "analysis/statistics/random_numbers.h"

namespace wcam {

namespace {

// Spreads that are rounding count as none.
constexpr double kRelativeRounding = 1e-12;

struct Estimate {
  double value = 0, standard_error = 0;
};

// g of the means of chosen images, with its linearised standard error.
class LinearisedStatistic {
 public:
  LinearisedStatistic(const ImageRows& rows, const FunctionOfMeans& g)
      : rows_(rows), g_(g), steps_(rows.width), largest_(rows.width) {
    std::vector<double> means(rows.width);
    for (std::size_t i = 0; i < rows.values.size(); ++i) {
      means[i % rows.width] += rows.values[i] / static_cast<double>(rows.images());
      largest_[i % rows.width] = std::max(largest_[i % rows.width], std::abs(rows.values[i]));
    }
    for (std::size_t i = 0; i < rows.values.size(); ++i)
      steps_[i % rows.width] += std::pow(rows.values[i] - means[i % rows.width], 2);
    // A thousandth of a column's standard error: g is straight over that, and the difference is no rounding.
    for (std::size_t column = 0; column < rows.width; ++column) {
      const double error = std::sqrt(steps_[column]) / static_cast<double>(rows.images());
      steps_[column] = error > kRelativeRounding * largest_[column] ? 1e-3 * error : 0;
    }
  }

  Estimate operator()(std::span<const std::size_t> images) const {
    const auto n = static_cast<double>(images.size());
    std::vector<double> means(rows_.width), slopes(rows_.width);
    for (const std::size_t image : images)
      for (std::size_t column = 0; column < rows_.width; ++column) means[column] += at(image, column) / n;
    const double estimate = g_(means);
    double rounding = 0;
    for (std::size_t column = 0; column < rows_.width; ++column) {
      slopes[column] = slope(means, column);
      rounding += std::abs(slopes[column]) * largest_[column] * kRelativeRounding;
    }
    double squares = 0;
    for (const std::size_t image : images) {
      double influence = 0;
      for (std::size_t column = 0; column < rows_.width; ++column)
        influence += slopes[column] * (at(image, column) - means[column]);
      squares += influence * influence;
    }
    const double error = std::sqrt(squares / (n - 1) / n);
    return {estimate, error > rounding ? error : std::isnan(error) ? error : 0};
  }

 private:
  double at(std::size_t image, std::size_t column) const {
    return rows_.values[image * rows_.width + column];
  }

  double slope(std::vector<double>& means, std::size_t column) const {
    const double middle = means[column], step = steps_[column];
    if (step == 0) return 0;
    means[column] = middle + step;
    const double above = g_(means);
    means[column] = middle - step;
    const double below = g_(means);
    means[column] = middle;
    return (above - below) / (2 * step);
  }

  const ImageRows& rows_;
  const FunctionOfMeans& g_;
  std::vector<double> steps_, largest_;
};

double t_of(const Estimate& resample, const Estimate& sample) {
  if (!std::isfinite(resample.value) || std::isnan(resample.standard_error))
    return std::numeric_limits<double>::quiet_NaN();
  const double difference = resample.value - sample.value;
  if (resample.standard_error > 0) return difference / resample.standard_error;
  if (std::abs(difference) <= kRelativeRounding * std::abs(sample.value)) return 0;
  return std::copysign(std::numeric_limits<double>::infinity(), difference);
}

Stated<Studentised> studentised(const ImageRows& rows, const FunctionOfMeans& g,
                                const Resampling& resampling) {
  const std::size_t n = rows.images();
  if (auto few = too_few(n)) return *few;
  const LinearisedStatistic statistic(rows, g);
  std::vector<std::size_t> images(n);
  for (std::size_t i = 0; i < n; ++i) images[i] = i;
  const Estimate sample = statistic(images);
  if (!std::isfinite(sample.value) || std::isnan(sample.standard_error))
    return NotStated{"the statistic of these " + std::to_string(n) + " images is not a finite number"};
  if (!(sample.standard_error > 0))
    return NotStated{"all " + std::to_string(n) +
                     " images agree, so they do not say how others would differ"};

  Studentised result{sample.value, sample.standard_error, {}, n};
  RandomNumbers random(resampling.seed);
  for (int i = 0; i < resampling.resamples; ++i) {
    for (std::size_t& image : images) image = random.index(n);
    const double t = t_of(statistic(images), sample);
    if (!std::isnan(t)) result.t.push_back(t);
  }
  const int undefined = resampling.resamples - static_cast<int>(result.t.size());
  if (undefined * 100 > resampling.resamples)
    return NotStated{"the statistic is undefined on " + std::to_string(undefined) + " of " +
                     std::to_string(resampling.resamples) + " resamples of the " + std::to_string(n) +
                     " images"};
  std::sort(result.t.begin(), result.t.end());
  return result;
}

double identity(std::span<const double> means) { return means[0]; }

// E. B. Wilson's interval of a share p of n images.
Interval wilson(double p, std::size_t images, double level) {
  const auto n = static_cast<double>(images);
  const double z = boost::math::quantile(boost::math::normal_distribution<>(), (1 + level) / 2);
  const double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return {p, p <= 0 ? 0 : middle - half, p >= 1 ? 1 : middle + half, level, images};
}

ImageRows one_column(std::span<const double> per_image) { return {1, {per_image.begin(), per_image.end()}}; }

}  // namespace

Stated<Studentised> studentised_mean(std::span<const double> per_image, const Resampling& resampling) {
  return studentised(one_column(per_image), identity, resampling);
}

Stated<Interval> interval_of(const Studentised& statistic, double level, const Bounds& bounds) {
  // The k-th smallest and largest t, k = (resamples + 1) (1 - level) / 2.
  const std::vector<double>& t = statistic.t;
  const auto k = static_cast<std::size_t>(
      std::max(1.0, std::floor((1 - level) / 2 * static_cast<double>(t.size() + 1) + 1e-9)));
  const double low = statistic.estimate - t[t.size() - k] * statistic.standard_error;
  const double high = statistic.estimate - t[k - 1] * statistic.standard_error;
  const Interval interval{statistic.estimate, std::max(low, bounds.low), std::min(high, bounds.high), level,
                          statistic.images};
  if (std::isfinite(interval.low) && std::isfinite(interval.high)) return interval;
  return NotStated{"most of the " + std::to_string(statistic.images) +
                   " images have one value, so resamples of them often have no spread: add images"};
}

Stated<Interval> function_interval(const ImageRows& rows, const FunctionOfMeans& g, const Bounds& bounds,
                                   const Resampling& resampling) {
  const auto found = studentised(rows, g, resampling);
  if (!found) return NotStated{found.why_not()};
  return interval_of(*found, resampling.level, bounds);
}

Stated<Interval> mean_interval(std::span<const double> per_image, const Bounds& bounds,
                               const Resampling& resampling) {
  const auto found = function_interval(one_column(per_image), identity, bounds, resampling);
  const std::size_t n = per_image.size();
  const double mean = std::accumulate(per_image.begin(), per_image.end(), 0.0) / static_cast<double>(n),
               width = bounds.high - bounds.low;
  if (n < kFewestImages || !std::isfinite(width) || !std::isfinite(mean)) return found;
  Interval widest = wilson((mean - bounds.low) / width, n, resampling.level);
  widest = {mean, bounds.low + width * widest.low, bounds.low + width * widest.high, widest.level, n};
  if (!found) return widest;
  return Interval{mean, std::max(found->low, widest.low), std::min(found->high, widest.high), found->level,
                  n};
}

Stated<Interval> median_interval(std::span<const double> per_image, double level) {
  const std::size_t n = per_image.size();
  if (auto few = too_few(n)) return *few;
  std::vector<double> x(per_image.begin(), per_image.end());
  std::sort(x.begin(), x.end());
  const double median = n % 2 == 1 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
  // [x_k, x_(n + 1 - k)] covers with probability 1 - 2 P(Binomial(n, 1/2) < k): the shortest that covers
  // enough, and the longest that does not.
  const boost::math::binomial_distribution<> heads(static_cast<double>(n), 0.5);
  const auto coverage = [&](std::size_t k) {
    return 1 - 2 * boost::math::cdf(heads, static_cast<double>(k) - 1);
  };
  std::size_t k = 1;
  while (2 * (k + 1) <= n && coverage(k + 1) >= level) ++k;
  double inward = 0;
  if (2 * (k + 1) <= n && coverage(k) > level) {
    const double part = (coverage(k) - level) / (coverage(k) - coverage(k + 1));
    const auto kk = static_cast<double>(k), rest = static_cast<double>(n - k);
    inward = rest * part / (kk + (rest - kk) * part);
  }
  const double low = x[k - 1] + (inward > 0 ? inward * (x[k] - x[k - 1]) : 0);
  const double high = x[n - k] - (inward > 0 ? inward * (x[n - k] - x[n - k - 1]) : 0);
  return Interval{median, low, high, level, n};
}

Stated<Interval> proportion_interval(std::size_t in, std::size_t images, double level) {
  if (in > images)
    throw std::invalid_argument("proportion_interval: " + std::to_string(in) + " of " +
                                std::to_string(images));
  if (auto few = too_few(images)) return *few;
  return wilson(static_cast<double>(in) / static_cast<double>(images), images, level);
}

}  // namespace wcam
