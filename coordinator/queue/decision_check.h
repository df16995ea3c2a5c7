// Whether the images that a sweep has decided, and the jobs that it has, are those that follow from its plan
// and its predictions: what select() says is asked once more. Pure; for whoever reads a sweep from a disk
// that may have changed it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "coordinator/queue/sweep_state.h"

namespace wcam {

class DecisionCheck {
 public:
  // `state` outlives the check. Memory: 12 bytes an image, and 8 a job.
  explicit DecisionCheck(const SweepState& state);

  // The labels that a predict job gave, each once and in any order. Those of an image are kept until its last
  // has come.
  void take(const JobSpec& predict, const Labels& labels);

  // The first thing found that does not follow, with what does; nullopt: all is as it must be. What is
  // decided and not predicted any more (a repair has it computed again) cannot be judged.
  const std::optional<std::string>& problem() const { return problem_; }

 private:
  void judge(std::uint32_t image, std::span<const Labels> labels);
  void judge_jobs(std::uint32_t image, const Decision& decision);
  void check_ranks();
  void check_predict_jobs();
  std::span<const Job* const> explain_jobs_of(std::uint32_t image) const;
  void found(const std::string& what);

  const SweepState& state_;
  std::vector<const Job*> explain_jobs_;  // by image, case and variant
  std::unordered_map<std::uint32_t, std::vector<Labels>> incomplete_;
  std::optional<std::string> problem_;
};

}  // namespace wcam
