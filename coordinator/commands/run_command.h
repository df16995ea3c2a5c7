// `wcam-coordinator run`: makes or resumes a sweep and serves its jobs.
#pragma once

#include <string>
#include <vector>

#include "common/base/error.h"

namespace wcam {

ExitCode run_command(const std::vector<std::string>& arguments);

}  // namespace wcam
