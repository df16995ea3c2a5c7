#include "common/base/host.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

namespace fs = std::filesystem;

namespace wcam {

namespace {

// The control group of this process below `root`, where version 2 has its files; empty without one.
fs::path control_group(const fs::path& root) {
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);)
    if (line.starts_with("0::/")) return root / line.substr(4);
  return {};
}

}  // namespace

std::uint64_t memory_bytes() {
  auto bytes = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
               static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const fs::path root = "/sys/fs/cgroup";
  // Each group above bounds those below. What is not a number ("max") is no bound.
  for (fs::path group = control_group(root); !group.empty(); group = group.parent_path()) {
    std::uint64_t bound = 0;
    if (std::ifstream(group / "memory.max") >> bound) bytes = std::min(bytes, bound);
    if (group == root || group == group.root_path()) break;
  }
  return bytes;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name.front() == '\0') return "unknown";
  return name.data();
}

}  // namespace wcam
