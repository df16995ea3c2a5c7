// From how many of its most important cells on an image is what it was explained as.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "worker/wcam/wcam.h"

namespace wcam {

// Numbers of cells on the ladder (sufficient_ladder(), common/study/forward_plan.h); nullopt: none of it.
struct SufficientCells {
  std::optional<int> fewest;  // that give the class
  std::optional<int> stay;    // these and all larger numbers do: beyond `fewest` the class may be lost again
  bool operator==(const SufficientCells&) const = default;
};

// Puts the image, rebuilt from its k most important cells, through the classifier for each k of the ladder,
// and notes for which the arg max is `label`. The most important cells are those with the largest indices, of
// equal ones the first; all other coefficients are 0, which is what a mask of 0 and 1 makes of them
// (reconstruction.h), so an approximation that is kept or dropped stays whole or 0. In mode reference the
// image from all cells is stretched, too: it may be another class than the unmasked one.
// indices: [g*g] row-major, as explain() gives them for this image, label and settings. Throws InputError
// where the side does not fit the settings. Logits that are not all finite give no class. What `forward`
// throws passes. O(ladder) forwards, in whole batches of batch_size.
SufficientCells sufficient_cells(const Classifier& classifier, const RgbImage& image, std::int64_t label,
                                 std::span<const float> indices, const WcamSettings& settings,
                                 int batch_size);

}  // namespace wcam
