// Whether what a ledger has as done is still there, told by the names of segments alone: in milliseconds,
// before a sweep goes on. `verify` and `pack` look into them.
#pragma once

#include "common/base/sweep_directory.h"
#include "coordinator/ledger/sqlite.h"

namespace wcam {

// Throws InputError naming a segment that the ledger names, and that is neither in the sweep's folder nor was
// merged into its results.h5.
void check_no_segment_is_missing(Database& ledger, const SweepDirectory& sweep);

}  // namespace wcam
