// What `cancel` ends: a pure decision on the sweep's state.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "coordinator/operate/job_selection.h"
#include "coordinator/queue/sweep_state.h"

namespace wcam {

struct Cancellation {
  std::vector<Event> events;           // not applied yet
  std::size_t jobs = 0;                // cancelled
  std::vector<std::string> cancelled;  // a line each
  std::vector<std::string> left;       // a line of what was named and stays as it is: why
};

// Jobs that are not finished are cancelled. What follows for images and for what is still to come:
//   a predict job, an undecided image  its image cannot be decided any more: it is set aside with all its
//                                      jobs, and another may take its place in the sample
//   a selected image                   keeps its rank and what it has; its other jobs are cancelled
//   a case                             its explain jobs, those of images selected later too; not its
//                                      predictions, without which no image is decided
//   all                                no image is decided any more either, and the sweep is finished
// An image whose turn has not come has no jobs and is left. `choice.failed` chooses nothing.
Cancellation plan_cancel(const SweepState& state, const JobSelection& choice);

}  // namespace wcam
