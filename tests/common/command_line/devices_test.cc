#include "common/command_line/devices.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/base/error.h"
#include "common/base/host.h"
#include "common/command_line/options.h"

namespace wcam {
namespace {

boost::program_options::variables_map crew(const std::vector<std::string>& words) {
  CommandLine line;
  line.options.add(crew_options());
  return *parse_command_line(line, words);
}

TEST(Devices, AreNumberedOrNamedAsTheDriverDoes) {
  EXPECT_EQ(devices_of(crew({"--devices", "cpu,cuda,cuda:12,GPU-5d1f,MIG-7d3c"})),
            (std::vector<std::string>{"cpu", "cuda", "cuda:12", "GPU-5d1f", "MIG-7d3c"}));
  EXPECT_EQ(devices_of(crew({})), std::vector<std::string>{"cpu"});
  for (const char* devices : {"gpu", "cuda:", "cuda:x", "cpu:0", "", ","})
    EXPECT_THROW(devices_of(crew({"--devices", devices})), UsageError) << devices;
}

TEST(Devices, OneWorkerADeviceWhenAGpuIsAmongThem) {
  const auto workers = [](const std::vector<std::string>& words) {
    const auto values = crew(words);
    return workers_of(values, devices_of(values));
  };
  EXPECT_EQ(workers({}), std::clamp<int>(usable_cores(), 1, static_cast<int>(memory_bytes() >> 30U)));
  EXPECT_EQ(workers({"--devices", "cuda:0,cuda:1,cpu"}), 3);
  EXPECT_EQ(workers({"--devices", "cuda:0", "--workers", "2"}), 2);
  EXPECT_THROW(workers({"--workers", "0"}), UsageError);
}

TEST(Devices, AGpuThatIsNamedIsTheOnlyOneItsWorkerSees) {
  const std::vector<std::string> devices{"cuda:1", "MIG-7d3c"};
  const auto numbered = worker_command("run", devices, 2), named = worker_command("run", devices, 1);
  EXPECT_EQ(std::vector(numbered.begin() + 1, numbered.end()),
            (std::vector<std::string>{"run", "--device", "cuda:1"}));
  EXPECT_EQ(std::vector(named.begin(), named.begin() + 2),
            (std::vector<std::string>{"env", "CUDA_VISIBLE_DEVICES=MIG-7d3c"}));
  EXPECT_EQ(std::vector(named.begin() + 3, named.end()),
            (std::vector<std::string>{"run", "--device", "cuda:0"}));
}

}  // namespace
}  // namespace wcam
