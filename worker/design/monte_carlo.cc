#include <random>

#include "worker/design/samplers.h"

namespace wcam {

std::vector<double> monte_carlo_points(int points, int dimensions, std::uint64_t seed) {
  std::mt19937 generator(static_cast<std::mt19937::result_type>(seed));
  if (seed >> 32 != 0) {
    std::seed_seq words{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
    generator.seed(words);
  }
  std::vector<double> sample(static_cast<std::size_t>(points) * static_cast<std::size_t>(dimensions));
  for (double& value : sample) {
    const auto high = static_cast<double>(generator() >> 5), low = static_cast<double>(generator() >> 6);
    value = (high * 0x1p26 + low) * 0x1p-53;
  }
  return sample;
}

}  // namespace wcam
