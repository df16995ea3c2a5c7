// The frame of every program.
#pragma once

#include <functional>
#include <string>

#include "common/base/error.h"

namespace wcam {

// Runs a program's body and turns what it throws into one line on stderr and an exit code: UsageError 2,
// InputError 3, anything else 1.
int run_main(const std::string& program, const std::function<ExitCode()>& body);

// That line without the program's name, out of all that a process said to stderr, where libraries may have
// said something before; empty: there is none.
std::string complaint_in(const std::string& said);

}  // namespace wcam
