// numpy's default generator, so that its seeds mean the same here.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace wcam {

// PCG XSL-RR 128/64 (M. E. O'Neill, HMC-CS-2014-0905) seeded as numpy.random.default_rng(seed) seeds it,
// through numpy's SeedSequence (hash constants from numpy's documentation of SeedSequence, after M. E.
// O'Neill's seed_seq_fe).
class Pcg64 {
 public:
  explicit Pcg64(std::uint64_t seed);

  std::uint64_t next64();
  // Halves of next64(), the low one first. next64() does not use up a half that is left.
  std::uint32_t next32();
  // In [0, 1), a multiple of 2^-53: Generator.random().
  double uniform() { return static_cast<double>(next64() >> 11) * 0x1p-53; }
  // In [0, largest], exactly uniform: next32() cut to the bits of `largest`, drawn again while beyond it, as
  // Generator.shuffle() draws.
  std::uint32_t up_to(std::uint32_t largest);

 private:
  __extension__ using Uint128 = unsigned __int128;
  void step();

  Uint128 state_ = 0, increment_ = 0;
  std::optional<std::uint32_t> half_;
};

}  // namespace wcam
