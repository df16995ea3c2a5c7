// What does one reconstruction cost: mask, inverse Haar, min-max, 8 bits, normalise, channels_last? 224 x
// 224, 3 levels, one thread, as many images a call as the argument says; time is per image.
#include "worker/wcam/reconstruction.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/rand.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

namespace wcam {
namespace {

void reconstruct(benchmark::State& state, Reconstruction::Form form, Mode mode) {
  const c10::InferenceMode inference;
  at::set_num_threads(1);
  WcamSettings settings;
  settings.mode = mode;
  const auto batch = static_cast<int>(state.range(0));
  const at::Tensor masks = at::rand({batch, settings.cells()});
  Reconstruction reconstruction(at::rand({3, 224, 224}), settings, {0.5, 0.5, 0.5}, {0.5, 0.5, 0.5},
                                at::Device(at::kCPU), batch, form);
  for (auto _ : state)
    reconstruction.write({masks.data_ptr<float>(), static_cast<std::size_t>(masks.numel())}, 0);
  state.counters["per_image"] =
      benchmark::Counter(static_cast<double>(batch) * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

using enum Reconstruction::Form;
BENCHMARK_CAPTURE(reconstruct, fused_reference, kFused, Mode::kReference)->Arg(8)->Arg(64);
BENCHMARK_CAPTURE(reconstruct, fused_corrected, kFused, Mode::kCorrected)->Arg(8)->Arg(64);
BENCHMARK_CAPTURE(reconstruct, tensor_reference, kTensor, Mode::kReference)->Arg(8)->Arg(64);
BENCHMARK_CAPTURE(reconstruct, tensor_corrected, kTensor, Mode::kCorrected)->Arg(8)->Arg(64);

}  // namespace
}  // namespace wcam

BENCHMARK_MAIN();
