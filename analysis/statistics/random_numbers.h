// Random numbers that are the same on every machine: the standard fixes what std::mt19937_64 yields, but not
// what its distributions do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace wcam {

class RandomNumbers {
 public:
  explicit RandomNumbers(std::uint64_t seed) : engine_(seed) {}

  // 64 random bits.
  std::uint64_t bits() { return engine_(); }
  // In [0, 1), multiples of 2^-53.
  double uniform() { return static_cast<double>(engine_() >> 11U) * 0x1p-53; }
  // 0 to below - 1, below up to 2^32. By multiplication: probabilities differ by below / 2^32 of themselves.
  std::size_t index(std::size_t below) {
    return static_cast<std::size_t>(((engine_() >> 32U) * static_cast<std::uint64_t>(below)) >> 32U);
  }

  template <typename T>
  void shuffle(std::vector<T>& values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[index(i)]);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace wcam
