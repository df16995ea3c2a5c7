#pragma once

#include <string>
#include <vector>

#include "common/base/error.h"

namespace wcam {

// `wcam doctor`, what concerns computing and finding the coordinator: LibTorch, driver, devices, a known WCAM
// on each.
ExitCode worker_doctor_command(const std::vector<std::string>& arguments);

}  // namespace wcam
