// How far apart are two estimates of one and the same map? A shift that is no larger is noise.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/maps/comparison.h"
#include "analysis/statistics/stated.h"
#include "common/study/forward_plan.h"
#include "common/study/wcam_settings.h"

namespace wcam {

struct NoiseFloor {
  double value = 0;  // of the measure, between two maps of N design points each
  double cautious =
      0;          // the same from replicates; from halves as between halves: more noise than N points have
  int pairs = 0;  // of maps that were compared
};

// From replicates, maps of the same subject by independent designs: the mean of the measure over all pairs.
// No assumption. Not stated for fewer than 2 maps, or where the measure is undefined for a pair.
Stated<NoiseFloor> floor_from_replicates(Measure measure, std::span<const std::vector<float>> replicates,
                                         const LevelAreas& areas);

// Two maps of one subject from N / 2 design points each, together all N.
struct Halves {
  std::vector<float> first, second;
};

// A map's design points split at random: all ways where there are at most 35 (N = 4: 3, N = 8: 35), else 35
// drawn ones. outputs: the stored column. Not stated below 4 design points, or where the outputs of a half
// are constant.
Stated<std::vector<Halves>> split_halves(std::span<const float> outputs, const ForwardPlan& plan,
                                         const WcamSettings& settings, std::uint64_t seed = 20141);

// From one map's halves, where there are no replicates, and to be said so. `cautious` is the mean of the
// measure over the splits; `value` takes it from N / 2 to N points as if these were independent: a similarity
// r by Spearman and Brown's 2 r / (1 + r), a distance by 1 / sqrt(2). Compared with replicates: - Monte Carlo
// designs (150 designs of a function of 64 variables, N = 4 to 32): `value` is within 0.02 for
//   kSpearman and kCosine, 0.03 too high for kTopTenth, and up to 8 % too large for kTransport and kScale.
// - Sobol.
// Not stated without splits or where the measure is undefined for one.
Stated<NoiseFloor> floor_from_halves(Measure measure, std::span<const Halves> splits,
                                     const LevelAreas& areas);

}  // namespace wcam
