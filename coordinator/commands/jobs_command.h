// `jobs`: lists the jobs of a sweep.
#pragma once

#include <string>
#include <vector>

#include "common/base/error.h"

namespace wcam {

// Throws UsageError for what is not there, InputError when a coordinator has the sweep: its ledger is locked
// while it runs.
ExitCode jobs_command(const std::vector<std::string>& arguments);

}  // namespace wcam
