#include "worker/device.h"

#include <gtest/gtest.h>

#include "common/error.h"

namespace wcam {
namespace {

std::string complaint(const char* device) {
  try {
    parse_device(device);
  } catch (const UsageError& e) {
    return e.what();
  }
  return "accepted";
}

TEST(Device, TheProcessorIsAlwaysThere) { EXPECT_EQ(parse_device("cpu"), at::Device(at::kCPU)); }

TEST(Device, ThatDoesNotExistIsNamed) {
  for (const char* device : {"gpu", "", "cuda:", "cuda:x", "cuda:-1", "cuda:128", "cuda0", "CPU"})
    EXPECT_EQ(complaint(device), "--device '" + std::string(device) + "' is not cpu or cuda:N");
  EXPECT_TRUE(complaint("cuda:99").starts_with("--device cuda:99: ")) << complaint("cuda:99");
}

}  // namespace
}  // namespace wcam
