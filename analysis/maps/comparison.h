// How alike are two maps? One number from two maps, for each of the measures that a report uses.
#pragma once

#include <span>
#include <vector>

#include "analysis/maps/level_shares.h"
#include "analysis/statistics/stated.h"

namespace wcam {

enum class Measure {
  kSpearman,   // rank correlation of cells: do the same cells matter more than others? -1 to 1
  kCosine,     // of the maps as they are: do the same cells matter as much? -1 to 1
  kTopTenth,   // share of the tenth of cells with the largest indices that both have, 0 to 1; 0.1 by chance
  kTransport,  // Wasserstein-1 on the grid, in cells (grid_transport.h), from 0
  kScale,      // Wasserstein-1 of level shares, in levels (ScaleShift::distance), from 0
};
inline constexpr Measure kMeasures[] = {Measure::kSpearman, Measure::kCosine, Measure::kTopTenth,
                                        Measure::kTransport, Measure::kScale};

// Similarities are larger for maps that are more alike, distances smaller.
constexpr bool is_similarity(Measure measure) {
  return measure == Measure::kSpearman || measure == Measure::kCosine || measure == Measure::kTopTenth;
}

// Maps: [g * g] of the areas' grid, else std::invalid_argument with the sizes. Not stated where the measure
// is undefined: a constant map (kSpearman), one of zeros (kCosine), one without an index above 0
// (kTransport).
Stated<double> compare(Measure measure, std::span<const float> a, std::span<const float> b,
                       const LevelAreas& areas);

// Share of the k largest cells that two maps have in common, 0 to 1; k / cells by chance. Where equal values
// compete for the last places it is the mean over all choices among them, made independently in a and b.
// Throws std::invalid_argument for k outside 1 to the number of cells.
double top_overlap(std::span<const float> a, std::span<const float> b, int k);

}  // namespace wcam
