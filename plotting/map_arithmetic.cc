#include "plotting/map_arithmetic.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>

#include "common/study/indices.h"
#include "common/study/wcam_map.h"

namespace wcam {

std::vector<float> importance_of_places(std::span<const float> cells, int grid, int levels, int side) {
  const double total = std::accumulate(cells.begin(), cells.end(), 0.0);
  if (!(total > 0)) return {};
  std::vector<int> coefficients(cells.size());  // of each cell
  const auto cell_at = [&](int y, int x) {
    return static_cast<std::size_t>(y * grid / side * grid + x * grid / side);
  };
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x) ++coefficients[cell_at(y, x)];
  std::vector<double> places(static_cast<std::size_t>(side) * static_cast<std::size_t>(side));
  for (const Subband& band : subbands(side, levels)) {
    const int block = side / band.side;  // pixels a side that a coefficient is made of
    for (int y = 0; y < side; ++y)
      for (int x = 0; x < side; ++x) {
        const std::size_t cell = cell_at(band.row + y / block, band.col + x / block);
        places[static_cast<std::size_t>(y * side + x)] +=
            static_cast<double>(cells[cell]) / coefficients[cell] / (block * block);
      }
  }
  std::vector<float> relative(places.size());
  const double average = total / static_cast<double>(places.size());
  std::transform(places.begin(), places.end(), relative.begin(),
                 [average](double place) { return static_cast<float>(place / average); });
  return relative;
}

std::vector<float> most_important(std::span<const float> cells, double share) {
  std::vector<int> all(cells.size());
  std::iota(all.begin(), all.end(), 0);
  double total = 0, kept = 0;
  for (const float value : cells) total += std::max(static_cast<double>(value), 0.0);
  std::vector<float> keep(cells.size());
  for (const int cell : most_important_first(std::move(all), cells)) {
    const auto i = static_cast<std::size_t>(cell);
    if (kept >= share * total || !(cells[i] > 0)) break;
    keep[i] = 1;
    kept += static_cast<double>(cells[i]);
  }
  return keep;
}

std::vector<float> largest_of(std::span<const float> cells, std::vector<int> among, std::size_t count) {
  among = most_important_first(std::move(among), cells);
  std::vector<float> keep(cells.size());
  for (std::size_t i = 0; i < std::min(count, among.size()); ++i)
    keep[static_cast<std::size_t>(among[i])] = 1;
  return keep;
}

double share_kept(std::span<const float> cells, std::span<const float> keep) {
  double total = 0, kept = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const double value = std::max(static_cast<double>(cells[i]), 0.0);
    total += value;
    kept += keep[i] > 0 ? value : 0;
  }
  return total > 0 ? kept / total : 0;
}

void MeanMap::add(std::span<const float> map) {
  if (count_ == 0) {
    mean_.assign(map.size(), 0);
    squares_ = mean_;
  }
  if (map.size() != mean_.size())
    throw std::invalid_argument("MeanMap: " + std::to_string(map.size()) + " values after " +
                                std::to_string(mean_.size()));
  ++count_;
  for (std::size_t i = 0; i < map.size(); ++i) {
    const double value = static_cast<double>(map[i]), step = value - mean_[i];
    mean_[i] += step / static_cast<double>(count_);
    squares_[i] += step * (value - mean_[i]);
  }
}

std::vector<float> MeanMap::mean() const { return {mean_.begin(), mean_.end()}; }

std::vector<float> MeanMap::standard_error() const {
  std::vector<float> errors;
  const auto n = static_cast<double>(count_);
  if (count_ > 1)
    for (const double squares : squares_)
      errors.push_back(static_cast<float>(std::sqrt(squares / (n - 1) / n)));
  return errors;
}

MapEstimate mean_of_replicates(std::span<const MapEstimate> replicates, int nb_design) {
  MeanMap mean;
  for (const MapEstimate& replicate : replicates) mean.add(replicate.cells);
  MapEstimate result{mean.mean(), mean.standard_error()};
  const auto r = static_cast<double>(replicates.size()), n = static_cast<double>(nb_design);
  for (std::size_t i = 0; i < result.cells.size(); ++i) {
    double jackknife = 0;
    for (const MapEstimate& replicate : replicates)
      jackknife += std::pow(static_cast<double>(replicate.standard_errors[i]), 2) / r;
    if (!std::isfinite(jackknife)) continue;
    const double spread = r * std::pow(static_cast<double>(result.standard_errors[i]), 2);
    const double variance = ((r - 1) * spread + r * (n - 1) * jackknife) / (r * n - 1);
    result.standard_errors[i] = static_cast<float>(std::sqrt(variance / r));
  }
  return result;
}

std::vector<float> difference(std::span<const float> a, std::span<const float> b) {
  std::vector<float> result(a.size());
  std::transform(a.begin(), a.end(), b.begin(), result.begin(), [](float x, float y) { return x - y; });
  return result;
}

std::vector<float> error_of_difference(std::span<const float> error_a, std::span<const float> error_b) {
  if (error_a.size() != error_b.size()) return {};
  std::vector<float> result(error_a.size());
  std::transform(error_a.begin(), error_a.end(), error_b.begin(), result.begin(),
                 [](float x, float y) { return std::hypot(x, y); });
  return result;
}

}  // namespace wcam
