// What do the variants of a photograph cost? A predict job makes the study's 70 beside as many forwards; they
// should take at most 0.14 s of one core. Times are for the five severities of each corruption, one thread,
// and the image file given as it is, by default a synthetic one of 224 x 224 pixels (smooth areas, edges and
// grain). corruptions_python.py sets them beside Python's.
//   corruptions [IMAGE] [--benchmark_...]
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "common/study/perturbation.h"
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

// Stands in for photographs of frosted glass.
const FrostOverlays& overlays() {
  static const FrostOverlays made(1, [](std::size_t) { return resize_bilinear(photograph(), 400, 600); });
  return made;
}

void make(benchmark::State& state, const RgbImage& image, const std::vector<std::string>& variants) {
  for (auto _ : state)
    for (const std::string& variant : variants)
      benchmark::DoNotOptimize(corrupt(image, parse_variant(variant), CorruptionKey{}, overlays()));
}

void resize_and_crop_a_photograph(benchmark::State& state) {
  const RgbImage large = resize_bilinear(photograph(), 375, 500);  // ImageNet's usual size
  for (auto _ : state) benchmark::DoNotOptimize(resize_and_crop(large, 256, 224));
}
BENCHMARK(resize_and_crop_a_photograph)->Unit(benchmark::kMillisecond);

void register_all(const RgbImage& image) {
  const auto add = [&](const std::string& name, const std::vector<std::string>& names) {
    const auto variants = variants_of("corruptions", names, {});
    benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
      make(state, image, variants);
    })->Unit(benchmark::kMillisecond);
  };
  for (const std::string& name : corruption_names()) add(name, {name});
  add("study", {});
  add("all", {"all"});
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  register_all(argc > 1 ? decode_image(argv[1]) : photograph());
  benchmark::RunSpecifiedBenchmarks();
}
