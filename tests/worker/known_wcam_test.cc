#include "worker/known_wcam.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "worker/faults.h"

namespace wcam {
namespace {

TEST(KnownWcam, IsWhatTheCpuComputes) {
  const Profile profile = known_wcam(at::Device(at::kCPU));
  ASSERT_EQ(profile.indices.size(), known_indices().size());
  EXPECT_LT(relative_difference(profile.indices, known_indices()), kSameWcam / 10);
}

TEST(KnownWcam, IsNotWhatAWrongDeviceWouldCompute) {
  std::vector<float> found(known_indices().begin(), known_indices().end());
  EXPECT_EQ(relative_difference(found, known_indices()), 0);
  std::swap(found[0], found[1]);
  EXPECT_GT(relative_difference(found, known_indices()), 10 * kSameWcam);
}

TEST(KnownWcam, ADeviceThatComputesIsNotToBlameForAFailure) {
  EXPECT_NO_THROW(check_still_computes(at::Device(at::kCPU), "a network's own"));
}

TEST(KnownWcam, ADeviceThatGivesNoValuesIsFoundOut) {
  try {
    check_still_computes(at::Device(at::kMeta), "CUDA error: unspecified launch failure\nand more");
    FAIL() << "it has no values to give";
  } catch (const CannotServe& e) {
    const std::string text = e.what();
    EXPECT_NE(text.find("device meta does not compute right any more ("), std::string::npos) << text;
    EXPECT_NE(text.find("after 'CUDA error: unspecified launch failure'"), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << "for one line of a log";
  }
}

}  // namespace
}  // namespace wcam
