// `show`: what one job is, and every attempt at it.
#pragma once

#include <string>
#include <vector>

#include "common/base/error.h"

namespace wcam {

// Asks the coordinator that runs the sweep; at rest reads the ledger. Throws UsageError for what is not
// there, and what carry_out() throws (coordinator/operate/operator.h).
ExitCode show_command(const std::vector<std::string>& arguments);

}  // namespace wcam
