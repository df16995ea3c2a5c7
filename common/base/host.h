// The machine a process runs on.
#pragma once

#include <cstdint>
#include <string>

namespace wcam {

// Memory this process may use: the machine's, or less where a control group (a container, a cluster's job)
// bounds it.
std::uint64_t memory_bytes();

// This machine's name; "unknown" when it has none.
std::string host_name();

}  // namespace wcam
