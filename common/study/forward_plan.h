// How many forwards a WCAM costs, and which.
#pragma once

#include <cstdint>
#include <iterator>
#include <vector>

#include "common/study/wcam_settings.h"

namespace wcam {

// Cells with at least one coefficient that their mask changes: all but those wholly inside the approximation
// block when that is kept or dropped. Ascending.
std::vector<int> live_cells(const WcamSettings& settings, int side);

// From how many of so many cells an image is rebuilt, the most important first, to find with how many a
// classifier gives a class: 1 to 10, then each the next whole number from 1.1 times the one before on, and
// last all. Ascending; of 784 cells 52 numbers, of none none.
std::vector<int> sufficient_ladder(int cells);

// How many batches hold these images; the last one is filled up.
inline std::int64_t batches_of(std::int64_t images, int batch_size) {
  return (images + batch_size - 1) / batch_size;
}

// What every image of one setting has in common: how many forwards, and in which rows of the design.
struct ForwardPlan {
  std::vector<int> live_cells;     // ascending
  std::vector<std::int64_t> rows;  // of the design, in the order of Profile::outputs
  std::vector<int> ladder;         // sufficient_ladder(); empty unless WcamSettings::sufficient
  // One a row, and before them the unmasked one.
  std::int64_t images() const { return static_cast<std::int64_t>(rows.size()) + 1; }
  std::int64_t batches(int batch_size) const { return batches_of(images(), batch_size); }
  // With the ladder's, which come after them in batches of their own.
  std::int64_t all_images() const { return images() + std::ssize(ladder); }
  std::int64_t all_batches(int batch_size) const {
    return batches(batch_size) + batches_of(std::ssize(ladder), batch_size);
  }
};
ForwardPlan forward_plan(const WcamSettings& settings, int side);

}  // namespace wcam
