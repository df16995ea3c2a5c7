// `show`: what one job is, and every attempt at it.
#pragma once

#include <string>
#include <vector>

#include "common/base/error.h"

namespace wcam {

// Throws UsageError for what is not there, InputError when a coordinator has the sweep: its ledger is locked
// while it runs.
ExitCode show_command(const std::vector<std::string>& arguments);

}  // namespace wcam
