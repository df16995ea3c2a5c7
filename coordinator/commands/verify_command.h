// `verify`: whether ledger and results of a sweep are sound.
#pragma once

#include <string>
#include <vector>

#include "common/base/error.h"

namespace wcam {

// kBadInput when something is damaged, each thing on a line with the remedy. Changes nothing. Throws
// InputError when the folder is no sweep, or a coordinator has it.
ExitCode verify_command(const std::vector<std::string>& arguments);

}  // namespace wcam
