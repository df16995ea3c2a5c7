#include "common/study/wcam_settings.h"

#include <bit>

#include "common/base/error.h"

namespace wcam {

void check(const WcamSettings& s) {
  check_range("grid", s.grid, 2, 112);
  const bool gradients = s.estimator == Estimator::kGradient;
  check_range("nb-design", s.nb_design, gradients ? 3 : 2, 4096);
  check_range("levels", s.levels, 1, 5);
  if (gradients && s.order == Order::kFirst)
    throw UsageError(
        "--order first: --estimator gradient has indices of total order alone; take --estimator jansen");
  if (!gradients && (s.nb_design & (s.nb_design - 1)) != 0)
    throw UsageError("--nb-design " + std::to_string(s.nb_design) +
                     " is not a power of two: a Sobol sequence is balanced only then");
  // 21201: dimensions of the direction numbers in LibTorch's Sobol engine; a design draws A and B together.
  if (s.sampler <= Sampler::kTorchSobol && 2 * s.cells() > 21201)
    throw UsageError("--grid " + std::to_string(s.grid) + " needs " + std::to_string(2 * s.cells()) +
                     " Sobol dimensions, 21201 exist: at most --grid 102, or --sampler lhs");
}

std::string side_problem(const WcamSettings& s, int side, const std::string& what) {
  const int step = 1 << s.levels, below = side - side % step;
  const std::string problem = what + " " + std::to_string(side);
  if (below != side) {
    const int possible = std::countr_zero(static_cast<unsigned>(side));
    return problem + " is not a multiple of " + std::to_string(step) + " (2^levels)" +
           (possible == 0 ? ", and no --levels fit an odd one" : "") + ": take " +
           (below > 0 ? std::to_string(below) + " or " : "") + std::to_string(below + step) +
           (possible > 0 ? ", or --levels " + std::to_string(possible) : "");
  }
  if (side < s.grid)
    return problem + " is below the " + std::to_string(s.grid) + " cells a side of --grid " +
           std::to_string(s.grid) + ": use a smaller --grid";
  return "";
}

}  // namespace wcam
