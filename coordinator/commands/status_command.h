// `wcam status`: how far a sweep is and who works for it.
#pragma once

#include <string>
#include <vector>

#include "common/base/error.h"

namespace wcam {

ExitCode status_command(const std::vector<std::string>& arguments);

}  // namespace wcam
