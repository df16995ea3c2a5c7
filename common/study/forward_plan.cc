#include "common/study/forward_plan.h"

#include <algorithm>

namespace wcam {

std::vector<int> live_cells(const WcamSettings& settings, int side) {
  const int grid = settings.grid, block = side >> settings.levels;
  // Rows (and columns) of cells wholly inside the block: those before the cell of the first pixel beyond it.
  const int dead = settings.approximation == Approximation::kPerturb ? 0 : block * grid / side;
  std::vector<int> cells;
  for (int row = 0; row < grid; ++row)
    for (int col = 0; col < grid; ++col)
      if (row >= dead || col >= dead) cells.push_back(row * grid + col);
  return cells;
}

std::vector<int> sufficient_ladder(int cells) {
  constexpr int kEach = 10;  // so far every number
  std::vector<int> ladder;
  for (int k = 1; k < cells; k = k < kEach ? k + 1 : (11 * k + 9) / 10) ladder.push_back(k);
  if (cells > 0) ladder.push_back(cells);
  return ladder;
}

std::vector<int> levels_of_cells(const std::vector<int>& cells, const WcamSettings& settings, int side) {
  std::vector<int> levels;
  for (const int cell : cells) {
    // Twice the centre's distance from the upper left corner, in units of 1 / grid of a pixel: whole.
    const int further = std::max(cell / settings.grid, cell % settings.grid);
    const std::int64_t centre = (std::int64_t{2} * further + 1) * side;
    int level = 0;
    while (level < settings.levels &&
           centre >= std::int64_t{2} * settings.grid * (side >> (settings.levels - level)))
      ++level;
    levels.push_back(level);
  }
  return levels;
}

ForwardPlan forward_plan(const WcamSettings& settings, int side) {
  ForwardPlan plan;
  plan.live_cells = live_cells(settings, side);
  plan.levels = levels_of_cells(plan.live_cells, settings, side);
  plan.gradients = settings.estimator == Estimator::kGradient;
  const auto sample = [&](std::int64_t first) {
    for (int point = 0; point < settings.nb_design; ++point) plan.rows.push_back(first + point);
  };
  sample(0);
  if (settings.order == Order::kFirst) sample(settings.nb_design);
  // Design::first_row_of() (worker/design/design.h).
  if (!plan.gradients)
    for (const int cell : plan.live_cells) sample(std::int64_t{settings.nb_design} * (cell + 2));
  if (settings.sufficient) plan.ladder = sufficient_ladder(static_cast<int>(plan.live_cells.size()));
  return plan;
}

}  // namespace wcam
