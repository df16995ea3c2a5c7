#include "common/base/host.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <fstream>

#include "tests/temporary_folder.h"

namespace fs = std::filesystem;

namespace wcam {
namespace {

constexpr std::uint64_t kGib = std::uint64_t{1} << 30U;

// What a machine has in proc/ and sys/.
class System {
 public:
  const System& with(const std::string& file, const std::string& content) const {
    fs::create_directories((folder_.path() / file).parent_path());
    std::ofstream(folder_.path() / file) << content;
    return *this;
  }
  int cores() const { return usable_cores(folder_.path()); }
  std::uint64_t memory() const { return memory_bytes(folder_.path()); }
  std::uint64_t free() const { return free_memory_bytes(folder_.path()); }

 private:
  TemporaryFolder folder_;
};

int all_cores() { return usable_cores("/nowhere"); }

TEST(Host, MayUseAllThatItHasWhereNothingBoundsIt) {
  cpu_set_t own;
  ASSERT_EQ(::sched_getaffinity(0, sizeof own, &own), 0);
  EXPECT_EQ(all_cores(), CPU_COUNT(&own));
  System unbounded;
  unbounded.with("proc/self/cgroup", "0::/job\n1:cpu,cpuacct:/job\nnonsense\n")
      .with("sys/fs/cgroup/job/cpu.max", "max 100000\n")
      .with("sys/fs/cgroup/job/memory.max", "max\n")
      .with("sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "-1\n")
      .with("sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(unbounded.cores(), all_cores());
  EXPECT_EQ(unbounded.memory(), memory_bytes("/nowhere"));
}

TEST(Host, CoresThatThisProcessIsNotBoundToDoNotCount) {
  cpu_set_t own, one;
  ASSERT_EQ(::sched_getaffinity(0, sizeof own, &own), 0);
  CPU_ZERO(&one);
  for (unsigned i = 0; CPU_COUNT(&one) == 0; ++i)
    if (CPU_ISSET(i, &own)) CPU_SET(i, &one);
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(all_cores(), 1);
  ASSERT_EQ(::sched_setaffinity(0, sizeof own, &own), 0);
}

// Of half a core, so that it bounds every machine; each way is one that containers and clusters have.
TEST(Host, AQuotaOfTimeBoundsCoresInEachVersionOfControlGroups) {
  for (const char* group :
       {"sys/fs/cgroup/cpu.max", "sys/fs/cgroup/a/cpu.max", "sys/fs/cgroup/a/b/cpu.max"}) {
    const System version2;
    version2.with("proc/self/cgroup", "0::/a/b\n").with(group, "50000 100000\n");
    EXPECT_EQ(version2.cores(), 1) << group;
  }
  for (const std::string group : {"sys/fs/cgroup/cpu/", "sys/fs/cgroup/cpu/docker/1f/"}) {
    const System version1;
    version1.with("proc/self/cgroup", "5:memory:/docker/1f\n4:cpuacct,cpu:/docker/1f\n")
        .with(group + "cpu.cfs_quota_us", "50000\n")
        .with(group + "cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(version1.cores(), 1) << group;
  }
}

TEST(Host, TheLeastMemoryOfAllControlGroupsIsWhatThereIs) {
  const System version2, version1;
  version2.with("proc/self/cgroup", "0::/a/b\n")
      .with("sys/fs/cgroup/a/memory.max", std::to_string(kGib / 4))
      .with("sys/fs/cgroup/a/b/memory.max", std::to_string(kGib / 2));
  EXPECT_EQ(version2.memory(), kGib / 4);
  version1
      .with("proc/self/cgroup", "4:memory:/docker/1f\n0::/\n")  // as the host has it, seen from inside
      .with("sys/fs/cgroup/memory/memory.limit_in_bytes", std::to_string(kGib / 8));
  EXPECT_EQ(version1.memory(), kGib / 8);
}

TEST(Host, WhatIsFreeIsTheLeastThatMachineAndControlGroupsHaveLeft) {
  const System bare, version2, version1, full;
  bare.with("proc/meminfo", "MemTotal:       9999999 kB\nMemAvailable:    1024 kB\n");
  EXPECT_EQ(bare.free(), 1024U * 1024U);
  version2.with("proc/self/cgroup", "0::/a/b\n")
      .with("sys/fs/cgroup/a/memory.max", "5000")
      .with("sys/fs/cgroup/a/memory.current", "1000")
      .with("sys/fs/cgroup/a/b/memory.max", "max")
      .with("sys/fs/cgroup/a/b/memory.current", "900");
  EXPECT_EQ(version2.free(), 4000U);
  version1.with("proc/self/cgroup", "4:memory:/docker/1f\n")
      .with("sys/fs/cgroup/memory/memory.limit_in_bytes", "5000")
      .with("sys/fs/cgroup/memory/memory.usage_in_bytes", "4500");
  EXPECT_EQ(version1.free(), 500U);
  full.with("proc/self/cgroup", "0::/\n")
      .with("sys/fs/cgroup/memory.max", "5000")
      .with("sys/fs/cgroup/memory.current", "6000");
  EXPECT_EQ(full.free(), 0U);
}

}  // namespace
}  // namespace wcam
