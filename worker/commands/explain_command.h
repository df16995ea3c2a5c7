// `wcam-worker explain`: one WCAM without a sweep.
#pragma once

#include <string>
#include <vector>

#include "common/base/error.h"

namespace wcam {

ExitCode explain_command(const std::vector<std::string>& arguments);

}  // namespace wcam
