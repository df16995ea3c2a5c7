#include "worker/corruption/random.h"

#include <Random123/philox.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>

#include "worker/base/widest.h"
#include "worker/corruption/elementary.h"

namespace wcam {

namespace {

// ---- Normal ----

// Natural logarithm of m * 2^exponent, m in [1, 2], to the last bit or two.
double log_of(double m, int exponent) {
  constexpr double kLog2 = 0.693147180559945309417232121458;
  const double s = (m - 1) / (m + 1), square = s * s;  // log m = 2 artanh s, s <= 1/3
  double sum = 0;
  for (int k = 35; k >= 1; k -= 2) sum = sum * square + 1.0 / k;
  return 2 * s * sum + exponent * kLog2;
}

double polynomial(const std::array<double, 8>& coefficients, double x) {
  return std::accumulate(coefficients.rbegin(), coefficients.rend(), 0.0,
                         [x](double sum, double coefficient) { return sum * x + coefficient; });
}

// Standard normal quantile at p = m * 2^exponent, m in [1, 2], 2^-33 <= p <= 1/2, to about 1e-16. M. J.
// Wichura, Algorithm AS 241 (PPND16), Applied Statistics 37(3), 1988, without its branch for p < exp(-25).
double normal_quantile(double m, int exponent) {
  static constexpr std::array<double, 8> kA{
      3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
      4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3},
      kB{1,
         4.2313330701600911252e1,
         6.8718700749205790830e2,
         5.3941960214247511077e3,
         2.1213794301586595867e4,
         3.9307895800092710610e4,
         2.8729085735721942674e4,
         5.2264952788528545610e3},
      kC{1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
         3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
         2.27238449892691845833e-2, 7.74545014278341407640e-4},
      kD{1,
         2.05319162663775882187e0,
         1.67638483018380384940e0,
         6.89767334985100004550e-1,
         1.48103976427480074590e-1,
         1.51986665636164571966e-2,
         5.47593808499534494600e-4,
         1.05075007164441684324e-9};
  const double q = std::ldexp(m, exponent) - 0.5;
  if (q >= -0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(kA, r) / polynomial(kB, r);
  }
  const double r = std::sqrt(-log_of(m, exponent)) - 1.6;
  return -polynomial(kC, r) / polynomial(kD, r);
}

// p = x * 2^-32 in (0, 1/2), x a whole number and a half. Each octave of x has 16 pieces, in each of which a
// cubic in the rest of the mantissa, t in [0, 1), goes through the quantile at four points. A piece is found
// from the bits of x itself.
constexpr int kPieceBits = 4;
constexpr int kLowestExponent = -1, kHighestExponent = 30;  // of x
constexpr std::size_t kPieces = std::size_t{kHighestExponent - kLowestExponent + 1} << kPieceBits;

struct NormalTable {
  std::array<std::array<double, 4>, kPieces> cubics;  // c0 + t (c1 + t (c2 + t c3))
  NormalTable() {
    // Chebyshev's points on [0, 1]: (1 + cos((2 i + 1) pi / 8)) / 2.
    static constexpr double kAt[] = {0.0380602337443566, 0.3086582838174551, 0.6913417161825449,
                                     0.9619397662556434};
    for (std::size_t piece = 0; piece < kPieces; ++piece) {
      const int exponent = kLowestExponent + static_cast<int>(piece >> kPieceBits);
      const auto step = static_cast<double>(piece & ((1U << kPieceBits) - 1));
      double d[4];  // Newton's divided differences
      for (int i = 0; i < 4; ++i)
        d[i] = normal_quantile(1 + std::ldexp(step + kAt[i], -kPieceBits), exponent - 32);
      for (int order = 1; order < 4; ++order)
        for (int i = 3; i >= order; --i) d[i] = (d[i] - d[i - 1]) / (kAt[i] - kAt[i - order]);
      std::array<double, 4>& c = cubics[piece];
      c = {d[3], 0, 0, 0};
      for (int i = 2; i >= 0; --i)  // c = c * (t - kAt[i]) + d[i]
        c = {d[i] - c[0] * kAt[i], c[0] - c[1] * kAt[i], c[1] - c[2] * kAt[i], c[2]};
    }
  }
};

const NormalTable& normal_table() {
  static const NormalTable table;
  return table;
}

inline double normal_from(const NormalTable& table, std::uint32_t word) {
  constexpr int kRest = 52 - kPieceBits;
  constexpr std::uint64_t kOne = std::bit_cast<std::uint64_t>(1.0);
  constexpr std::uint64_t kFirstPiece = std::bit_cast<std::uint64_t>(0.5) >> kRest;
  const auto bits = std::bit_cast<std::uint64_t>((word & 0x7fffffffU) + 0.5);
  const std::uint64_t rest = (bits << kPieceBits) & ((std::uint64_t{1} << 52U) - 1);
  const double t = std::bit_cast<double>(rest | kOne) - 1;
  const auto& c = table.cubics[(bits >> kRest) - kFirstPiece];
  const double quantile = c[0] + t * (c[1] + t * (c[2] + t * c[3]));  // negative
  const std::uint64_t sign = std::uint64_t{word >> 31U} << 63U;
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(quantile) ^ sign);
}

}  // namespace

WCAM_WIDEST void fill_philox(std::span<std::uint32_t> words, const StreamKey& stream,
                             std::uint64_t first_block) {
  const philox4x32_key_t key{{stream.key[0], stream.key[1]}};
  std::uint32_t* const out = words.data();
  const std::size_t blocks = words.size() / 4;
  for (std::size_t i = 0; i < blocks; ++i) {
    const std::uint64_t block = first_block + i;
    const philox4x32_ctr_t counter{{static_cast<std::uint32_t>(block),
                                    static_cast<std::uint32_t>(block >> 32U), stream.counter[0],
                                    stream.counter[1]}};
    const philox4x32_ctr_t result = philox4x32(counter, key);
    for (std::size_t j = 0; j < 4; ++j) out[4 * i + j] = result.v[j];
  }
}

double normal_of(std::uint32_t word) { return normal_from(normal_table(), word); }

PoissonTable::PoissonTable(double mean) {
  if (!(mean >= 0 && mean <= 500))
    throw std::invalid_argument("the mean of a Poisson distribution, " + std::to_string(mean) +
                                ", is outside 0 to 500");
  double probability = exp_of_minus(mean), sum = probability;
  for (int k = 0; sum < 1 - 0x1p-33 && probability > 0;) {
    below_.push_back(static_cast<std::uint32_t>(sum * 0x1p32));
    probability *= mean / ++k;
    sum += probability;
  }
  below_.push_back(~std::uint32_t{0});
  std::size_t k = 0;
  for (std::uint32_t top = 0; top < 256; ++top) {
    while (k + 1 < below_.size() && (top << 24U) >= below_[k]) ++k;
    first_[top] = static_cast<std::uint16_t>(k);
  }
}

void RandomStream::refill() {
  fill_philox(words_, stream_, next_block_);
  next_block_ += words_.size() / 4;
  next_ = 0;
}

std::span<const std::uint32_t> RandomStream::take(std::size_t count) {
  if (next_ == words_.size()) refill();
  const std::size_t taken = std::min(count, words_.size() - next_);
  next_ += taken;
  return {words_.data() + next_ - taken, taken};
}

void RandomStream::fill_words(std::span<std::uint32_t> out) {
  while (!out.empty()) {
    const auto words = take(out.size());
    std::copy(words.begin(), words.end(), out.begin());
    out = out.subspan(words.size());
  }
}

void RandomStream::fill_uniform(std::span<double> out, double low, double high) {
  while (!out.empty()) {
    const auto words = take(out.size());
    std::transform(words.begin(), words.end(), out.begin(),
                   [=](std::uint32_t word) { return low + word * 0x1p-32 * (high - low); });
    out = out.subspan(words.size());
  }
}

void RandomStream::fill_normal(std::span<double> out, double mean, double deviation) {
  const NormalTable& table = normal_table();
  while (!out.empty()) {
    const auto words = take(out.size());
    std::transform(words.begin(), words.end(), out.begin(),
                   [&](std::uint32_t word) { return mean + deviation * normal_from(table, word); });
    out = out.subspan(words.size());
  }
}

}  // namespace wcam
