#include "common/study/indices.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "common/study/estimator.h"

namespace wcam {

GradientEstimate gradient_estimate_from(std::span<const float> outputs, const ForwardPlan& plan,
                                        const WcamSettings& settings) {
  const std::vector<double> exact(outputs.begin(), outputs.end());
  const std::span<const double> all(exact);
  const auto n = static_cast<std::size_t>(settings.nb_design), of_cells = n * plan.live_cells.size();
  return gradient_estimate({all.first(n), all.subspan(n, of_cells), all.subspan(n + of_cells, of_cells),
                            plan.levels, settings.levels + 1});
}

namespace {

Indices indices_from_gradients(std::span<const float> outputs, const ForwardPlan& plan,
                               const WcamSettings& settings) {
  const GradientEstimate estimate = gradient_estimate_from(outputs, plan, settings);
  Indices indices;
  indices.values.assign(static_cast<std::size_t>(settings.cells()), 0);
  indices.standard_errors = indices.values;
  for (std::size_t i = 0; i < plan.live_cells.size(); ++i) {
    const auto cell = static_cast<std::size_t>(plan.live_cells[i]);
    indices.values[cell] = static_cast<float>(estimate.indices[i]);
    indices.standard_errors[cell] = static_cast<float>(estimate.indices[i] * estimate.log_errors[i]);
  }
  return indices;
}

}  // namespace

Indices indices_from(std::span<const float> outputs, const ForwardPlan& plan, const WcamSettings& settings) {
  if (plan.gradients) return indices_from_gradients(outputs, plan, settings);
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

std::vector<int> most_important_first(std::vector<int> cells, std::span<const float> indices) {
  const auto index = [&](int cell) { return indices[static_cast<std::size_t>(cell)]; };
  std::stable_sort(cells.begin(), cells.end(), [&](int a, int b) { return index(a) > index(b); });
  return cells;
}

}  // namespace wcam
