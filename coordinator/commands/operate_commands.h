// The verbs that change what a sweep does, while it runs and at rest (operator.h).
#pragma once

#include <string>
#include <vector>

#include "common/base/error.h"

namespace wcam {

ExitCode pause_command(const std::vector<std::string>& arguments);
ExitCode resume_command(const std::vector<std::string>& arguments);
ExitCode drain_command(const std::vector<std::string>& arguments);
ExitCode cancel_command(const std::vector<std::string>& arguments);
ExitCode retry_command(const std::vector<std::string>& arguments);

}  // namespace wcam
