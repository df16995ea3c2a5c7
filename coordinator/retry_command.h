// `retry`: puts back what was set aside, so that the next run does it.
#pragma once

#include <string>
#include <vector>

#include "common/error.h"

namespace wcam {

// Throws UsageError for a job or case that is not there, InputError when a coordinator has the sweep.
ExitCode retry_command(const std::vector<std::string>& arguments);

}  // namespace wcam
