// Two estimates of one map where there is one design: from the halves of its points.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "analysis/statistics/stated.h"
#include "common/study/forward_plan.h"
#include "common/study/wcam_settings.h"

namespace wcam {

// Two maps of one subject from N / 2 design points each, together all N. They have more noise than maps of N
// points, so that a distance between them is larger than between replicates: it is a floor for distances
// between halves of two subjects, and for no others.
struct Halves {
  std::vector<float> first, second;
};

// A map's design points, of an odd number all but the last, split at random: all ways where there are at most
// 35 (N = 4: 3, N = 8: 35), else 35 drawn ones. outputs: the stored column. Not stated below 4 design points,
// or where the outputs of a half are constant.
Stated<std::vector<Halves>> split_halves(std::span<const float> outputs, const ForwardPlan& plan,
                                         const WcamSettings& settings, std::uint64_t seed = 20141);

}  // namespace wcam
