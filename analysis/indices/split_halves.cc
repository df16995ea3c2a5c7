#include "analysis/indices/split_halves.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>

#include "analysis/indices/subset_indices.h"
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

}  // namespace

Stated<std::vector<Halves>> split_halves(std::span<const float> outputs, const ForwardPlan& plan,
                                         const WcamSettings& settings, std::uint64_t seed) {
  if (settings.nb_design < 4)
    return NotStated{std::to_string(settings.nb_design) +
                     " design points cannot be halved: it takes 4, or --replicates 2"};
  const auto points = static_cast<std::size_t>(settings.nb_design) / 2 * 2;  // halves are equal
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

}  // namespace wcam
