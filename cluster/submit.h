// `wcam submit`: a sweep on a Slurm cluster with one command on a login node.
#pragma once

#include <string>
#include <vector>

#include "common/base/error.h"

namespace wcam {

// Writes the plan, the keys and the batch scripts into the sweep's directory and submits these. Throws
// UsageError, and InputError when sbatch refuses.
ExitCode submit(const std::vector<std::string>& arguments);

}  // namespace wcam
