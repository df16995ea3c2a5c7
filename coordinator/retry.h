// What `retry` puts back: a pure decision on the sweep's state.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "coordinator/sweep_state.h"

namespace wcam {

struct RetryRequest {
  // Both empty: all that is set aside.
  std::set<JobId> jobs;
  std::set<std::uint16_t> cases;  // what was set aside under these
};

struct Retry {
  std::vector<Event> events;  // not applied yet
  std::size_t images = 0, jobs = 0;
  std::vector<std::string> put_back;  // a line an image, or a job whose image was not set aside: what, and
                                      // why it was set aside
  std::vector<std::string> left;      // a line an image or job that stays as it is: why
};

// An image that is set aside comes back as a whole: with it its cancelled jobs, its predictions that were set
// aside, since it can only be decided with all of them, and of its WCAMs that were set aside those asked for.
// An image without a rank stays where it is once the sample is full: another has its place, and no prediction
// of it would be of use.
Retry plan_retry(const SweepState& state, const RetryRequest& request);

}  // namespace wcam
