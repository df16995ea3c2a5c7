// `wcam-worker corrupt`: one corrupted picture, or all of them on a sheet.
#pragma once

#include <string>
#include <vector>

#include "common/base/error.h"

namespace wcam {

ExitCode corrupt_command(const std::vector<std::string>& arguments);

}  // namespace wcam
