// Opening what a sweep directory holds, or saying in words why that cannot be.
#pragma once

#include <optional>

#include "common/base/sweep_directory.h"
#include "coordinator/ledger/ledger.h"
#include "coordinator/ledger/sqlite.h"

namespace wcam {

// What to do after a BusyError: throws InputError naming the coordinator that has the sweep, if one has.
[[noreturn]] void refuse_in_use(const SweepDirectory& sweep, const BusyError& busy);

// The ledger, locked; made if the sweep has not begun. Throws InputError naming the coordinator that has it,
// and when results are stored but the ledger is gone: a new one would have everything computed again.
void open_ledger(std::optional<Ledger>& ledger, const SweepDirectory& sweep);

// The ledger, locked, of a sweep that has begun. Throws what open_ledger() throws.
void open_begun_ledger(std::optional<Ledger>& ledger, const SweepDirectory& sweep);

// The ledger of a sweep that has begun, to be read: nothing in the directory is changed. Throws as above.
Database open_ledger_to_read(const SweepDirectory& sweep);

}  // namespace wcam
