// Which jobs an operator means, out of what people call them.
#pragma once

#include <wire.pb.h>

#include <cstdint>
#include <set>

#include "coordinator/queue/sweep_state.h"

namespace wcam {

// The jobs that a wire::JobSelector names. One of the members says which; the others are empty.
struct JobSelection {
  bool all = false, failed = false;
  std::set<JobId> jobs;
  std::set<std::uint16_t> cases;
  std::set<std::uint32_t> images;  // places in the order
};

// Looks up the names. O(jobs) for each job named, O(images). Throws UsageError naming what is not there, and
// when the choice is not exactly one of all, failed, jobs, cases and images.
JobSelection choice_of(const SweepState& state, const wire::JobSelector& named);

}  // namespace wcam
