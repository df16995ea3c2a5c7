#include "worker/design/pcg64.h"

#include <bit>

namespace wcam {

namespace {

// Eight words spread from the seed by SeedSequence: a pool of four, every word mixed into every other.
std::array<std::uint32_t, 8> spread(std::uint64_t seed) {
  std::uint32_t constant = 0x43b0d7e5;
  const auto hash = [&constant](std::uint32_t value) {
    value ^= constant;
    constant *= 0x931e8875;
    value *= constant;
    return value ^ (value >> 16);
  };
  std::array<std::uint32_t, 4> pool{};
  const std::array<std::uint32_t, 4> entropy{static_cast<std::uint32_t>(seed),
                                             static_cast<std::uint32_t>(seed >> 32)};
  for (std::size_t i = 0; i < 4; ++i) pool[i] = hash(entropy[i]);
  for (std::size_t from = 0; from < 4; ++from)
    for (std::size_t to = 0; to < 4; ++to) {
      if (from == to) continue;
      const std::uint32_t mixed = 0xca01f9ddU * pool[to] - 0x4973f715U * hash(pool[from]);
      pool[to] = mixed ^ (mixed >> 16);
    }
  constant = 0x8b51f9dd;
  std::array<std::uint32_t, 8> words{};
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::uint32_t word = pool[i % 4] ^ constant;
    constant *= 0x58f38ded;
    word *= constant;
    words[i] = word ^ (word >> 16);
  }
  return words;
}

}  // namespace

Pcg64::Pcg64(std::uint64_t seed) {
  const auto words = spread(seed);
  const auto word64 = [&](std::size_t i) { return Uint128{words[2 * i + 1]} << 32 | words[2 * i]; };
  increment_ = (word64(2) << 64 | word64(3)) << 1 | 1;
  step();
  state_ += word64(0) << 64 | word64(1);
  step();
}

void Pcg64::step() {
  constexpr Uint128 kMultiplier = Uint128{2549297995355413924ULL} << 64 | 4865540595714422341ULL;
  state_ = state_ * kMultiplier + increment_;
}

std::uint64_t Pcg64::next64() {
  step();
  return std::rotr(static_cast<std::uint64_t>(state_ >> 64) ^ static_cast<std::uint64_t>(state_),
                   static_cast<int>(state_ >> 122));
}

std::uint32_t Pcg64::next32() {
  if (half_) {
    const std::uint32_t high = *half_;
    half_.reset();
    return high;
  }
  const std::uint64_t both = next64();
  half_ = static_cast<std::uint32_t>(both >> 32);
  return static_cast<std::uint32_t>(both);
}

std::uint32_t Pcg64::up_to(std::uint32_t largest) {
  if (largest == 0) return 0;
  const std::uint32_t mask = ~std::uint32_t{0} >> std::countl_zero(largest);
  std::uint32_t value = next32() & mask;
  while (value > largest) value = next32() & mask;
  return value;
}

}  // namespace wcam
