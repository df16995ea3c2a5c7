// Do the variants of a photograph cost less than a forward? A predict job makes all 35; one mobilenet_v2
// forward of 36 images takes about 400 ms of one core, so they should stay far below a fifth of that. Times
// are for one thread and one photograph of 224 x 224 pixels (synthetic: smooth areas, edges and grain).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "common/perturbation.h"
#include "worker/corruption/corruption.h"

namespace {

using namespace wcam;

RgbImage photograph() {
  RgbImage image = blank_image(224, 224);
  std::uint32_t grain = 1;
  for (int r = 0; r < image.rows; ++r)
    for (int c = 0; c < image.cols; ++c)
      for (int k = 0; k < 3; ++k) {
        grain = grain * 1664525U + 1013904223U;
        const double smooth = 128 + 90 * std::sin(0.02 * r * (k + 1)) * std::cos(0.03 * c);
        const double edges = (r / 32 + c / 48) % 2 == 0 ? 20 : -20;
        image.row(r)[c * 3 + k] = static_cast<std::uint8_t>(
            std::clamp(smooth + edges + static_cast<double>(grain >> 28U) - 8, 0.0, 255.0));
      }
  return image;
}

void five_severities(benchmark::State& state) {
  const RgbImage image = photograph();
  const std::string& name = corruption_names()[static_cast<std::size_t>(state.range(0))];
  state.SetLabel(name);
  for (auto _ : state)
    for (int severity = kLowestSeverity; severity <= kHighestSeverity; ++severity)
      benchmark::DoNotOptimize(corrupt(image, Variant{"corruptions", name, severity}, CorruptionKey{}));
}
BENCHMARK(five_severities)->DenseRange(0, 6)->Unit(benchmark::kMillisecond);

void all_variants(benchmark::State& state) {
  const RgbImage image = photograph();
  for (auto _ : state)
    for (const std::string& variant : variants_of("corruptions", {}, {}))
      benchmark::DoNotOptimize(corrupt(image, parse_variant(variant), CorruptionKey{}));
}
BENCHMARK(all_variants)->Unit(benchmark::kMillisecond);

void resize_and_crop_a_photograph(benchmark::State& state) {
  const RgbImage large = resize_bilinear(photograph(), 375, 500);  // ImageNet's usual size
  for (auto _ : state) benchmark::DoNotOptimize(resize_and_crop(large, 256, 224));
}
BENCHMARK(resize_and_crop_a_photograph)->Unit(benchmark::kMillisecond);

}  // namespace
