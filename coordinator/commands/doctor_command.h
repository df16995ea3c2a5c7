#pragma once

#include <string>
#include <vector>

#include "common/base/error.h"

namespace wcam {

// `wcam doctor`, what concerns files and being found: folder, HDF5, ledger and its lock, clock, host name.
ExitCode coordinator_doctor_command(const std::vector<std::string>& arguments);

}  // namespace wcam
