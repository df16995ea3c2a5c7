#include "analysis/report/estimates.h"

#include <algorithm>
#include <cmath>

namespace wcam {

void ImageMeans::add(std::uint32_t image, double value) {
  if (std::isnan(value)) return;
  if (cells_.size() <= image) cells_.resize(std::size_t{image} + 1);
  cells_[image].sum += value;
  ++cells_[image].count;
}

void ImageMeans::add_means_of(const ImageMeans& other) {
  for (std::size_t image = 0; image < other.places(); ++image)
    if (other.has(image)) add(static_cast<std::uint32_t>(image), other.of(image));
}

std::vector<double> ImageMeans::values() const {
  std::vector<double> values;
  for (std::size_t image = 0; image < cells_.size(); ++image)
    if (has(image)) values.push_back(of(image));
  return values;
}

std::vector<std::vector<double>> in_common(std::span<const ImageMeans* const> means) {
  std::vector<std::vector<double>> values(means.size());
  if (means.empty()) return values;
  for (std::size_t image = 0; image < means.front()->places(); ++image) {
    if (!std::all_of(means.begin(), means.end(), [&](const ImageMeans* one) { return one->has(image); }))
      continue;
    for (std::size_t k = 0; k < means.size(); ++k) values[k].push_back(means[k]->of(image));
  }
  return values;
}

Resampling resampling_for(std::size_t images) {
  Resampling resampling;
  if (images > 1000) resampling.resamples = 399;
  return resampling;
}

Estimate estimate_of(const Stated<Interval>& interval, double value, std::size_t images) {
  Estimate estimate{value, std::nullopt, images};
  if (interval) estimate.interval = std::pair(interval->low, interval->high);
  return estimate;
}

Estimate mean_of(std::span<const double> values, const Bounds& bounds) {
  double sum = 0;
  for (const double value : values) sum += value;
  return estimate_of(mean_interval(values, bounds, resampling_for(values.size())),
                     values.empty() ? kUnknown : sum / static_cast<double>(values.size()), values.size());
}

Estimate mean_of(const ImageMeans& means, const Bounds& bounds) { return mean_of(means.values(), bounds); }

Estimate median_of(const ImageMeans& means) {
  std::vector<double> values = means.values();
  if (values.empty()) return {};
  const auto interval = median_interval(values);
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return estimate_of(interval, (values[(n - 1) / 2] + values[n / 2]) / 2, n);
}

Estimate share_of(std::size_t in, std::size_t images) {
  return estimate_of(proportion_interval(in, images),
                     images == 0 ? kUnknown : static_cast<double>(in) / static_cast<double>(images), images);
}

Estimate in_percent(Estimate estimate) {
  estimate.value *= 100;
  if (estimate.interval)
    estimate.interval = std::pair(100 * estimate.interval->first, 100 * estimate.interval->second);
  return estimate;
}

Estimate as_factor(Estimate log2_ratio) {
  log2_ratio.value = std::exp2(log2_ratio.value);
  if (log2_ratio.interval)
    log2_ratio.interval =
        std::pair(std::exp2(log2_ratio.interval->first), std::exp2(log2_ratio.interval->second));
  return log2_ratio;
}

Estimate negated(Estimate estimate) {
  estimate.value = -estimate.value;
  if (estimate.interval) estimate.interval = std::pair(-estimate.interval->second, -estimate.interval->first);
  return estimate;
}

bool Paired::differs() const {
  return p_holm && *p_holm <= kLevel && difference.interval &&
         (difference.interval->first > 0 || difference.interval->second < 0);
}

bool Paired::is_beyond() const {
  return p_beyond_holm && *p_beyond_holm <= kLevel && difference.interval &&
         (difference.interval->first > margin || difference.interval->second < -margin);
}

std::size_t Paired::images_to_see_it() const { return images_to_show(ratio, family, kLevel); }

std::size_t Paired::images_to_see_it_beyond(double size) const {
  const double beyond = std::abs(difference.value) - size;
  if (!(beyond > 0)) return 0;
  return images_to_show(ratio * beyond / std::abs(difference.value), family, kLevel);
}

Paired paired(const ImageMeans& first, const ImageMeans& second, double margin) {
  const ImageMeans* both[] = {&first, &second};
  const auto values = in_common(both);
  std::vector<double> differences;
  for (std::size_t i = 0; i < values[0].size(); ++i) differences.push_back(values[1][i] - values[0][i]);
  Paired result;
  result.first = mean_of(values[0]);
  result.second = mean_of(values[1]);
  result.difference = mean_of(differences);
  const std::size_t n = differences.size();
  double squares = 0;
  for (const double difference : differences) squares += std::pow(difference - result.difference.value, 2);
  if (n > 1 && squares > 0)
    result.ratio = result.difference.value / std::sqrt(squares / static_cast<double>(n - 1));
  const auto effect = hedges_g(differences);
  result.margin = margin;
  result.effect = estimate_of(effect, effect ? effect->estimate : kUnknown, n);
  const auto test = sign_flip_test(differences);
  if (!test) {
    result.why_not = test.why_not();
    return result;
  }
  result.p = result.p_beyond = test->p;
  if (margin == 0) return result;
  result.p_beyond = 1;
  if (std::abs(result.difference.value) <= margin) return result;
  for (double& difference : differences) difference -= std::copysign(margin, result.difference.value);
  if (const auto further = sign_flip_test(differences)) result.p_beyond = further->p;
  return result;
}

Paired against_zero(const ImageMeans& changes) {
  ImageMeans zeros;
  for (std::size_t image = 0; image < changes.places(); ++image)
    if (changes.has(image)) zeros.add(static_cast<std::uint32_t>(image), 0);
  return paired(zeros, changes);
}

std::optional<WithoutOne> without_the_largest(const ImageMeans& first, const ImageMeans& second) {
  std::vector<std::size_t> images;
  double sum = 0;
  for (std::size_t image = 0; image < first.places(); ++image)
    if (first.has(image) && second.has(image)) {
      images.push_back(image);
      sum += second.of(image) - first.of(image);
    }
  if (images.size() < 2) return std::nullopt;
  const auto n = static_cast<double>(images.size());
  const auto from_mean = [&](std::size_t image) {
    return std::abs(second.of(image) - first.of(image) - sum / n);
  };
  const std::size_t image =
      *std::max_element(images.begin(), images.end(),
                        [&](std::size_t a, std::size_t b) { return from_mean(a) < from_mean(b); });
  return WithoutOne{image, (sum - (second.of(image) - first.of(image))) / (n - 1)};
}

std::size_t largest_family(std::span<const Paired* const> tests) {
  std::size_t largest = 1;
  for (const Paired* one : tests) largest = std::max(largest, one->family);
  return largest;
}

void correct(std::span<Paired* const> family) {
  using P = std::optional<double> Paired::*;
  for (const auto& [plain, corrected] :
       {std::pair<P, P>(&Paired::p, &Paired::p_holm), {&Paired::p_beyond, &Paired::p_beyond_holm}}) {
    std::vector<double> p;
    for (const Paired* one : family)
      if (one->*plain) p.push_back(*(one->*plain));
    const std::vector<double> of_family = holm(p);
    std::size_t next = 0;
    for (Paired* one : family) {
      if (!(one->*plain)) continue;
      one->*corrected = of_family[next++];
      one->family = p.size();
    }
  }
}

}  // namespace wcam
