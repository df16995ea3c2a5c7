#include <numeric>
#include <utility>

#include "worker/design/pcg64.h"
#include "worker/design/samplers.h"

namespace wcam {

std::vector<double> latin_hypercube_points(int points, int dimensions, std::uint64_t seed) {
  const auto rows = static_cast<std::size_t>(points), cols = static_cast<std::size_t>(dimensions);
  Pcg64 generator(seed);
  std::vector<double> sample(rows * cols);
  for (double& value : sample) value = generator.uniform();
  std::vector<std::uint32_t> slices(rows);
  for (std::size_t c = 0; c < cols; ++c) {
    std::iota(slices.begin(), slices.end(), 1U);
    for (std::uint32_t last = static_cast<std::uint32_t>(rows) - 1; last > 0; --last)
      std::swap(slices[last], slices[generator.up_to(last)]);
    for (std::size_t r = 0; r < rows; ++r)
      sample[r * cols + c] = (slices[r] - sample[r * cols + c]) / static_cast<double>(points);
  }
  return sample;
}

}  // namespace wcam
