// The operator's end: has a request carried out on a sweep, whether a coordinator runs it or not.
#pragma once

#include <wire.pb.h>

#include "common/base/sweep_directory.h"

namespace wcam {

struct OperatorAnswer {
  wire::Reply reply;     // never refused
  bool running = false;  // it came from the coordinator that runs the sweep
};

// Asks the coordinator that runs the sweep (proto/wire.proto, Request), for ten seconds at most. Where none
// does, applies the request to the ledger, or reads it from there, and brings the status up to date. What
// changes is durable when this returns. Throws UsageError with the reason for which nothing was done, and
// InputError when the folder is no sweep that has begun, when its coordinator does not answer, or when its
// key or ledger cannot be used.
OperatorAnswer carry_out(const SweepDirectory& sweep, const wire::Request& request);

}  // namespace wcam
