// Does this machine's LibTorch compute WCAMs right, and how fast? For a machine that has nothing else of what
// the project links: built with -DWCAM_ONLY_KERNELS=ON, it needs LibTorch alone.
//
//   wcam-kernel-check [cpu|cuda:N ...] [--side S] [--threads T] [MODEL.pt ...]
//
// On each device (default: the CPU and every GPU): the known WCAM (worker/wcam/known_wcam.h), and the
// reconstructions of the tensor form against those of the fused form on the CPU. For each model there, in
// float32, float16 and bfloat16 and by batch size: plain forwards of a ready batch beside the forwards of a
// WCAM, at the default grid and design, and the memory in use. Exits with 1 when something is wrong.
#include <ATen/Context.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <c10/core/InferenceMode.h>
#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "common/base/elapsed.h"
#include "common/base/error.h"
#include "common/study/estimator.h"
#include "worker/design/pcg64.h"
#include "worker/models/blas_kernel.h"
#include "worker/models/built_in_pictures.h"
#include "worker/models/device.h"
#include "worker/models/memory.h"
#include "worker/models/network.h"
#include "worker/wcam/known_wcam.h"
#include "worker/wcam/reconstruction.h"
#include "worker/wcam/wcam.h"

using Clock = std::chrono::steady_clock;

namespace wcam {
namespace {

constexpr double kSecondsAMeasurement = 0.5;
constexpr std::array<double, 3> kMean{0.485, 0.456, 0.406}, kStd{0.229, 0.224, 0.225};

struct Request {
  std::vector<at::Device> devices;
  std::vector<std::filesystem::path> models;
  int side = 224, threads = 1;
};

Request request_of(const std::vector<std::string>& arguments) {
  Request request;
  for (auto word = arguments.begin(); word != arguments.end(); ++word) {
    if (*word == "--side" || *word == "--threads") {
      int& value = *word == "--side" ? request.side : request.threads;
      const std::string option = word->substr(2);
      if (++word == arguments.end()) throw UsageError("--" + option + " lacks its number");
      value = std::atoi(word->c_str());
      check_range(option, value, 1, 2048);
    } else if (word->ends_with(".pt")) {
      request.models.emplace_back(*word);
    } else {
      request.devices.push_back(parse_device(*word));
    }
  }
  if (request.devices.empty()) {
    request.devices.emplace_back(at::kCPU);
    for (std::size_t i = 0; i < at::getNumGPUs(); ++i)
      request.devices.emplace_back(at::kCUDA, static_cast<at::DeviceIndex>(i));
  }
  return request;
}

// Waits until the device has done what it was given: the value of one element needs it.
void wait_for(const at::Tensor& result) { (void)result.flatten()[0].item<float>(); }

// Of a GPU what all its users have, by the driver, of which no header is needed; else this process's.
double memory_in_use_mib(at::Device device) {
  if (!device.is_cuda()) {
    std::ifstream file("/proc/self/statm");
    double pages = 0, resident = 0;
    file >> pages >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1U << 20U);
  }
  const auto memory =
      reinterpret_cast<int (*)(std::size_t*, std::size_t*)>(::dlsym(RTLD_DEFAULT, "cuMemGetInfo_v2"));
  std::size_t free = 0, total = 0;
  if (memory == nullptr || memory(&free, &total) != 0) return 0;
  return static_cast<double>(total - free) / (1U << 20U);
}

bool check_known_wcam(at::Device device) {
  const double difference = relative_difference(known_wcam(device).indices, known_indices());
  const bool right = difference <= kSameWcam;
  std::printf("  %-5s known WCAM: indices differ by %.1e, %.0e is allowed\n", right ? "ok" : "WRONG",
              difference, kSameWcam);
  return right;
}

at::Tensor reconstructions(Reconstruction::Form form, at::Device device, const WcamSettings& settings,
                           int side, std::span<const float> masks, int count) {
  const RgbImage picture = built_in_pictures(side, 3).back();
  Reconstruction reconstruction(image_planes(picture, settings.mode, kMean, kStd), settings, kMean, kStd,
                                device, count, form);
  reconstruction.write(masks, 0);
  return reconstruction.batch().cpu();
}

// In mode reference a rounding difference becomes a step of one level in a few pixels; more is wrong.
bool check_tensor_form(at::Device device, int side) {
  constexpr int kImages = 16;
  constexpr double kFewPixels = 1e-3, kRounding = 1e-5;
  bool all_right = true;
  for (const Mode mode : {Mode::kReference, Mode::kCorrected}) {
    WcamSettings settings;
    settings.mode = mode;
    Pcg64 random(1);
    std::vector<float> masks(static_cast<std::size_t>(kImages * settings.cells()));
    for (float& value : masks) value = static_cast<float>(random.uniform());
    using enum Reconstruction::Form;
    const at::Tensor fused = reconstructions(kFused, at::kCPU, settings, side, masks, kImages),
                     off = (reconstructions(kTensor, device, settings, side, masks, kImages) - fused).abs();
    const double furthest = off.max().item<double>(), relative = furthest / fused.abs().max().item<double>(),
                 share = off.gt(kRounding).to(at::kDouble).mean().item<double>();
    const double level = 1 / (255 * 0.224);  // of the channel with the smallest standard deviation
    const bool right =
        mode == Mode::kReference ? share <= kFewPixels && furthest < 1.5 * level : relative <= kRounding;
    std::printf(
        "  %-5s tensor form, mode %s: differs from the fused form on the CPU by up to %.1e, in %.1e of all "
        "values\n",
        right ? "ok" : "WRONG", mode == Mode::kReference ? "reference" : "corrected", furthest, share);
    all_right = all_right && right;
  }
  return all_right;
}

// Seconds an image, of forwards of a ready batch.
double seconds_of_forwards(const Network& network, const at::Tensor& ready) {
  wait_for(network.forward(ready));
  const auto start = Clock::now();
  std::int64_t images = 0;
  at::Tensor last;
  while (seconds_since(start) < kSecondsAMeasurement) {
    last = network.forward(ready);
    images += ready.size(0);
    if (images % (8 * ready.size(0)) == 0) wait_for(last);  // a GPU's queue would run ahead of the clock
  }
  wait_for(last);
  return seconds_since(start) / static_cast<double>(images);
}

struct Enough {};

// Seconds an image, of the forwards of a WCAM with all that is around them, after the first, which pays for
// memory and caches.
double seconds_of_wcam(const Network& network, const RgbImage& picture, int batch_size) {
  const WcamSettings settings;
  const Design design = make_design(settings);
  std::int64_t batches = 0;
  Clock::time_point start;
  double seconds = 0;
  const Forward forward = [&](const at::Tensor& input) {
    at::Tensor logits = network.forward(input);
    if (batches % 8 == 0 || batches == 1) {
      wait_for(logits);
      if (batches == 1) start = Clock::now();
      seconds = batches > 1 ? seconds_since(start) : 0;
      if (seconds > kSecondsAMeasurement) throw Enough{};
    }
    ++batches;
    return logits;
  };
  try {
    explain({forward, kMean, kStd, network.device()}, picture, 0, settings, design, batch_size);
  } catch (const Enough&) {
    return seconds / static_cast<double>((batches - 1) * batch_size);
  } catch (const DegenerateOutputs&) {  // what is measured is the time
  }
  return seconds_since(start) / static_cast<double>((batches - 2) * batch_size);
}

at::Tensor inputs(int side, at::Device device) {
  std::vector<at::Tensor> planes;
  for (const RgbImage& picture : built_in_pictures(side))
    planes.push_back(image_planes(picture, Mode::kReference, kMean, kStd));
  return at::stack(planes).contiguous(at::MemoryFormat::ChannelsLast).to(device);
}

void measure(const Network& network, const char* type, int side, int batch_size,
             const std::string& accuracy) {
  const RgbImage picture = built_in_pictures(side, 3).back();
  const at::Tensor pictures = inputs(side, network.device());
  const at::Tensor ready = pictures.repeat({(batch_size + 15) / 16, 1, 1, 1})
                               .narrow(0, 0, batch_size)
                               .contiguous(at::MemoryFormat::ChannelsLast);
  const double forward = seconds_of_forwards(network, ready),
               whole = seconds_of_wcam(network, picture, batch_size);
  std::printf("  %-9s %6d %12.1f %12.1f %9.1f %% %10.0f   %s\n", type, batch_size, 1 / forward, 1 / whole,
              100 * (whole / forward - 1), memory_in_use_mib(network.device()), accuracy.c_str());
  std::fflush(stdout);
}

// "logits within 2.1e-03 of the largest, 16 of 16 labels" as float32 gives them on this device.
std::string compared(const at::Tensor& logits, const at::Tensor& exact) {
  std::array<char, 100> text{};
  const double off = ((logits - exact).abs().max() / exact.abs().max()).item<double>();
  const auto same = logits.argmax(1).eq(exact.argmax(1)).sum().item<std::int64_t>();
  std::snprintf(text.data(), text.size(), "logits within %.1e of the largest, %d of %d labels", off,
                static_cast<int>(same), static_cast<int>(exact.size(0)));
  return text.data();
}

struct Type {
  at::ScalarType type;
  const char* name;
};
constexpr std::array<Type, 3> kTypes{
    {{at::kFloat, "float32"}, {at::kHalf, "float16"}, {at::kBFloat16, "bfloat16"}}};

void measure_model(const std::filesystem::path& file, at::Device device, int side) {
  std::printf("%s on %s, %d x %d\n  %-9s %6s %12s %12s %11s %10s   %s\n", file.c_str(), device.str().c_str(),
              side, side, "type", "batch", "forwards/s", "of a WCAM/s", "around", "MiB in use",
              "against float32");
  at::Tensor exact;
  for (const auto& [type, name] : kTypes) {
    try {
      const Network network = Network::load(file, device, type);
      const at::Tensor logits = network.forward(inputs(side, device)).cpu();
      if (type == at::kFloat) exact = logits;
      const std::vector<int> sizes =
          device.is_cuda() ? std::vector{1, 8, 32, 128, 256, 512} : std::vector{1, 8, 32};
      for (const int batch_size : sizes)
        measure(network, name, side, batch_size, type == at::kFloat ? "" : compared(logits, exact));
    } catch (const std::exception& e) {
      if (type == at::kFloat && !is_out_of_memory(e)) throw;
      std::printf("  %-9s not here: %s\n", name, e.what());
    }
    return_freed_memory();
  }
}

// Whether all is right.
bool run(const Request& request) {
  const c10::InferenceMode inference;
  prepare_torch(request.threads);
  bool right = true;
  for (const at::Device device : request.devices) {
    std::printf("%s: %s\n", device.str().c_str(), provenance_of(device).c_str());
    right = check_known_wcam(device) && right;
    right = check_tensor_form(device, request.side) && right;
    for (const std::filesystem::path& model : request.models) measure_model(model, device, request.side);
  }
  return right;
}

}  // namespace
}  // namespace wcam

int main(int argc, char** argv) {
  wcam::take_better_blas_kernel(argv);
  try {
    return wcam::run(wcam::request_of({argv + 1, argv + argc})) ? 0 : 1;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "wcam-kernel-check: %s\n", e.what());
    return 2;
  }
}
