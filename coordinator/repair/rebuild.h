// What a ledger must hold in view of what is stored, when it is lost or behind: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "coordinator/ledger/stored_results.h"
#include "coordinator/queue/sweep_state.h"

namespace wcam {

struct Rebuilt {
  SweepState state;
  std::vector<Event> events;  // from SweepState(plan) to `state`
  std::size_t unused = 0;     // stored jobs that the state does not have, or has with another label or rank
};

// Makes a sweep's state from its plan and what is stored. The scheduler decides images and adds jobs as it
// did the first time, and every job with a stored result is done; the rest waits. What only the lost ledger
// knew is found by its traces:
//   - an image whose predictions are incomplete, though images behind it in the order were decided, had been
//     set aside: it is set aside again, and `wcam retry` puts it back;
//   - an image that has a later rank than images behind it, as its WCAMs say, had been retried: it joins the
//     sample after them again.
// Who did what, failures and reasons are lost: a job set aside on its own waits again.
Rebuilt rebuild(const Plan& plan, const StoredResults& stored);

// The same from what is left in `stored` when the files are dropped with results of jobs that the sweep then
// has, but of another class, role or rank: they were damaged before they were computed.
Rebuilt rebuild_from_sound(const Plan& plan, StoredResults& stored);

// A job that the ledger has as done and whose result is not stored.
struct LostResult {
  JobId job{};
  std::string segment;  // where it should be
};

// Whether `job`, which is waiting or leased, is what this result answers.
bool answers(const StoredResult& result, const Job& job);

// What a sound ledger must learn: that the results in `lost` are gone, and that the jobs in `unknown`, which
// it does not have as done, have a result that answers() them.
std::vector<Event> amendments(const SweepState& state, const std::vector<LostResult>& lost,
                              const std::vector<JobId>& unknown, const StoredResults& stored);

}  // namespace wcam
