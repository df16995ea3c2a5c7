#include "coordinator/sweep/known_outputs.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "common/base/error.h"
#include "common/store/store_file.h"
#include "common/study/forward_plan.h"

namespace wcam {

namespace {

// Two jobs at once fit in a message of 16 MiB: what takes so long that its outputs are more is handed out one
// by one.
constexpr std::size_t kMostBytes = std::size_t{7} << 20;

}  // namespace

KnownOutputs::KnownOutputs(const SweepDirectory& sweep, const Plan& plan) {
  for (std::size_t i = 0; i < plan.earlier.size(); ++i) {
    const EarlierPlan& earlier = plan.earlier[i];
    // What followed with as many points has all that this one had.
    const bool followed = i + 1 < plan.earlier.size() && plan.earlier[i + 1].nb_design == earlier.nb_design;
    if (earlier.nb_design != 0 && !followed)
      add(earlier, plan, sweep.earlier(earlier.sweep_id) / sweep.results().filename());
  }
}

void KnownOutputs::add(const EarlierPlan& earlier, const Plan& plan, const std::filesystem::path& path) try {
  WcamSettings had = plan.wcam;
  had.nb_design = earlier.nb_design;
  store::StoreReader file(path);
  const std::vector<std::string> id{earlier.sweep_id};
  store::check_sound(file, {earlier.sweep_id, plan.wcam.grid, plan.wcam.levels}, id);
  Results results = Results::open(path);
  const std::vector<ProfileRow>& rows = results.profiles();
  for (std::size_t i = 0; i < rows.size(); ++i)
    places_[{rows[i].image, rows[i].variant, rows[i].case_name, rows[i].label, rows[i].replicate}] = {
        files_.size(), i};
  files_.push_back({std::move(results), forward_plan(had, plan.input_size()).outputs()});
} catch (const InputError& e) {
  spdlog::warn("{}: what it had is computed again", e.what());
}

std::vector<float> KnownOutputs::of(const std::string& image, const std::string& variant,
                                    const std::string& case_name, std::int64_t label,
                                    std::uint32_t replicate) const try {
  const auto found = places_.find({image, variant, case_name, label, replicate});
  if (found == places_.end()) return {};
  const File& file = files_[found->second.file];
  if (file.outputs * sizeof(float) > kMostBytes) return {};
  std::vector<float> outputs = file.results.read_profile(found->second.row).outputs;
  return outputs.size() == file.outputs ? std::move(outputs) : std::vector<float>{};
} catch (const InputError& e) {
  spdlog::warn("{}: computed again", e.what());
  return {};
}

}  // namespace wcam
