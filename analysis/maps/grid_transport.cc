#include "analysis/maps/grid_transport.h"

// All of LEMON that is used is in its headers.
#define LEMON_ONLY_TEMPLATES
#include <lemon/network_simplex.h>
#include <lemon/static_graph.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "common/base/error.h"

namespace wcam {

namespace {

constexpr double kWhole = 1e12;  // whole numbers a map's sum is divided into

// Amounts that add up to kWhole but for rounding.
std::vector<std::int64_t> amounts(std::span<const float> map) {
  double sum = 0;
  for (const float value : map) sum += std::max(0.0, static_cast<double>(value));
  std::vector<std::int64_t> parts;
  parts.reserve(map.size());
  for (const float value : map)
    parts.push_back(sum > 0 ? std::llround(std::max(0.0, static_cast<double>(value)) / sum * kWhole) : 0);
  return parts;
}

// Arcs both ways between neighbours, ordered by where they begin.
std::vector<std::pair<int, int>> edges_of_grid(int grid) {
  std::vector<std::pair<int, int>> arcs;
  for (int cell = 0; cell < grid * grid; ++cell) {
    if (cell >= grid) arcs.emplace_back(cell, cell - grid);
    if (cell % grid > 0) arcs.emplace_back(cell, cell - 1);
    if (cell % grid + 1 < grid) arcs.emplace_back(cell, cell + 1);
    if (cell + grid < grid * grid) arcs.emplace_back(cell, cell + grid);
  }
  return arcs;
}

}  // namespace

Stated<double> grid_transport(std::span<const float> a, std::span<const float> b, int grid) {
  const auto cells = static_cast<std::size_t>(grid) * static_cast<std::size_t>(grid);
  if (a.size() != cells || b.size() != cells)
    throw std::invalid_argument("grid_transport: maps of " + std::to_string(a.size()) + " and " +
                                std::to_string(b.size()) + " cells, grid " + std::to_string(grid));
  const auto from = amounts(a), to = amounts(b);
  for (const auto& parts : {from, to})
    if (std::none_of(parts.begin(), parts.end(), [](std::int64_t part) { return part > 0; }))
      return NotStated{"a map without an index above 0 has nothing to move"};

  using Graph = lemon::StaticDigraph;
  const auto arcs = edges_of_grid(grid);
  Graph graph;
  graph.build(grid * grid, arcs.begin(), arcs.end());
  Graph::NodeMap<std::int64_t> supply(graph);
  std::int64_t rest = 0;
  for (std::size_t cell = 0; cell < cells; ++cell) {
    supply[graph.node(static_cast<int>(cell))] = from[cell] - to[cell];
    rest += from[cell] - to[cell];
  }
  // What rounding has left over, at most half a unit a cell, goes to the largest cell.
  const auto largest = std::max_element(from.begin(), from.end()) - from.begin();
  supply[graph.node(static_cast<int>(largest))] -= rest;

  lemon::NetworkSimplex<Graph, std::int64_t, std::int64_t> simplex(graph);
  const Graph::ArcMap<std::int64_t> cost(graph, 1);
  if (simplex.costMap(cost).supplyMap(supply).run() != simplex.OPTIMAL)
    invariant_broken("a connected grid without a flow");
  return simplex.totalCost<double>() / kWhole;
}

}  // namespace wcam
