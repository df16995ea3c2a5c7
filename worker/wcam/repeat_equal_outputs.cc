#include "worker/wcam/repeat_equal_outputs.h"

#include <cstddef>

#include "common/study/indices.h"

namespace wcam {

void repeat_equal_outputs(std::span<float> outputs, const ForwardPlan& plan, const WcamSettings& settings,
                          const Design& design, const std::vector<bool>& has_coefficients) {
  const auto n = static_cast<std::size_t>(settings.nb_design);
  for (std::size_t i = 0; i < plan.live_cells.size(); ++i) {
    const auto cell = static_cast<std::size_t>(plan.live_cells[i]);
    const std::span<float> c = outputs.subspan((first_cell_sample(settings.order) + i) * n, n);
    for (std::size_t j = 0; j < n; ++j) {
      const auto point = static_cast<int>(j);
      // As masks are: float32.
      const bool same =
          static_cast<float>(design.a(point)[cell]) == static_cast<float>(design.b(point)[cell]);
      if (same || !has_coefficients[cell]) c[j] = outputs[j];
    }
  }
}

}  // namespace wcam
