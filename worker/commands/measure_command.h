// `wcam-worker measure`: how fast this worker would be at a plan's cases (common/study/measurement.h).
#pragma once

#include <string>
#include <vector>

#include "common/base/error.h"

namespace wcam {

ExitCode measure_command(const std::vector<std::string>& arguments);

}  // namespace wcam
