// `wcam cancel`: the coordinator's verb, and with --all the end of the sweep's Slurm jobs too.
#pragma once

#include <string>
#include <vector>

#include "common/base/error.h"

namespace wcam {

// When the sweep was submitted to Slurm and that does not answer from here, says so.
ExitCode cancel(const std::vector<std::string>& arguments);

}  // namespace wcam
