// Random numbers that are a function of what they are for and of their place in the row, of nothing else: no
// state is shared and no order of calls matters, so every case, attempt, worker, restart and machine draws
// the same.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace wcam {

// 128 bits that name a stream: Philox's key, and the upper half of its counter.
struct StreamKey {
  std::array<std::uint32_t, 2> key{}, counter{};
  bool operator==(const StreamKey&) const = default;
};

// words[4 i + j] is word j of Philox4x32-10 (J. K. Salmon et al., SC11; the library Random123) with the
// stream's key and counter {low and high half of first_block + i, stream.counter[0], stream.counter[1]}. The
// number of words is a multiple of 4.
void fill_philox(std::span<std::uint32_t> words, const StreamKey& stream, std::uint64_t first_block);

// A standard normal number from one word. The top bit is its sign (set: positive); the other 31 bits u give
// its size, minus the normal quantile at (u + 1/2) / 2^32: at most 6.34, within 1e-7. Basic arithmetic only,
// since two machines' logarithms may differ in their last bit.
double normal_of(std::uint32_t word);

// Poisson's quantiles for one mean, 0 to 500: the smallest k whose cumulative probability exceeds w / 2^32.
class PoissonTable {
 public:
  // Throws std::invalid_argument naming the mean.
  explicit PoissonTable(double mean);
  int operator()(std::uint32_t word) const {
    std::size_t k = first_[word >> 24U];
    while (word >= below_[k] && k + 1 < below_.size()) ++k;
    return static_cast<int>(k);
  }

 private:
  std::vector<std::uint32_t> below_;        // [k]: number of words that give at most k; the last k: the rest
  std::array<std::uint16_t, 256> first_{};  // by the word's top byte: the smallest k it can give
};

// Draws one after another. Every draw takes one word: draw i is made of word i % 4 of block i / 4, whatever
// the draws before it were, and a bulk fill equals as many single draws. 32 bits a draw are far beyond what
// 8-bit pixels can show.
class RandomStream {
 public:
  explicit RandomStream(const StreamKey& stream) : stream_(stream) {}

  std::uint32_t word() {
    if (next_ == words_.size()) refill();
    return words_[next_++];
  }
  // In [0, 1), a multiple of 2^-32.
  double uniform() { return word() * 0x1p-32; }
  double uniform(double low, double high) { return low + uniform() * (high - low); }
  // In [low, high), high > low. No value's probability is off by more than 2^-32, beyond which not all of
  // them are drawn.
  std::int64_t integer(std::int64_t low, std::int64_t high) {
    const auto count = static_cast<std::uint64_t>(high - low), drawn = std::uint64_t{word()};
    return low + static_cast<std::int64_t>(drawn * (count >> 32U) + ((drawn * (count & 0xffffffffU)) >> 32U));
  }
  int integer(int low, int high) { return static_cast<int>(integer(std::int64_t{low}, std::int64_t{high})); }
  double normal() { return normal_of(word()); }

  void fill_words(std::span<std::uint32_t> out);
  void fill_uniform(std::span<double> out, double low, double high);
  void fill_normal(std::span<double> out, double mean, double deviation);

 private:
  void refill();
  // The next words, at least one and at most `count`.
  std::span<const std::uint32_t> take(std::size_t count);

  StreamKey stream_;
  std::uint64_t next_block_ = 0;
  std::array<std::uint32_t, 1024> words_{};
  std::size_t next_ = words_.size();
};

}  // namespace wcam
