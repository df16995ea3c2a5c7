#include "analysis/indices/subset_indices.h"

#include <cstddef>
#include <stdexcept>
#include <string>

#include "common/study/estimator.h"
#include "common/study/indices.h"

namespace wcam {

std::vector<float> subset_indices(std::span<const float> outputs, const ForwardPlan& plan,
                                  const WcamSettings& settings, std::span<const int> points) {
  const auto n = static_cast<std::size_t>(settings.nb_design);
  if (outputs.size() != plan.outputs())
    throw std::invalid_argument("subset_indices: " + std::to_string(outputs.size()) +
                                " outputs, the settings have " + std::to_string(plan.outputs()));
  if (points.size() < 2)
    throw std::invalid_argument("subset_indices: a variance needs 2 design points, here are " +
                                std::to_string(points.size()));
  std::vector<bool> seen(n);
  for (const int point : points) {
    if (point < 0 || static_cast<std::size_t>(point) >= n || seen[static_cast<std::size_t>(point)])
      throw std::invalid_argument("subset_indices: design point " + std::to_string(point) + " of " +
                                  std::to_string(n) + " is not there or comes twice");
    seen[static_cast<std::size_t>(point)] = true;
  }
  std::vector<float> chosen;
  chosen.reserve(outputs.size() / n * points.size());
  for (std::size_t sample = 0; sample < outputs.size(); sample += n)
    for (const int point : points) chosen.push_back(outputs[sample + static_cast<std::size_t>(point)]);
  WcamSettings fewer = settings;
  fewer.nb_design = static_cast<int>(points.size());
  return indices_from(chosen, plan, fewer).values;
}

std::vector<std::vector<float>> delete_one_maps(std::span<const float> outputs, const ForwardPlan& plan,
                                                const WcamSettings& settings) {
  std::vector<std::vector<float>> maps;
  if (settings.nb_design < 3) return maps;
  try {
    for (int left_out = 0; left_out < settings.nb_design; ++left_out) {
      std::vector<int> points;
      for (int point = 0; point < settings.nb_design; ++point)
        if (point != left_out) points.push_back(point);
      maps.push_back(subset_indices(outputs, plan, settings, points));
    }
  } catch (const DegenerateOutputs&) {
    return {};
  }
  return maps;
}

}  // namespace wcam
