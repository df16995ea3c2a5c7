// What goes wrong with picture files in the wild. tests/golden/odd has the same of our own making.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>

#include "common/base/error.h"
#include "tests/support.h"
#include "worker/images/image.h"

namespace wcam {
namespace {

std::array<double, 3> channel_means(const RgbImage& image) {
  std::array<double, 3> means{};
  for (std::size_t i = 0; i < image.pixels.size(); ++i) means[i % 3] += image.pixels[i];
  for (double& mean : means) mean /= image.rows * image.cols;
  return means;
}

struct OddPhotograph {
  const char* name;
  int rows, cols;
  std::array<double, 3> means;  // Pillow 9.4's convert("RGB")
};

TEST(OddPhotographs, AreDecodedAsPillowDoes) {
  const OddPhotograph photographs[] = {
      {"cmyk_tabby.jpg", 500, 335, {90.182, 71.477, 53.202}},
      {"n01748264_Indian_cobra.JPEG", 530, 220, {169.904, 119.073, 96.397}},
      {"n01756291_sidewinder.JPEG", 160, 128, {171.510, 159.839, 154.677}},
      {"n01871265_tusker.JPEG", 56, 75, {120.841, 122.510, 103.488}},
      {"n02096051_Airedale.JPEG", 330, 500, {122.723, 122.723, 122.723}},
      {"n02951585_can_opener.JPEG", 294, 392, {139.525, 128.830, 93.467}},  // EXIF says "rotate": ignored
  };
  for (const auto& odd : photographs) {
    const RgbImage image = decode_image(test::reference_set() / "photos/odd" / odd.name);
    EXPECT_EQ(image.rows, odd.rows) << odd.name;
    EXPECT_EQ(image.cols, odd.cols) << odd.name;
    // Another libjpeg may round differently here and there; a wrong conversion is off by whole levels.
    for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(channel_means(image)[c], odd.means[c], 0.1) << odd.name;
    EXPECT_EQ(resize_and_crop(image, 256, 224).pixels.size(), 224U * 224 * 3) << odd.name;
  }
}

TEST(OddPhotographs, ThatCannotBeUsedAreNamed) {
  for (const auto& [name, reason] :
       {std::pair("truncated_tabby.JPEG", "cut off"), {"not_an_image.JPEG", "not a JPEG"}})
    try {
      decode_image(test::reference_set() / "photos/odd" / name);
      ADD_FAILURE() << name << " was decoded";
    } catch (const InputError& e) {
      EXPECT_NE(std::string(e.what()).find(std::string(name) + ": " + reason), std::string::npos) << e.what();
    }
}

}  // namespace
}  // namespace wcam
