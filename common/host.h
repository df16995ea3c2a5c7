// The machine a process runs on.
#pragma once

#include <string>

namespace wcam {

// This machine's name; "unknown" when it has none.
std::string host_name();

}  // namespace wcam
