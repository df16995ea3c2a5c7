// What a folder must hold to be a sweep.
#pragma once

#include <optional>

#include "common/base/sweep_directory.h"
#include "common/study/plan.h"

namespace wcam {

// Throws InputError when the folder is no sweep, or was one and has lost its plan, with the remedy.
void check_is_sweep(const SweepDirectory& sweep);

// Throws InputError, with the remedy, when there are results without a ledger, or a ledger without a plan.
void check_not_lost(const SweepDirectory& sweep);

// The plan in the directory, if there is one. Throws InputError when it cannot be read.
std::optional<Plan> stored_plan(const SweepDirectory& sweep);

// The plan of a sweep that is there. Throws what check_is_sweep() throws.
Plan plan_of(const SweepDirectory& sweep);

}  // namespace wcam
