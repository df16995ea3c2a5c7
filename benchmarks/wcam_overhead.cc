// What does a WCAM cost beyond the forwards that it cannot do without?
//
//   wcam_overhead MODEL.pt [IMAGE] [--size S] [--batch N] [--rounds R] [--grid G] [--nb-design N] [--threads
//   T]
//
// One process, one allocator, one frozen channels_last model (worker/models/model.h). A round runs a whole
// WCAM (transform, design rows, reconstructions, forwards, estimator) and, right before or after it, as many
// plain forwards of a ready batch of the same size; the last batch of both is whole. Prints, of the rounds'
// wall and CPU times, the minimum and the median and their ratios. "Batch by batch" is the same comparison
// where each forward of the WCAM is followed by a plain one, whose time is taken off: it holds on a machine
// that others use, too. Last, the process's peak resident memory.
#include <ATen/core/Tensor.h>
#include <ATen/ops/randn.h>
#include <c10/core/InferenceMode.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <numeric>
#include <vector>

#include "common/base/error.h"
#include "common/base/sha256.h"
#include "common/command_line/run_main.h"
#include "worker/design/design.h"
#include "worker/models/model.h"
#include "worker/wcam/wcam.h"

namespace po = boost::program_options;

namespace wcam {
namespace {

struct Times {
  std::vector<double> wall, cpu;
};

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

void measure(Times& times, auto body) {
  const auto wall = std::chrono::steady_clock::now();
  const double cpu = cpu_seconds();
  body();
  times.cpu.push_back(cpu_seconds() - cpu);
  times.wall.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - wall).count());
}

// Time of a whole WCAM over that of its plain forwards, alternating batch by batch: wall, CPU.
std::array<double, 2> batch_by_batch(const Classifier& classifier, auto explain_with, auto one_plain) {
  Times plain, all;
  Classifier alternating = classifier;
  alternating.forward = [&](const at::Tensor& input) {
    at::Tensor logits = classifier.forward(input);
    measure(plain, one_plain);
    return logits;
  };
  measure(all, [&] { explain_with(alternating); });
  const auto ratio = [](double total, const std::vector<double>& forwards) {
    const double sum = std::accumulate(forwards.begin(), forwards.end(), 0.0);
    return (total - sum) / sum;
  };
  return {ratio(all.wall[0], plain.wall), ratio(all.cpu[0], plain.cpu)};
}

double minimum(const std::vector<double>& v) { return *std::min_element(v.begin(), v.end()); }

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return (v[(v.size() - 1) / 2] + v[v.size() / 2]) / 2;
}

std::vector<double> ratios(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> r;
  for (std::size_t i = 0; i < a.size(); ++i) r.push_back(a[i] / b[i]);
  return r;
}

void print(const char* clock, const std::vector<double>& wcam, const std::vector<double>& plain) {
  std::printf(
      "%-4s  wcam min %8.3f s median %8.3f s   plain min %8.3f s median %8.3f s   ratio of minima %.4f, "
      "median of ratios %.4f\n",
      clock, minimum(wcam), median(wcam), minimum(plain), median(plain), minimum(wcam) / minimum(plain),
      median(ratios(wcam, plain)));
}

double peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

RgbImage noise(int side) {
  RgbImage image{side, side, std::vector<std::uint8_t>(static_cast<std::size_t>(side * side * 3))};
  std::uint32_t state = 1;
  for (auto& value : image.pixels) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<std::uint8_t>(state >> 24);
  }
  return image;
}

ExitCode run(int argc, char** argv) {
  po::options_description options;
  CaseSpec spec;
  spec.name = "benchmark";
  WcamSettings settings;
  int batch = 8, rounds = 5, threads = 1;
  std::string file, image_file;
  options.add_options()                                                                     //
      ("model", po::value(&file)->required(), "TorchScript")                                //
      ("image", po::value(&image_file), "photograph; noise without one")                    //
      ("size", po::value(&spec.input_size)->default_value(224), "pixels a side")            //
      ("batch", po::value(&batch)->default_value(batch), "images a forward")                //
      ("rounds", po::value(&rounds)->default_value(rounds), "of WCAM and plain forwards")   //
      ("grid", po::value(&settings.grid)->default_value(settings.grid), "")                 //
      ("nb-design", po::value(&settings.nb_design)->default_value(settings.nb_design), "")  //
      ("threads", po::value(&threads)->default_value(threads), "of LibTorch");
  po::positional_options_description positional;
  positional.add("model", 1).add("image", 1);
  po::variables_map values;
  po::store(po::command_line_parser(argc, argv).options(options).positional(positional).run(), values);
  po::notify(values);
  spec.file = file;
  spec.resize = std::max(spec.resize, spec.input_size);
  spec.sha256 = sha256_of_file(spec.file);
  spec.mean = spec.std = {0.5, 0.5, 0.5};

  prepare_torch(threads);
  const Model model = Model::load(spec, "cpu");
  const Classifier classifier{[&](const at::Tensor& input) { return model.forward(input); }, spec.mean,
                              spec.std};
  const RgbImage image = image_file.empty()
                             ? noise(spec.input_size)
                             : resize_and_crop(decode_image(image_file), spec.resize, spec.input_size);
  const Design design = make_design(settings);
  const ForwardPlan plan = forward_plan(settings, spec.input_size);
  const c10::InferenceMode inference;
  const at::Tensor ready =
      at::randn({batch, 3, spec.input_size, spec.input_size}).contiguous(at::MemoryFormat::ChannelsLast);

  const auto explain_with = [&](const Classifier& with) { explain(with, image, 0, settings, design, batch); };
  const auto whole = [&] { explain_with(classifier); };
  const auto plain = [&] {
    for (std::int64_t i = 0; i < plan.batches(batch); ++i) model.forward(ready);
  };
  for (int i = 0; i < 3; ++i) model.forward(ready);  // LibTorch's profiling runs and the allocator's pools
  std::printf("%s, %d x %d, batch %d, %d threads: %lld images in %lld forwards, %d rounds\n", file.c_str(),
              spec.input_size, spec.input_size, batch, threads, static_cast<long long>(plan.forwards()),
              static_cast<long long>(plan.batches(batch)), rounds);
  Times of_wcam, of_plain;
  for (int round = 0; round < rounds; ++round) {
    if (round % 2 == 1) measure(of_plain, plain);
    measure(of_wcam, whole);
    if (round % 2 == 0) measure(of_plain, plain);
  }
  print("wall", of_wcam.wall, of_plain.wall);
  print("cpu", of_wcam.cpu, of_plain.cpu);
  Times interleaved;  // ratios
  for (int round = 0; round < rounds; ++round) {
    const auto [wall, cpu] = batch_by_batch(classifier, explain_with, [&] { model.forward(ready); });
    interleaved.wall.push_back(wall);
    interleaved.cpu.push_back(cpu);
  }
  std::printf("batch by batch: ratio wall min %.4f median %.4f   cpu min %.4f median %.4f\n",
              minimum(interleaved.wall), median(interleaved.wall), minimum(interleaved.cpu),
              median(interleaved.cpu));
  const double images = static_cast<double>(plan.batches(batch) * batch);
  std::printf("per image: wcam %.3f ms, plain %.3f ms (CPU, minima); peak resident %.0f MiB\n",
              1e3 * minimum(of_wcam.cpu) / images, 1e3 * minimum(of_plain.cpu) / images, peak_mib());
  return ExitCode::kDone;
}

}  // namespace
}  // namespace wcam

int main(int argc, char** argv) {
  return wcam::run_main("wcam_overhead", [&] { return wcam::run(argc, argv); });
}
