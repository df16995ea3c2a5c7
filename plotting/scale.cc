#include "plotting/scale.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace wcam {

Scale scale_of(std::span<const std::span<const float>> values, double cut_percent, bool about_zero) {
  std::vector<double> sizes;
  double low = 0;
  for (const auto& some : values)
    for (const float value : some) {
      if (!std::isfinite(value)) continue;
      low = sizes.empty() ? static_cast<double>(value) : std::min(low, static_cast<double>(value));
      sizes.push_back(about_zero ? std::abs(static_cast<double>(value)) : static_cast<double>(value));
    }
  if (sizes.empty()) return {};
  const auto beyond = static_cast<std::size_t>(cut_percent / 100 * static_cast<double>(sizes.size()));
  const auto last = sizes.end() - 1 - static_cast<std::ptrdiff_t>(std::min(beyond, sizes.size() - 1));
  std::nth_element(sizes.begin(), last, sizes.end());
  const double high = *last, largest = *std::max_element(last, sizes.end());
  // Equal values are cut together or not at all.
  const auto cut = std::count_if(last, sizes.end(), [high](double size) { return size > high; });
  return {{about_zero ? -high : low, high}, largest, sizes.size(), static_cast<std::size_t>(cut)};
}

std::vector<bool> within_noise(std::span<const float> values, std::span<const float> standard_errors) {
  std::vector<bool> within(values.size());
  if (standard_errors.empty()) return within;
  for (std::size_t i = 0; i < values.size(); ++i) within[i] = !(std::abs(values[i]) > 2 * standard_errors[i]);
  return within;
}

}  // namespace wcam
