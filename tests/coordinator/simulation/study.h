// The made-up study of one simulation: a small plan, what its models would predict, and which of its jobs are
// trouble.
#pragma once

#include <wire.pb.h>

#include <cstdint>
#include <map>
#include <string>

#include "common/base/ids.h"
#include "common/study/plan.h"
#include "coordinator/queue/selection.h"
#include "tests/coordinator/simulation/clock.h"

namespace wcam::simulation {

// What becomes of who computes a job.
enum class Fate : std::uint8_t {
  kSound,
  kFlaky,       // fails once, then succeeds
  kFailing,     // fails every time
  kDegenerate,  // fails for good at once
  kBadImage,    // all jobs of one image
  kDeadly,      // kills the worker that computes it, every time
};

class Study {
 public:
  explicit Study(Chance& chance);

  const Plan& plan() const { return plan_; }
  Fate fate(JobId job, const std::string& image) const;
  // One entry a case, in the plan's order.
  std::vector<Labels> labels(const std::string& image) const;
  wire::Predictions predictions(const std::string& image, const std::string& case_name) const;
  // Nothing fails and nothing kills.
  bool sound() const { return trouble_ == 0; }

 private:
  std::uint64_t hash(const std::string& a, const std::string& b, const std::string& c) const;
  std::int64_t label(const std::string& image, const std::string& case_name,
                     const std::string& variant) const;

  Plan plan_;
  std::uint64_t salt_;
  std::uint64_t trouble_ = 0;  // in 100 jobs
};

}  // namespace wcam::simulation
