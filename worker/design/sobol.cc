#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/_sobol_engine_draw.h>
#include <ATen/ops/_sobol_engine_initialize_state.h>
#include <ATen/ops/_sobol_engine_scramble.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mv.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/tril.h>
#include <ATen/ops/zeros.h>

#include <string>

#include "common/base/error.h"
#include "worker/design/pcg64.h"
#include "worker/design/samplers.h"

namespace wcam {

namespace {

constexpr std::int64_t kBits = 30;

// Generator.integers(2, dtype=uint32): one bit of each 32-bit half, the highest.
at::Tensor numpy_bits(Pcg64& generator, at::IntArrayRef shape) {
  at::Tensor bits = at::empty(shape, at::kLong);
  auto* bit = bits.data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < bits.numel(); ++i) bit[i] = generator.next32() >> 31;
  return bits;
}

struct RandomBits {
  at::Tensor shift;     // [dimensions, 30] in {0, 1}
  at::Tensor matrices;  // [dimensions, 30, 30] in {0, 1}; the lower triangles count
};

RandomBits random_bits(std::int64_t dimensions, SobolBits kind, std::uint64_t seed) {
  if (kind == SobolBits::kScipy) {
    Pcg64 generator(seed);
    at::Tensor shift = numpy_bits(generator, {dimensions, kBits});
    return {std::move(shift), numpy_bits(generator, {dimensions, kBits, kBits})};
  }
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  at::Tensor shift = at::randint(2, {dimensions, kBits}, generator, at::kLong);
  return {std::move(shift), at::randint(2, {dimensions, kBits, kBits}, generator, at::kLong)};
}

}  // namespace

std::vector<double> sobol_points(int points, int dimensions, SobolBits bits,
                                 std::optional<std::uint64_t> seed) {
  if (dimensions < 1 || dimensions > kMaxSobolDimensions)
    throw InputError("a Sobol sequence in " + std::to_string(dimensions) + " dimensions: 1 to " +
                     std::to_string(kMaxSobolDimensions) +
                     " are possible; use a smaller grid or --sampler lhs");
  at::Tensor state = at::zeros({dimensions, kBits}, at::kLong);
  at::_sobol_engine_initialize_state_(state, dimensions);
  at::Tensor shift = at::zeros({dimensions}, at::kLong);
  if (seed) {
    const RandomBits random = random_bits(dimensions, bits, *seed);
    shift = at::mv(random.shift, at::pow(2, at::arange(kBits, at::kLong)));
    at::_sobol_engine_scramble_(state, random.matrices.tril(), dimensions);
  }
  // torch rounds the first point, and only that one, to float32.
  const auto first_type = bits == SobolBits::kTorch ? at::kFloat : at::kDouble;
  const at::Tensor first = shift.to(first_type).mul(0x1p-30).to(at::kDouble).unsqueeze(0);
  at::Tensor all = first;
  if (points > 1) {
    const at::Tensor rest =
        std::get<0>(at::_sobol_engine_draw(shift.clone(), points - 1, state, dimensions, 0, at::kDouble));
    all = at::cat({first, rest}).contiguous();
  }
  const auto* value = all.data_ptr<double>();
  return {value, value + all.numel()};
}

}  // namespace wcam
