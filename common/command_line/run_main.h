// The frame of every program.
#pragma once

#include <functional>
#include <string>

#include "common/base/error.h"

namespace wcam {

// Runs a program's body and turns what it throws into one line on stderr and an exit code: UsageError 2,
// InputError 3, anything else 1.
int run_main(const std::string& program, const std::function<ExitCode()>& body);

}  // namespace wcam
