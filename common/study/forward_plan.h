// How many forwards a WCAM costs, and which.
#pragma once

#include <cstdint>
#include <vector>

#include "common/study/wcam_settings.h"

namespace wcam {

// Cells with at least one coefficient that their mask changes: all but those wholly inside the approximation
// block when that is kept or dropped. Ascending.
std::vector<int> live_cells(const WcamSettings& settings, int side);

// How many batches hold these images; the last one is filled up.
inline std::int64_t batches_of(std::int64_t images, int batch_size) {
  return (images + batch_size - 1) / batch_size;
}

// What every image of one setting has in common: how many forwards, and in which rows of the design.
struct ForwardPlan {
  std::vector<int> live_cells;     // ascending
  std::vector<std::int64_t> rows;  // of the design, in the order of Profile::outputs
  // One a row, and before them the unmasked one.
  std::int64_t images() const { return static_cast<std::int64_t>(rows.size()) + 1; }
  std::int64_t batches(int batch_size) const { return batches_of(images(), batch_size); }
};
ForwardPlan forward_plan(const WcamSettings& settings, int side);

}  // namespace wcam
