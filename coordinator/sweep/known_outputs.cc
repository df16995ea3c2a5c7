#include "coordinator/sweep/known_outputs.h"

#include <spdlog/spdlog.h>

#include "common/base/error.h"

namespace wcam {

namespace {

// Two jobs at once fit in a message of 16 MiB: what takes so long that its outputs are more is handed out one
// by one.
constexpr std::size_t kMostBytes = std::size_t{7} << 20;

}  // namespace

KnownOutputs::KnownOutputs(const SweepDirectory& sweep, const Plan& plan) {
  for (const EarlierPlan& earlier : plan.earlier) {
    if (earlier.nb_design == 0) continue;
    try {
      files_.push_back(Results::open(sweep.earlier(earlier.sweep_id) / sweep.results().filename()));
    } catch (const InputError& e) {
      spdlog::warn("{}: what it had is computed again", e.what());
      continue;
    }
    const std::vector<ProfileRow>& rows = files_.back().profiles();
    for (std::size_t i = 0; i < rows.size(); ++i)
      places_[{rows[i].image, rows[i].variant, rows[i].case_name, rows[i].label, rows[i].replicate}] = {
          files_.size() - 1, i};
  }
}

std::vector<float> KnownOutputs::of(const std::string& image, const std::string& variant,
                                    const std::string& case_name, std::int64_t label,
                                    std::uint32_t replicate) const try {
  const auto found = places_.find({image, variant, case_name, label, replicate});
  if (found == places_.end()) return {};
  std::vector<float> outputs = files_[found->second.file].read_profile(found->second.row).outputs;
  if (outputs.size() * sizeof(float) > kMostBytes) return {};
  return outputs;
} catch (const InputError& e) {
  spdlog::warn("{}: computed again", e.what());
  return {};
}

}  // namespace wcam
