// The verbs of wcam-worker (common/command_line/verb_table.h). Each takes the words after the verb, says what
// it has to say on stdout and returns the exit code; throws UsageError for options that cannot be used,
// InputError for files that cannot.
#pragma once

#include "common/base/error.h"
#include "common/command_line/verbs.h"

namespace wcam {

// Serves a sweep's coordinator until there is nothing left to do.
ExitCode run_command(const Arguments& arguments);

// One WCAM without a sweep; with --figure this process then becomes `wcam-plot wcam`, which draws it.
ExitCode explain_command(const Arguments& arguments);

// Whether each case of a models.json is the network it is said to be, before a sweep: kBadInput when a case
// cannot be used, else kSetAside when something looks wrong, else kDone; all cases are looked at in any case.
ExitCode check_models_command(const Arguments& arguments);

// One corrupted picture, or all of them on a sheet.
ExitCode corrupt_command(const Arguments& arguments);

// `wcam doctor`, what concerns computing and finding the coordinator: LibTorch, driver, devices, a known WCAM
// on each.
ExitCode worker_doctor_command(const Arguments& arguments);

// Whether every network of a plan can be used, as far as this processor tells: throws InputError naming one
// that cannot.
ExitCode try_command(const Arguments& arguments);

// In which form each network is fastest here (worker/models/tuning.h).
ExitCode tune_command(const Arguments& arguments);

// How fast this worker would be at a plan's cases (common/study/measurement.h).
ExitCode measure_command(const Arguments& arguments);

}  // namespace wcam
