// Rows whose every value follows from its position by a formula, so that a reader in another language can
// check them (store_reader_test.py states the same formulas). Maps are asymmetric: a transposed one differs.
#pragma once

#include <string>
#include <vector>

#include "common/store/records.h"
#include "common/store/segment.h"
#include "common/study/perturbation.h"
#include "common/study/plan.h"

namespace wcam::sample {

inline constexpr int kGrid = 5, kLevels = 3, kSide = 24, kForwards = 11;
inline constexpr std::size_t kCells = 25;
inline const std::vector<std::string> kCases{"sin", "baseline", "augmix"};  // not in alphabetical order

// Six images, two of them with names that are not ASCII, two variants, three cases.
inline Plan make_plan() {
  Plan plan;
  plan.images = {{"Zürich/été.png", std::string(64, '1')}, {"a.png", std::string(64, '2')},
                 {"b/c d.jpg", std::string(64, '3')},      {"e.png", std::string(64, '4')},
                 {"f.png", std::string(64, '5')},          {"猫.png", std::string(64, '6')}};
  plan.variants = {"corruptions/motion-blur/3", "corruptions/jpeg/5"};
  for (const std::string& name : kCases) {
    CaseSpec c;
    c.name = name;
    c.file = name + ".pt";
    c.sha256 = std::string(64, '7');
    c.input_size = kSide;
    c.resize = kSide;
    c.classes = {"cat", "dog"};
    plan.cases.push_back(c);
  }
  plan.wcam.grid = kGrid;
  plan.wcam.levels = kLevels;
  plan.images_root = "/images";
  return plan;
}

inline const Plan& plan() {
  static const Plan made = make_plan();
  return made;
}

inline const StoreHeader& header() {
  static const StoreHeader made{sweep_id(plan()), kGrid, kLevels};
  return made;
}

inline const std::string& image(std::size_t i) { return plan().images[i % 6].path; }

inline std::vector<float> values(std::size_t count, double first, double step) {
  std::vector<float> out(count);
  for (std::size_t k = 0; k < count; ++k) out[k] = static_cast<float>(first + step * static_cast<double>(k));
  return out;
}

// Row r explains image r / 9 of the sample with case (r / 3) % 3, in role r % 3.
inline ProfileRow profile(std::size_t r, std::uint32_t attempt = 1) {
  ProfileRow row;
  row.image = image(r / 9);
  row.perturbation = "corruptions";
  row.role = static_cast<Role>(r % 3);
  row.variant = row.role == Role::kSource ? std::string(kSourceVariant) : plan().variants[r % 3 - 1];
  row.case_name = kCases[(r / 3) % 3];
  row.job = JobId{(std::uint64_t{1} << 62U) + r};  // beyond what a double holds
  row.attempt = Attempt{attempt};
  row.rank = static_cast<std::uint32_t>(r / 9);
  row.role_index = static_cast<std::uint32_t>(r % 2);
  row.label = static_cast<std::int64_t>(r % 7) - 1;
  row.explained = row.role == Role::kAltered ? LabelKinds{LabelKind::kPredicted}
                                             : LabelKinds{LabelKind::kSource, LabelKind::kTrue};
  row.replicate = static_cast<std::uint32_t>(r % 4);
  row.control_of = r % 3 == 2 ? plan().variants[0] : "";
  row.severity_difference = r % 3 == 2 ? 2.0F : 0.0F;
  const double x = static_cast<double>(r);
  row.logit = static_cast<float>(x / 4);
  row.wcam = values(kCells, x * 100, 0.5);
  row.standard_error = values(kCells, x * 100 + 50, 0.25);
  row.outputs = values(kForwards, -x, 0.125);
  row.level_share = values(kLevels + 1, x, 1);
  row.level_contributions = values(kLevels + 1, x, 2);
  row.spectral_profile = values(3 * kLevels + 1, x, 3);
  row.robustness_margin = static_cast<float>(x + 0.25);
  row.spatial_spread = static_cast<float>(x + 0.5);
  row.sufficient_cells = static_cast<std::int64_t>(r % 5) - 1;  // never, not asked, and numbers
  row.sufficient_cells_stay = static_cast<std::int64_t>(r % 7) - 1;
  row.forward_equivalents = static_cast<float>(kForwards + r);
  row.batch_size = static_cast<std::uint32_t>(1 + r % 64);
  row.form = r % 2 == 0 ? "plain" : "optimised";
  row.seconds = x / 3;
  row.device = r % 2 == 0 ? "cpu" : "cuda:0";
  row.estimator = "jansen-total";
  row.provenance = r % 2 == 0 ? "A CPU; LibTorch 1.13.1; OpenBLAS 0.3.21 Zen" : "A GPU; LibTorch 2.6.0";
  row.doubts = r % 3 == 0 ? "an index above 1, no standard error" : r % 3 == 1 ? "no standard error" : "";
  return row;
}

// Row p of the predict jobs: job p / 3 (image and case) has three rows, the source and both variants.
inline PredictionRow prediction(std::size_t p, std::uint32_t attempt = 1) {
  PredictionRow row;
  const std::size_t job = p / 3;
  row.job = JobId{1000 + job};
  row.attempt = Attempt{attempt};
  row.image = image(job / 3);
  row.perturbation = "corruptions";
  row.variant = p % 3 == 0 ? std::string(kSourceVariant) : plan().variants[p % 3 - 1];
  row.case_name = kCases[job % 3];
  row.label = static_cast<std::int64_t>(p % 5);
  row.logit = static_cast<float>(p) / 8;
  row.probability = 1.0F / static_cast<float>(p + 1);
  row.top_labels = {row.label, static_cast<std::int64_t>(p), 7, 8, -1};
  for (std::size_t k = 0; k < kTopClasses; ++k)
    row.top_probabilities[k] =
        static_cast<float>(1.0 / static_cast<double>(p + 1) - 0.03125 * static_cast<double>(k));
  row.provenance = p % 2 == 0 ? "A CPU" : "";
  return row;
}

// Pixel (y, x, c) of image k is (7 k + 5 y + 3 x + c) mod 256.
inline ImageRow pixels(std::size_t k) {
  ImageRow row;
  row.image = image(k);
  row.variant = k < 6 ? std::string(kSourceVariant) : plan().variants[0];
  row.size = kSide;
  for (std::size_t y = 0; y < kSide; ++y)
    for (std::size_t x = 0; x < kSide; ++x)
      for (std::size_t c = 0; c < 3; ++c)
        row.pixels.push_back(static_cast<std::uint8_t>((7 * k + 5 * y + 3 * x + c) % 256));
  row.caution = k % 2 == 0 ? "" : "dark";
  return row;
}

template <class Make>
auto rows(std::size_t first, std::size_t count, Make make) {
  std::vector<decltype(make(first))> made;
  for (std::size_t i = first; i < first + count; ++i) made.push_back(make(i));
  return made;
}
inline std::vector<ProfileRow> profiles(std::size_t first, std::size_t count, std::uint32_t attempt = 1) {
  return rows(first, count, [attempt](std::size_t i) { return profile(i, attempt); });
}
inline std::vector<PredictionRow> predictions(std::size_t first, std::size_t count,
                                              std::uint32_t attempt = 1) {
  return rows(first, count, [attempt](std::size_t i) { return prediction(i, attempt); });
}
inline std::vector<ImageRow> images(std::size_t first, std::size_t count) {
  return rows(first, count, [](std::size_t i) { return pixels(i); });
}

}  // namespace wcam::sample
