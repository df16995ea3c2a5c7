#include "analysis/statistics/variance_components.h"

#include <algorithm>
#include <boost/math/distributions/fisher_f.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace wcam {

namespace {

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

}  // namespace

Stated<VarianceComponents> variance_components(const std::vector<std::vector<double>>& by_image,
                                               double level) {
  if (auto few = too_few(by_image.size())) return *few;
  const auto images = static_cast<double>(by_image.size());
  double count = 0, squared_counts = 0, sum = 0, largest = 0;
  VarianceComponents found;
  for (const auto& values : by_image) {
    if (values.empty()) throw std::invalid_argument("variance_components: an image without values");
    const auto n = static_cast<double>(values.size());
    count += n;
    squared_counts += n * n;
    found.mean += mean_of(values) / images;
    for (const double value : values) {
      sum += value;
      largest = std::max(largest, std::abs(value));
    }
  }
  if (count == images) return NotStated{"no image has two replicates: run with --replicates 2 or more"};
  double squares_between = 0, squares_within = 0;
  for (const auto& values : by_image) {
    const double mean = mean_of(values);
    squares_between += static_cast<double>(values.size()) * std::pow(mean - sum / count, 2);
    for (const double value : values) squares_within += (value - mean) * (value - mean);
  }
  if (!(std::sqrt((squares_between + squares_within) / count) > 1e-12 * largest))
    return NotStated{"all values are equal, so there is no variance to split"};

  const double mean_between = squares_between / (images - 1), mean_within = squares_within / (count - images);
  const double k = (count - squared_counts / count) / (images - 1);
  found.replicates = k;
  found.within = mean_within;
  found.between = (mean_between - mean_within) / k;
  found.images = by_image.size();
  const boost::math::fisher_f_distribution<> f(images - 1, count - images);
  const double ratio = mean_within > 0 ? mean_between / mean_within : std::numeric_limits<double>::infinity();
  // (F - 1) / (F + k - 1), also for infinite F.
  const auto intraclass = [k](double value) {
    return std::isinf(value) ? 1.0 : (value - 1) / (value + k - 1);
  };
  found.intraclass = {intraclass(ratio), intraclass(ratio / boost::math::quantile(f, (1 + level) / 2)),
                      intraclass(ratio / boost::math::quantile(f, (1 - level) / 2)), level, by_image.size()};
  return found;
}

double predicted_standard_error(const VarianceComponents& found, double images, double replicates) {
  return std::sqrt((std::max(0.0, found.between) + found.within / replicates) / images);
}

}  // namespace wcam
