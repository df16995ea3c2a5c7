// Sweeps made of the rows of another: parts of it, and what is odd.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/file.h"
#include "common/base/sweep_directory.h"
#include "common/store/results.h"
#include "common/store/segment.h"

namespace wcam::planted {

// Rows of images and cases that the plan no longer has are left out; others may be changed, or left out by an
// answer of false.
struct Part {
  std::function<void(Plan&)> plan = [](Plan&) {};
  std::function<bool(ProfileRow&)> profile = [](ProfileRow&) { return true; };
  std::function<bool(PredictionRow&)> prediction = [](PredictionRow&) { return true; };
};

inline void write_part(const std::filesystem::path& whole_folder, const std::filesystem::path& folder,
                       const Part& part) {
  const Results whole = Results::open(whole_folder);
  Plan plan = *whole.plan();
  part.plan(plan);
  plan.selection.sample_size = static_cast<int>(plan.images.size());
  std::set<std::string> images, cases;
  for (const PlannedImage& image : plan.images) images.insert(image.path);
  for (const CaseSpec& one : plan.cases) cases.insert(one.name);
  std::vector<ProfileRow> profiles;
  for (std::size_t i = 0; i < whole.profiles().size(); ++i) {
    ProfileRow row = whole.read_profile(i);
    if (!part.profile(row) || !images.contains(row.image) || !cases.contains(row.case_name)) continue;
    row.rank = static_cast<std::uint32_t>(std::distance(images.begin(), images.find(row.image)));
    profiles.push_back(std::move(row));
  }
  std::vector<PredictionRow> predictions;
  for (PredictionRow& row : whole.read_predictions())
    if (part.prediction(row) && images.contains(row.image) && cases.contains(row.case_name))
      predictions.push_back(std::move(row));
  const SweepDirectory sweep{folder};
  make_directories(sweep.segments());
  write_file_atomically(sweep.plan(), to_json_text(plan));
  write_store(sweep.segments() / "s.h5", {sweep_id(plan), plan.wcam.grid, plan.wcam.levels}, profiles,
              predictions, {});
}

}  // namespace wcam::planted
