#include "common/base/host.h"

#include <pwd.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace fs = std::filesystem;

namespace wcam {

namespace {

// This process's control group and those above it, each of which bounds those below. controller: of version 1
// ("cpu"); empty: of version 2. In a container its own group may be the root, and be called otherwise.
std::vector<fs::path> control_groups(const fs::path& system, const std::string& controller) {
  std::vector<fs::path> groups;
  std::ifstream lines(system / "proc/self/cgroup");
  for (std::string line; std::getline(lines, line);) {  // NUMBER:CONTROLLER,...:PATH
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    if (controllers.find("," + controller + ",") == std::string::npos) continue;
    const fs::path root = system / "sys/fs/cgroup" / controller;
    fs::path group = fs::path(line.substr(second + 1)).relative_path();
    for (; !group.empty(); group = group.parent_path()) groups.push_back(root / group);
    groups.push_back(root);
  }
  return groups;
}

// With which a file begins; none where it is not there, or says "max".
std::vector<double> numbers_in(const fs::path& file) {
  std::ifstream in(file);
  return {std::istream_iterator<double>(in), {}};
}

// Of a core's time, by a quota in each period; version 1 has a quota of -1 where there is none.
double bounded(double cores, const std::vector<double>& quota, const std::vector<double>& period) {
  if (quota.empty() || period.empty() || quota.front() <= 0 || period.back() <= 0) return cores;
  return std::min(cores, quota.front() / period.back());
}

}  // namespace

std::uint64_t memory_bytes(const fs::path& system) {
  double bytes =
      static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE));
  for (const auto& [controller, file] : {std::pair{"", "memory.max"}, {"memory", "memory.limit_in_bytes"}})
    for (const fs::path& group : control_groups(system, controller))
      for (const double bound : numbers_in(group / file)) bytes = std::min(bytes, bound);
  return static_cast<std::uint64_t>(bytes);
}

std::uint64_t free_memory_bytes(const fs::path& system) {
  auto bytes = static_cast<double>(memory_bytes(system));
  std::ifstream machine(system / "proc/meminfo");  // KEY: NUMBER kB
  for (std::string line; std::getline(machine, line);)
    if (line.starts_with("MemAvailable:")) bytes = std::min(bytes, 1024 * std::stod(line.substr(13)));
  for (const auto& [controller, bound, used] : {std::tuple{"", "memory.max", "memory.current"},
                                                {"memory", "memory.limit_in_bytes", "memory.usage_in_bytes"}})
    for (const fs::path& group : control_groups(system, controller)) {
      const std::vector<double> most = numbers_in(group / bound), now = numbers_in(group / used);
      if (!most.empty() && !now.empty()) bytes = std::min(bytes, std::max(0.0, most.front() - now.front()));
    }
  return static_cast<std::uint64_t>(bytes);
}

int usable_cores(const fs::path& system) {
  cpu_set_t own;
  const bool known = ::sched_getaffinity(0, sizeof own, &own) == 0;  // no machine of more than 1,024
  double cores = known ? CPU_COUNT(&own) : std::thread::hardware_concurrency();
  for (const fs::path& group : control_groups(system, ""))
    cores = bounded(cores, numbers_in(group / "cpu.max"), numbers_in(group / "cpu.max"));
  for (const fs::path& group : control_groups(system, "cpu"))
    cores = bounded(cores, numbers_in(group / "cpu.cfs_quota_us"), numbers_in(group / "cpu.cfs_period_us"));
  return std::max(1, static_cast<int>(cores));
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name.front() == '\0') return "unknown";
  return name.data();
}

std::string user_name() {
  const passwd* user = ::getpwuid(::geteuid());
  return user == nullptr ? std::to_string(::geteuid()) : user->pw_name;
}

}  // namespace wcam
