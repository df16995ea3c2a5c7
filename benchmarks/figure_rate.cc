// How long does a figure take to draw from stored results?
//   figure_rate STORE.h5 [FIGURES = 20] [CASES = 6]
// Makes a sweep of so many images and cases with a source and an altered map each, as at the usual setting (grid 28,
// 224 pixels, noise for values), writes it to STORE.h5 and draws figure 5 of each image as PDF, reading included, on
// one thread. Prints milliseconds a figure. figure_rate.py draws the same arrays with matplotlib and compares.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>

#include "common/base/file.h"
#include "common/store/segment.h"
#include "common/study/plan.h"
#include "plotting/sweep_figures.h"

namespace fs = std::filesystem;

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

void make_store(const fs::path& file, int images, int cases) {
  const Plan plan = make_plan(images, cases);
  std::mt19937 random(1);
  std::vector<ProfileRow> profiles;
  std::vector<ImageRow> pixels;
  for (std::uint32_t image = 0; image < plan.images.size(); ++image) {
    for (std::size_t i = 0; i < plan.cases.size(); ++i)
      for (const bool altered : {false, true}) profiles.push_back(make_row(plan, image, i, altered, random));
    for (const std::string& variant : {std::string("source"), kVariant})
      pixels.push_back(make_pixels(plan.images[image].path, variant, random));
  }
  write_store(file, {sweep_id(plan), kGrid, plan.wcam.levels}, profiles, {}, pixels, to_json_text(plan));
}

int figure_rate(const fs::path& file, int images, int cases) {
  make_store(file, images, cases);
  FigureRequest request;
  request.sweep = file;
  request.out = file.string() + ".figures";
  request.formats = {Format::kPdf};
  const auto begin = std::chrono::steady_clock::now();
  draw_sweep(request, {FigureKind::kFigure5}, {});
  const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - begin;
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  std::printf("%.3f ms a figure, %d figures of %d cases, peak %ld MiB\n", taken.count() / images, images,
              cases, usage.ru_maxrss / 1024);
  fs::remove_all(request.out);
  return 0;
}

}  // namespace
}  // namespace wcam

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: figure_rate STORE.h5 [FIGURES] [CASES]\n");
    return 2;
  }
  return wcam::figure_rate(argv[1], argc > 2 ? std::stoi(argv[2]) : 20, argc > 3 ? std::stoi(argv[3]) : 6);
}
