// How many forwards a WCAM costs, and which.
#pragma once

#include <cstddef>
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

// The level that each of these cells is of, by its centre: 0 the approximation, 1 the coarsest details, to
// `levels`, the finest.
std::vector<int> levels_of_cells(const std::vector<int>& cells, const WcamSettings& settings, int side);

// What every image of one setting has in common: how many forwards, and in which rows of the design.
struct ForwardPlan {
  std::vector<int> live_cells;     // ascending
  std::vector<int> levels;         // of the live cells: levels_of_cells()
  std::vector<std::int64_t> rows;  // of the design, in the order of Profile::outputs
  std::vector<int> ladder;         // sufficient_ladder(); empty unless WcamSettings::sufficient
  bool gradients = false;          // Estimator::kGradient: of each row also the gradient

  // Of Profile::outputs: a logit a row, and of each gradient two numbers a live cell.
  std::size_t outputs() const { return rows.size() * (gradients ? 1 + 2 * live_cells.size() : 1); }
  // Of the rows alone: a backward counts as two forwards.
  std::int64_t row_forwards() const { return std::ssize(rows) * (gradients ? kForwardsAGradient : 1); }
  // With the unmasked one.
  std::int64_t forwards() const { return row_forwards() + 1; }
  // The unmasked image comes first in the rows' batches. Gradients are made in batches of their own, none of
  // them filled up; the unmasked image is a batch by itself there.
  std::int64_t batches(int batch_size) const {
    return gradients ? batches_of(std::ssize(rows), batch_size) + 1
                     : batches_of(std::ssize(rows) + 1, batch_size);
  }
  // With the ladder's, which come after them in batches of their own.
  std::int64_t all_forwards() const { return forwards() + std::ssize(ladder); }
  std::int64_t all_batches(int batch_size) const {
    return batches(batch_size) + batches_of(std::ssize(ladder), batch_size);
  }
};
ForwardPlan forward_plan(const WcamSettings& settings, int side);

}  // namespace wcam
