// What a grid of indices says in a few numbers. S = side of the image, L = levels, B = S / 2^L.
#pragma once

#include <span>
#include <vector>

#include "common/study/wcam_settings.h"

namespace wcam {

struct Summary {
  // [L + 1] share of the summed indices: approximation, then the levels from coarse to fine. Cells by area: a
  // cell that a subband's edge cuts in two counts on both sides by its pixels there, those in a kept or
  // dropped approximation left out. Adds up to 1; zeros when the indices do. Negative shares come from
  // negative indices.
  std::vector<float> level_share;
  // Mode reference, as published: [L + 1], for (lo, hi) = (B/2, B), (B, 2B), ..., (S/2, S) the mean of the
  // bicubic map over the upper right, lower left and lower right block together, divided by the sum of these.
  // The first entry splits the approximation as if it were another level. Mode corrected: level_share.
  std::vector<float> level_contributions;
  // Mode reference, as published: [3 L - 2], of the bicubic map: sum over [0, 2B)^2 divided by B^2, then from
  // coarse to fine the means of each other level's upper right, lower right and lower left. Mode corrected:
  // [3 L + 1] mean index over the pixels of each subband, in the order of subbands()
  // (common/study/wcam_map.h); 0 for a kept or dropped approximation.
  std::vector<float> spectral_profile;
  // Percent of the importance in the approximation. Mode reference, as published: of the bicubic map's sum,
  // that over [0, B)^2; slightly negative at times with the approximation left out. Mode corrected: 100
  // level_share[0], and NaN when the approximation is kept or dropped: undefined.
  float robustness_margin = 0;
  // How far apart, in pixels, the places are that matter. Of the spatial map (common/study/wcam_map.h), what
  // lies above its 0.9 quantile falls into regions; each gives the place of its maximum. Mode reference, as
  // published: sum of the two largest distances from these places to their mean; the inside of a region's
  // hole counts as one more region. Mode corrected: largest distance between two places. 0 for fewer than
  // two.
  float spatial_spread = 0;
};

// indices: [grid * grid], side: of the image explained.
Summary summarise(std::span<const float> indices, const WcamSettings& settings, int side);

}  // namespace wcam
