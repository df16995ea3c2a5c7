// What is ahead of a sweep: all that follows from what it knows has followed, as in a coordinator to which no
// worker has come.
#pragma once

#include <cstddef>
#include <vector>

#include "common/base/sweep_directory.h"
#include "coordinator/queue/sweep_state.h"

namespace wcam {

struct Prospect {
  // Every image is decided whose turn has come and whose predictions are there. What is done includes what an
  // extended sweep has of images that are still undecided.
  Counts counts;
  std::size_t forwards_to_predict = 0, forwards_predicted = 0;  // of the predict jobs in `counts`
  std::size_t wcams_of_undecided = 0;                           // done
  std::size_t undecided_to_skip = 0;  // images whose turn has not come, which selection will not choose
  // WCAMs that an extension gives more design points: still to do, the outputs at the first ones known.
  std::size_t to_deepen = 0;
};

// `inherited`: what the sweep had done before it was extended (SchedulerOptions::inherited). O(jobs).
Prospect prospect_of(SweepState state, const std::vector<JobDone>& inherited);

// Of a sweep of which only this is known; forwards are those of the plan's mean predict job.
Prospect prospect_of(const Counts& counts, const Plan& plan);

// Of the sweep in this directory, which has begun; nothing is written. While a coordinator has it, what that
// says. Throws InputError when its ledger cannot be read.
Prospect prospect_of(const SweepDirectory& sweep, const Plan& plan);

}  // namespace wcam
