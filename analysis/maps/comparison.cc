#include "analysis/maps/comparison.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>

#include "analysis/maps/grid_transport.h"
#include "analysis/statistics/correlation.h"
#include "common/base/error.h"

namespace wcam {

namespace {

std::vector<double> widened(std::span<const float> map) { return {map.begin(), map.end()}; }

// The chance that each cell is among the k largest.
std::vector<double> chance_of_top(std::span<const float> map, std::size_t k) {
  std::vector<float> sorted(map.begin(), map.end());
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(k) - 1, sorted.end(),
                   std::greater<>());
  const float last = sorted[k - 1];
  const auto above = std::count_if(map.begin(), map.end(), [&](float value) { return value > last; });
  const auto equal = std::count(map.begin(), map.end(), last);
  const double tied = (static_cast<double>(k) - static_cast<double>(above)) / static_cast<double>(equal);
  std::vector<double> chances;
  chances.reserve(map.size());
  for (const float value : map) chances.push_back(value > last ? 1 : value == last ? tied : 0);
  return chances;
}

}  // namespace

double top_overlap(std::span<const float> a, std::span<const float> b, int k) {
  if (a.size() != b.size() || k < 1 || static_cast<std::size_t>(k) > a.size())
    throw std::invalid_argument("top_overlap: the " + std::to_string(k) + " largest of " +
                                std::to_string(a.size()) + " and " + std::to_string(b.size()) + " cells");
  const auto in_a = chance_of_top(a, static_cast<std::size_t>(k));
  const auto in_b = chance_of_top(b, static_cast<std::size_t>(k));
  double both = 0;
  for (std::size_t cell = 0; cell < in_a.size(); ++cell) both += in_a[cell] * in_b[cell];
  return both / k;
}

Stated<double> compare(Measure measure, std::span<const float> a, std::span<const float> b,
                       const LevelAreas& areas) {
  if (a.size() != areas.cells() || b.size() != areas.cells())
    throw std::invalid_argument("compare: maps of " + std::to_string(a.size()) + " and " +
                                std::to_string(b.size()) + " cells, areas of " +
                                std::to_string(areas.cells()));
  switch (measure) {
    case Measure::kSpearman:
      return spearman(widened(a), widened(b));
    case Measure::kCosine:
      return cosine(widened(a), widened(b));
    case Measure::kTopTenth:
      return top_overlap(a, b, std::max(1, static_cast<int>(areas.cells() / 10)));
    case Measure::kTransport:
      return grid_transport(a, b, static_cast<int>(std::lround(std::sqrt(areas.cells()))));
    case Measure::kScale:
      return scale_shift(level_shares(a, areas), level_shares(b, areas)).distance;
  }
  invariant_broken("a measure without a formula");
}

}  // namespace wcam
