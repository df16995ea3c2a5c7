// `wcam check-models`: whether each case of a models.json is the network it is said to be, before a sweep.
#pragma once

#include <string>
#include <vector>

#include "common/base/error.h"

namespace wcam {

// Returns kBadInput when a case cannot be used, else kSetAside when something looks wrong, else kDone; all
// cases are looked at in any case. Throws UsageError, InputError.
ExitCode check_models_command(const std::vector<std::string>& arguments);

}  // namespace wcam
