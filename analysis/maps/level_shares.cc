#include "analysis/maps/level_shares.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

#include "analysis/statistics/jackknife.h"

namespace wcam {

namespace {

// Pixels of cells 0 to grid - 1 along one axis within the first `edge` pixels.
std::vector<double> pixels_before(int edge, int grid, int side) {
  std::vector<double> pixels(static_cast<std::size_t>(grid));
  for (int x = 0; x < edge; ++x) ++pixels[static_cast<std::size_t>(x * grid / side)];
  return pixels;
}

void check_size(std::span<const float> indices, const LevelAreas& areas) {
  if (indices.size() != areas.cells())
    throw std::invalid_argument("level_shares: a map of " + std::to_string(indices.size()) +
                                " cells, areas of " + std::to_string(areas.cells()));
}

}  // namespace

LevelAreas level_areas(int grid, int levels, int side, Approximation approximation) {
  if (levels < 1 || grid < 1 || side < grid || side % (1 << levels) != 0)
    throw std::invalid_argument("level_areas: grid " + std::to_string(grid) + ", levels " +
                                std::to_string(levels) + ", side " + std::to_string(side));
  const auto g = static_cast<std::size_t>(grid), columns = static_cast<std::size_t>(levels) + 1;
  LevelAreas areas{levels, std::vector<double>(g * g * columns)};
  // A level's ring is its outer square without its inner one.
  std::vector<double> inner(g * g);
  for (std::size_t level = 0; level < columns; ++level) {
    const auto line = pixels_before(side >> (levels - static_cast<int>(level)), grid, side);
    const bool nobodys = level == 0 && approximation != Approximation::kPerturb;
    for (std::size_t cell = 0; cell < g * g; ++cell) {
      const double outer = line[cell / g] * line[cell % g];
      areas.parts[cell * columns + level] = nobodys ? 0 : outer - inner[cell];
      inner[cell] = outer;
    }
  }
  for (std::size_t cell = 0; cell < g * g; ++cell) {
    const std::span<double> parts = std::span(areas.parts).subspan(cell * columns, columns);
    double sum = 0;
    for (const double part : parts) sum += part;
    if (sum > 0)
      for (double& part : parts) part /= sum;
  }
  return areas;
}

std::vector<double> level_shares(std::span<const float> indices, const LevelAreas& areas) {
  check_size(indices, areas);
  const std::size_t columns = static_cast<std::size_t>(areas.levels) + 1;
  std::vector<double> shares(columns);
  for (std::size_t cell = 0; cell < indices.size(); ++cell)
    for (std::size_t level = 0; level < columns; ++level)
      shares[level] += static_cast<double>(indices[cell]) * areas.parts[cell * columns + level];
  double sum = 0;
  for (const double share : shares) sum += share;
  for (double& share : shares) share = sum == 0 ? 0 : share / sum;
  return shares;
}

ShareBounds level_share_bounds(std::span<const float> indices, const LevelAreas& areas) {
  check_size(indices, areas);
  const std::size_t columns = static_cast<std::size_t>(areas.levels) + 1;
  ShareBounds bounds{std::vector<double>(columns), std::vector<double>(columns)};
  double sum = 0;
  for (std::size_t cell = 0; cell < indices.size(); ++cell) {
    const double index = static_cast<double>(indices[cell]);
    for (std::size_t level = 0; level < columns; ++level) {
      const double part = areas.parts[cell * columns + level];
      sum += index * part;
      if (part == 0) continue;
      const bool whole = part == 1;
      bounds.low[level] += whole ? index : std::min(index, 0.0);
      bounds.high[level] += whole ? index : std::max(index, 0.0);
    }
  }
  for (std::vector<double>* ends : {&bounds.low, &bounds.high})
    for (double& end : *ends) end = sum == 0 ? 0 : end / sum;
  if (sum < 0) std::swap(bounds.low, bounds.high);
  return bounds;
}

std::vector<double> level_share_errors(std::span<const std::vector<float>> delete_one_maps,
                                       const LevelAreas& areas) {
  std::vector<std::vector<double>> without(static_cast<std::size_t>(areas.levels) + 1);
  for (const std::vector<float>& map : delete_one_maps) {
    const std::vector<double> shares = level_shares(map, areas);
    for (std::size_t level = 0; level < shares.size(); ++level) without[level].push_back(shares[level]);
  }
  std::vector<double> errors;
  for (const std::vector<double>& shares : without) errors.push_back(jackknife_standard_error(shares));
  return errors;
}

std::vector<double> level_share_errors(const GradientEstimate& estimate, const ForwardPlan& plan,
                                       const LevelAreas& areas) {
  const std::size_t levels = estimate.shares.size();
  // Of each level by centre what lies at each level by area, over the level's sum.
  std::vector<double> parts(levels * levels), sums(levels);
  for (std::size_t i = 0; i < plan.live_cells.size(); ++i) {
    const auto cell = static_cast<std::size_t>(plan.live_cells[i]),
               level = static_cast<std::size_t>(plan.levels[i]);
    sums[level] += estimate.indices[i];
    for (std::size_t at = 0; at < levels; ++at)
      parts[level * levels + at] += estimate.indices[i] * areas.parts[cell * levels + at];
  }
  std::vector<double> errors;
  for (std::size_t at = 0; at < levels; ++at) {
    double variance = 0;
    for (std::size_t a = 0; a < levels; ++a)
      for (std::size_t b = 0; b < levels; ++b)
        if (sums[a] > 0 && sums[b] > 0)
          variance += parts[a * levels + at] / sums[a] * parts[b * levels + at] / sums[b] *
                      estimate.share_covariance[a * levels + b];
    errors.push_back(std::sqrt(std::max(variance, 0.0)));
  }
  return errors;
}

ScaleShift scale_shift(std::span<const double> before, std::span<const double> after) {
  if (before.size() != after.size())
    throw std::invalid_argument("scale_shift: shares of " + std::to_string(before.size()) + " and " +
                                std::to_string(after.size()) + " levels");
  ScaleShift shift;
  double cumulated = 0;
  for (std::size_t level = 0; level < before.size(); ++level) {
    const double change = after[level] - before[level];
    cumulated += change;
    shift.towards_finer += static_cast<double>(level) * change;
    shift.distance += std::abs(cumulated);
  }
  return shift;
}

}  // namespace wcam
