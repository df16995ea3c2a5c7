// Wasserstein-1 distance of two maps on their grid.
#pragma once

#include <span>

#include "analysis/statistics/stated.h"

namespace wcam {

// How much importance must move how far, at the least, to turn one map into the other: the sum over what
// moves of its amount times its way, in cells. Indices below 0 (noise) are taken as 0 and each map is divided
// by its sum, so only where importance lies matters; the way between two cells is |rows| + |columns|. 0 for
// maps that are multiples of each other, at most 2 (grid - 1).
//
// What it answers: the plane of a Haar transform is a map of scales (further from the top left corner is
// finer) and, within each subband, of places. A move by k cells within a subband of level l is one by k 2^(L
// - l + 1) / grid of the image's side; the same place at the next finer level lies one to three sides of the
// coarser subband away. So this measure of change forgives small displacements, which cell by cell measures
// (Spearman, cosine) do not, and counts moves between fine scales for more than those between coarse ones. It
// does not tell "where" from "which scale": for scales alone take scale_shift() (level_shares.h).
//
// Exact up to rounding to 1e-12 of each map's sum: with that ground distance it is the cheapest flow along
// the edges of the grid (H. Ling and K. Okada, IEEE Trans. PAMI 29(5), 2007), by LEMON's network simplex on
// whole numbers. 1 ms at grid 28, 10 ms at 56. a, b: [grid * grid], else std::invalid_argument with the
// sizes. Not stated when a map has no index above 0.
Stated<double> grid_transport(std::span<const float> a, std::span<const float> b, int grid);

}  // namespace wcam
