// `wcam-worker measure`: how fast this worker would be at a plan's cases (common/measurement.h).
#pragma once

#include <string>
#include <vector>

#include "common/error.h"

namespace wcam {

ExitCode measure_command(const std::vector<std::string>& arguments);

}  // namespace wcam
