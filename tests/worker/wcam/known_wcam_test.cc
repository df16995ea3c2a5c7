#include "worker/wcam/known_wcam.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

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

TEST(KnownWcam, NothingIsWrongWithADeviceThatComputes) {
  EXPECT_EQ(wrong_with(at::Device(at::kCPU)), std::nullopt);
}

TEST(KnownWcam, ADeviceThatGivesNoValuesIsFoundOut) {
  const std::string text = wrong_with(at::Device(at::kMeta)).value_or("");
  EXPECT_NE(text.find("device meta does not compute right ("), std::string::npos) << text;
  EXPECT_EQ(text.find('\n'), std::string::npos) << "for one line of a log";
}

}  // namespace
}  // namespace wcam
