#include "analysis/indices/noise_floor.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>

#include "analysis/indices/subset_indices.h"
#include "analysis/statistics/correlation.h"
#include "analysis/statistics/random_numbers.h"
#include "common/study/estimator.h"

namespace wcam {

namespace {

constexpr int kDrawnSplits = 35;  // as many as there are of 8 points; of 16 there are 6,435

// Which points are in the first half.
using Split = std::vector<bool>;

// Point 0 is in the first half, so that no split comes twice with its halves exchanged.
std::vector<Split> all_splits(std::size_t points) {
  Split split(points);
  std::fill_n(split.begin(), points / 2, true);
  std::vector<Split> splits;
  do splits.push_back(split);
  while (std::prev_permutation(split.begin() + 1, split.end()));
  return splits;
}

std::vector<Split> drawn_splits(std::size_t points, std::uint64_t seed) {
  RandomNumbers random(seed);
  std::vector<std::size_t> order(points);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<Split> splits(kDrawnSplits, Split(points));
  for (Split& split : splits) {
    random.shuffle(order);
    for (std::size_t i = 0; i < points / 2; ++i) split[order[i]] = true;
  }
  return splits;
}

// Of `pairs` of maps.
template <typename Pairs, typename Compare>
Stated<NoiseFloor> mean_over(const Pairs& pairs, const Compare& compare_pair) {
  NoiseFloor floor;
  for (const auto& pair : pairs) {
    const Stated<double> value = compare_pair(pair);
    if (!value) return NotStated{value.why_not()};
    floor.value += *value;
    ++floor.pairs;
  }
  floor.value /= floor.pairs;
  floor.cautious = floor.value;
  return floor;
}

}  // namespace

Stated<NoiseFloor> floor_from_replicates(Measure measure, std::span<const std::vector<float>> replicates,
                                         const LevelAreas& areas) {
  if (replicates.size() < 2) return NotStated{"one map alone: run with --replicates 2 or more"};
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t i = 0; i < replicates.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) pairs.emplace_back(i, j);
  return mean_over(pairs, [&](const auto& pair) {
    return compare(measure, replicates[pair.first], replicates[pair.second], areas);
  });
}

Stated<std::vector<Halves>> split_halves(std::span<const float> outputs, const ForwardPlan& plan,
                                         const WcamSettings& settings, std::uint64_t seed) {
  if (settings.nb_design < 4)
    return NotStated{std::to_string(settings.nb_design) +
                     " design points cannot be halved: it takes 4, or --replicates 2"};
  const auto points = static_cast<std::size_t>(settings.nb_design);
  std::vector<Halves> halves;
  try {
    for (const Split& split : points <= 8 ? all_splits(points) : drawn_splits(points, seed)) {
      std::vector<int> first, second;
      for (std::size_t point = 0; point < points; ++point)
        (split[point] ? first : second).push_back(static_cast<int>(point));
      halves.push_back(
          {subset_indices(outputs, plan, settings, first), subset_indices(outputs, plan, settings, second)});
    }
  } catch (const DegenerateOutputs& constant) {
    return NotStated{std::string("of half the design points ") + constant.what()};
  }
  return halves;
}

Stated<NoiseFloor> floor_from_halves(Measure measure, std::span<const Halves> splits,
                                     const LevelAreas& areas) {
  if (splits.empty()) return NotStated{"a map without splits of its design points"};
  const auto floor = mean_over(
      splits, [&](const Halves& halves) { return compare(measure, halves.first, halves.second, areas); });
  if (!floor) return floor;
  NoiseFloor of_all = *floor;
  of_all.value = is_similarity(measure) ? spearman_brown(floor->value) : floor->value / std::sqrt(2);
  return of_all;
}

}  // namespace wcam
