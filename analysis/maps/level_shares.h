// Which part of a map's importance lies at which scale?
//
// A map is the plane of the Haar transform cut into g x g cells; level l of L fills the square ring between
// sides S / 2^(L - l + 1) and S / 2^(L - l), the approximation the square within. At grid 28 and 3 levels the
// edges lie at 3.5, 7 and 14 cells, so some cells straddle two levels. Such a cell's index is split by the
// area (pixels) that it has in each: the mask of a cell weighs all its coefficients alike, and nothing tells
// whose effect it was. Shares so defined do not depend on where the grid's lines happen to fall. This is the
// stored column level_share (worker/wcam/summary.h), here for any map: of a replicate, of a subset of design
// points, of a mean.
#pragma once

#include <span>
#include <vector>

#include "common/study/forward_plan.h"
#include "common/study/gradient_estimator.h"
#include "common/study/wcam_settings.h"

namespace wcam {

// Of each cell the part that each level owns.
struct LevelAreas {
  int levels = 0;
  // [g * g, levels + 1]; a row adds up to 1, or to 0 within an approximation that is kept or dropped.
  std::vector<double> parts;
  std::size_t cells() const { return parts.size() / (static_cast<std::size_t>(levels) + 1); }
};

// side: of the image explained, which decides what pixels a cell has: pixel x lies in cell floor(x grid /
// side). Where side is a multiple of 2^levels grid, these are the areas of plane geometry. The pixels of an
// approximation that is kept or dropped are nobody's. Throws std::invalid_argument naming the sizes when side
// is no multiple of 2^levels or below the grid.
LevelAreas level_areas(int grid, int levels, int side, Approximation approximation = Approximation::kPerturb);

// [levels + 1] approximation, then details from coarse to fine: sum over cells of index times part, divided
// by the sum over levels; zeros when that is 0. Adds up to 1. Negative indices (noise) count as they are, so
// that noise cancels and shares are not drawn to the levels with the most cells; a share may then lie outside
// 0 to 1. indices: [g * g], else std::invalid_argument with both sizes.
std::vector<double> level_shares(std::span<const float> indices, const LevelAreas& areas);

// [levels + 1] each: what a level has at the least and at the most of the same sum, however the indices of
// cells that straddle levels are split between those that they touch: its whole cells alone, and all that it
// touches (a negative index the other way round). Both are level_shares() where no cell straddles.
struct ShareBounds {
  std::vector<double> low, high;
};
ShareBounds level_share_bounds(std::span<const float> indices, const LevelAreas& areas);

// Delete-one jackknife standard error of each share, from the maps without each design point
// (delete_one_maps(), analysis/indices/subset_indices.h). Infinite below 3 maps.
std::vector<double> level_share_errors(std::span<const std::vector<float>> delete_one_maps,
                                       const LevelAreas& areas);

// The same of an estimate from gradients. Its shares are of cells by their centre; those that straddle levels
// are split as level_shares() does, each level's cells keeping their parts of the level.
std::vector<double> level_share_errors(const GradientEstimate& estimate, const ForwardPlan& plan,
                                       const LevelAreas& areas);

// How the shares of `after` differ from those of `before`, in levels (octaves), the approximation one level
// above the coarsest details.
struct ScaleShift {
  // Of the mean level: above 0 towards finer details. -L to L.
  double towards_finer = 0;
  // Share moved times levels moved, at the least (Wasserstein-1 on the line of levels, exact: the sum of the
  // cumulated differences' sizes). At least |towards_finer|, and equal when all moves one way.
  double distance = 0;
};
ScaleShift scale_shift(std::span<const double> before, std::span<const double> after);

}  // namespace wcam
