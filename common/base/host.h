// The machine a process runs on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace wcam {

// Memory this process may use: the machine's, or less where a control group (a container, a cluster's job)
// bounds it. system: where a test has proc/ and sys/.
std::uint64_t memory_bytes(const std::filesystem::path& system = "/");

// How much of that nobody uses now, as far as the system says: what it could give up (caches of files) counts
// as free where it bounds the machine, not where it bounds a control group.
std::uint64_t free_memory_bytes(const std::filesystem::path& system = "/");

// Cores this process may keep busy: those it is bound to, or fewer, rounded down, where a control group has a
// quota (a container with --cpus=2.5). At least 1.
int usable_cores(const std::filesystem::path& system = "/");

// This machine's name; "unknown" when it has none.
std::string host_name();

// The user whom this process acts for; a number when they have no name here (in a container).
std::string user_name();

}  // namespace wcam
