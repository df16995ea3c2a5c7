// How long does a figure take to draw from stored results, and how much memory do many take?
//   figure_rate FOLDER [FIGURES = 20] [CASES = 6] [THREADS = 1]
// Makes a sweep in FOLDER of so many images and cases with a source and an altered map each, as at the usual
// setting (grid 28, 224 pixels, noise for values), in another process, 20 images a segment, and draws figure
// 5 of each image as PDF, reading included. Prints milliseconds a figure, of the CPU and of the clock,
// and the peak of memory. figure_rate.py draws the same arrays with matplotlib and compares.
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>

#include "common/base/file.h"
#include "common/base/sweep_directory.h"
#include "common/store/segment.h"
#include "common/study/plan.h"
#include "plotting/sweep_figures.h"

namespace wcam {
namespace {

constexpr int kGrid = 28, kSide = 224, kForwards = 3140;
const std::string kVariant = "corruptions/motion-blur/3";

Plan make_plan(int images, int cases) {
  Plan plan;
  for (int i = 0; i < images; ++i)
    plan.images.push_back({std::to_string(100000 + i) + ".jpg", std::string(64, '1')});
  plan.variants = {kVariant};
  for (int i = 0; i < cases; ++i) {
    CaseSpec spec;
    spec.name = "case_" + std::to_string(i);
    spec.file = spec.name + ".pt";
    spec.sha256 = std::string(64, '2');
    plan.cases.push_back(spec);
  }
  return plan;
}

std::vector<float> noise(std::size_t count, std::mt19937& random) {
  std::gamma_distribution<float> few_are_large(0.3F, 0.05F);
  std::vector<float> values(count);
  for (float& value : values) value = few_are_large(random);
  return values;
}

ProfileRow make_row(const Plan& plan, std::uint32_t image, std::size_t case_index, bool altered,
                    std::mt19937& random) {
  ProfileRow row;
  row.rank = image;
  row.image = plan.images[image].path;
  row.perturbation = plan.perturbation;
  row.case_name = plan.cases[case_index].name;
  row.role = altered ? Role::kAltered : Role::kSource;
  row.variant = altered ? kVariant : "source";
  row.job = explain_job_id(row.image, row.variant, row.case_name);
  row.attempt = Attempt{1};
  row.wcam = noise(kGrid * kGrid, random);
  row.standard_error = noise(kGrid * kGrid, random);
  row.outputs.assign(kForwards, 0);
  row.level_share = row.level_contributions = std::vector<float>(4, 0.25F);
  row.spectral_profile.assign(10, 0.1F);
  row.device = "cpu";
  row.estimator = "jansen-total";
  return row;
}

ImageRow make_pixels(const std::string& image, const std::string& variant, std::mt19937& random) {
  ImageRow row{image, variant, kSide, {}};
  std::vector<int> walk(3, 128);  // smooth along rows, as photographs are
  for (int i = 0; i < kSide * kSide * 3; ++i) {
    int& value = walk[static_cast<std::size_t>(i % 3)];
    value = std::clamp(value + static_cast<int>(random() % 15) - 7, 0, 255);
    row.pixels.push_back(static_cast<std::uint8_t>(value));
  }
  return row;
}

void make_sweep(const SweepDirectory& sweep, const Plan& plan) {
  constexpr std::uint32_t kImagesASegment = 20;
  std::mt19937 random(1);
  const auto images = static_cast<std::uint32_t>(plan.images.size());
  for (std::uint32_t first = 0; first < images; first += kImagesASegment) {
    std::vector<ProfileRow> profiles;
    std::vector<ImageRow> pixels;
    for (std::uint32_t image = first; image < std::min(first + kImagesASegment, images); ++image) {
      for (std::size_t i = 0; i < plan.cases.size(); ++i)
        for (const bool altered : {false, true})
          profiles.push_back(make_row(plan, image, i, altered, random));
      for (const std::string& variant : {std::string("source"), kVariant})
        pixels.push_back(make_pixels(plan.images[image].path, variant, random));
    }
    write_store(sweep.segments() / ("segment-" + std::to_string(first) + ".h5"),
                {sweep_id(plan), kGrid, plan.wcam.levels}, profiles, {}, pixels);
  }
}

// Else its memory would be in the peak.
void in_another_process(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    ::_exit(0);
  }
  int status = 0;
  if (::waitpid(child, &status, 0) != child || status != 0)
    throw std::runtime_error("the sweep was not made");
}

// Of this process, all threads, kernel included.
double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

int figure_rate(const SweepDirectory& sweep, int images, int cases, unsigned threads) {
  make_directories(sweep.segments());
  const Plan plan = make_plan(images, cases);
  write_file_atomically(sweep.plan(), to_json_text(plan));
  in_another_process([&] { make_sweep(sweep, plan); });
  FigureRequest request;
  request.sweep = sweep.root;
  request.out = sweep.figures();
  request.formats = {Format::kPdf};
  request.threads = threads;
  const double cpu_before = cpu_seconds();
  const auto begin = std::chrono::steady_clock::now();
  draw_sweep(request, {FigureKind::kFigure5}, {});
  const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - begin;
  const double cpu_ms = 1000 * (cpu_seconds() - cpu_before);
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  std::printf("%.2f ms CPU, %.2f ms a figure, %d figures of %d cases, %u threads, peak %ld MiB\n",
              cpu_ms / images, taken.count() / images, images, cases, threads, usage.ru_maxrss / 1024);
  return 0;
}

}  // namespace
}  // namespace wcam

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: figure_rate FOLDER [FIGURES] [CASES] [THREADS]\n");
    return 2;
  }
  const auto number = [&](int at, int otherwise) { return argc > at ? std::stoi(argv[at]) : otherwise; };
  return wcam::figure_rate({argv[1]}, number(2, 20), number(3, 6), static_cast<unsigned>(number(4, 1)));
}
