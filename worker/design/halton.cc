#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "worker/design/pcg64.h"
#include "worker/design/samplers.h"

namespace wcam {

namespace {

std::vector<std::uint32_t> first_primes(int count) {
  std::vector<std::uint32_t> primes;
  for (std::uint32_t candidate = 2; primes.size() < static_cast<std::size_t>(count); ++candidate) {
    bool prime = true;
    for (const std::uint32_t divisor : primes) {
      if (divisor * divisor > candidate) break;
      if (candidate % divisor == 0) {
        prime = false;
        break;
      }
    }
    if (prime) primes.push_back(candidate);
  }
  return primes;
}

// A random permutation of 0..base-1 of which only the first `wanted` values are needed: the front of Fisher
// and Yates's shuffle of `identity`, which holds 0..base-1 (or more) and is put back in order afterwards.
// O(wanted).
std::vector<std::uint32_t> permutation(Pcg64& generator, std::uint32_t base, std::uint32_t wanted,
                                       std::vector<std::uint32_t>& identity) {
  std::vector<std::uint32_t> partners(wanted), values(wanted);
  for (std::uint32_t i = 0; i < wanted; ++i) {
    partners[i] = i + generator.up_to(base - i - 1);
    std::swap(identity[i], identity[partners[i]]);
    values[i] = identity[i];
  }
  for (std::uint32_t i = wanted; i-- > 0;) std::swap(identity[i], identity[partners[i]]);
  return values;
}

}  // namespace

std::vector<double> halton_points(int points, int dimensions, std::optional<std::uint64_t> seed) {
  const auto primes = first_primes(dimensions);
  std::vector<double> sample(static_cast<std::size_t>(points) * primes.size());
  std::vector<std::uint32_t> identity(primes.empty() ? 0 : primes.back());
  std::iota(identity.begin(), identity.end(), 0U);
  Pcg64 generator(seed.value_or(0));
  const auto count = static_cast<std::uint32_t>(points);
  for (std::size_t d = 0; d < primes.size(); ++d) {
    const std::uint32_t base = primes[d];
    std::vector<std::vector<std::uint32_t>> places;  // the permutation of each place
    double unit = 1;                                 // of the last place that tells points apart
    for (std::uint64_t reach = 1; reach < count; reach *= base) {
      unit /= base;
      if (seed) places.push_back(permutation(generator, base, std::min(base, count), identity));
    }
    for (std::uint32_t point = 0; point < count; ++point) {
      double value = 0, weight = 1;
      std::uint32_t left = point;
      if (seed) {
        for (const auto& place : places) {
          weight /= base;
          value += weight * place[left % base];
          left /= base;
        }
        value += unit * generator.uniform();
      } else {
        for (; left > 0; left /= base) {
          weight /= base;
          value += weight * (left % base);
        }
      }
      // Rounding may reach 1, which is outside.
      sample[point * primes.size() + d] = std::min(value, std::nextafter(1.0, 0.0));
    }
  }
  return sample;
}

}  // namespace wcam
