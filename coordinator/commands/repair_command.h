// `repair`: mends the ledger of a sweep from what is stored, or makes it anew.
#pragma once

#include <string>
#include <vector>

#include "common/base/error.h"

namespace wcam {

// Needs plan.json and the segments alone. Nothing is deleted: what is damaged is moved aside. Throws
// InputError when the folder is no sweep, or a coordinator has it.
ExitCode repair_command(const std::vector<std::string>& arguments);

}  // namespace wcam
