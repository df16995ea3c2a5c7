#include "worker/wcam/indices.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "worker/wcam/estimator.h"

namespace wcam {

namespace {

// Where the samples C_i begin, counted in samples of N outputs: behind A, and B where that is evaluated.
std::size_t first_cell_sample(Order order) { return order == Order::kFirst ? 2 : 1; }

}  // namespace

Indices indices_from(std::span<const float> outputs, const ForwardPlan& plan, const WcamSettings& settings) {
  const auto n = static_cast<std::size_t>(settings.nb_design);
  const std::vector<double> exact(outputs.begin(), outputs.end());
  const auto sample = [&](std::size_t index) { return std::span<const double>(exact).subspan(index * n, n); };
  const bool corrected = settings.mode == Mode::kCorrected;
  PooledMoments pooled(settings.nb_design);
  if (corrected)
    for (std::size_t i = 0; i * n < exact.size(); ++i) pooled.add(sample(i));
  std::vector<double> a(sample(0).begin(), sample(0).end()), b;
  if (settings.order == Order::kFirst) b.assign(sample(1).begin(), sample(1).end());
  const IndexEstimator estimator(settings.estimator, settings.order,
                                 corrected ? Form::kCorrected : Form::kPublished, std::move(a), std::move(b),
                                 corrected ? &pooled : nullptr);

  Indices indices;
  indices.values.assign(static_cast<std::size_t>(settings.cells()), 0);
  indices.standard_errors = indices.values;
  for (std::size_t i = 0; i < plan.live_cells.size(); ++i) {
    const Index index = estimator(sample(first_cell_sample(settings.order) + i));
    const auto cell = static_cast<std::size_t>(plan.live_cells[i]);
    indices.values[cell] = static_cast<float>(index.value);
    indices.standard_errors[cell] = static_cast<float>(index.standard_error);
  }
  return indices;
}

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
