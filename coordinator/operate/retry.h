// What `retry` puts back: a pure decision on the sweep's state.
#pragma once

#include <string>
#include <vector>

#include "coordinator/operate/job_selection.h"
#include "coordinator/queue/sweep_state.h"

namespace wcam {

struct Retry {
  std::vector<Event> events;  // not applied yet
  std::size_t images = 0, jobs = 0;
  // A line for each image, and for each job whose image was not set aside: what is put back, and why it had
  // been set aside or cancelled.
  std::vector<std::string> put_back;
  std::vector<std::string> left;  // a line an image or job that stays as it is: why
};

// What was set aside or cancelled of those chosen; failed: without what only an operator cancelled.
//
// An image that is set aside comes back as a whole: with it its cancelled jobs, its predictions that were set
// aside, since it can only be decided with all of them, and of its WCAMs that were set aside those asked for.
// An image without a rank stays where it is once the sample is full: another has its place, and no prediction
// of it would be of use. Of a sweep that was cancelled no image is decided, so it is retried as a whole, or
// jobs that need no decision are.
Retry plan_retry(const SweepState& state, const JobSelection& choice);

}  // namespace wcam
