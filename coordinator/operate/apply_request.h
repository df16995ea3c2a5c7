// What an operator asks of a sweep (wire::Request), whoever has it open: the coordinator that runs it, or a
// command where none does.
#pragma once

#include <wire.pb.h>

#include <vector>

#include "coordinator/ledger/sqlite.h"
#include "coordinator/queue/sweep_state.h"

namespace wcam {

struct Operation {
  std::vector<Event> events;  // not applied yet; empty: the sweep stays as it is
  wire::Report report;
};

// Pause, Resume, Drain, Cancel and Retry, as a pure function of the state. Throws UsageError, which says why
// nothing can be done.
Operation apply_request(const SweepState& state, const wire::Request& request);

// Whether the request is ListJobs or ShowJob, which only ask for what the ledger holds.
bool only_asks(const wire::Request& request);
// The answer to ListJobs or ShowJob. ListJobs without a limit lists all there are. Throws UsageError naming
// what is not there.
wire::Reply look_up(Database& ledger, const wire::Request& request);

}  // namespace wcam
