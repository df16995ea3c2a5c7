#include "plotting/haar.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "tests/golden.h"
#include "tests/support.h"

namespace wcam {
namespace {

template <typename T>
std::vector<T> golden(const std::string& file, const std::string& dataset) {
  return test::read_golden<T>(test::golden(file), dataset);
}

// Channel 0 of [side, side, 3].
template <typename T>
std::vector<double> first_channel(const std::vector<T>& values) {
  std::vector<double> channel;
  for (std::size_t i = 0; i < values.size(); i += 3) channel.push_back(static_cast<double>(values[i]));
  return channel;
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  EXPECT_EQ(a.size(), b.size());
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

TEST(GoldenPlottingHaar, TransformAndInverseAreThePublishedOnes) {
  constexpr int kSide = 32;
  const auto image = first_channel(golden<float>("haar.h5", "size_32/image"));
  for (int levels = 1; levels <= 4; ++levels) {
    const std::string level = "size_32/level_" + std::to_string(levels);
    SCOPED_TRACE(level);
    const auto transform = first_channel(golden<double>("haar.h5", level + "/transform_f64"));
    EXPECT_LT(largest_difference(haar_forward(image, kSide, levels), transform), 1e-13);
    EXPECT_LT(largest_difference(haar_inverse(haar_forward(image, kSide, levels), kSide, levels), image),
              1e-13);
    auto masked = first_channel(golden<float>("haar.h5", level + "/transform_f32"));
    const auto mask = golden<double>("haar.h5", level + "/mask");
    for (std::size_t i = 0; i < masked.size(); ++i) masked[i] *= mask[i];
    const auto inverse = first_channel(golden<double>("haar.h5", level + "/masked_inverse"));
    EXPECT_LT(largest_difference(haar_inverse(masked, kSide, levels), inverse), 1e-13);
  }
}

// What figures call vertical answers vertical edges: the upper right.
TEST(PlottingHaar, AVerticalEdgeIsInTheUpperRightAHorizontalOneInTheLowerLeft) {
  constexpr int kSide = 8;
  std::vector<double> edge(kSide * kSide), turned = edge;
  for (int y = 0; y < kSide; ++y)
    for (int x = 0; x < kSide; ++x) {
      edge[static_cast<std::size_t>(y * kSide + x)] = x >= 3 ? 1 : 0;
      turned[static_cast<std::size_t>(x * kSide + y)] = x >= 3 ? 1 : 0;
    }
  const auto energy = [&](const std::vector<double>& c, int row, int col) {
    double sum = 0;
    for (int y = row; y < row + 4; ++y)
      for (int x = col; x < col + 4; ++x) sum += std::pow(c[static_cast<std::size_t>(y * kSide + x)], 2);
    return sum;
  };
  const auto vertical = haar_forward(edge, kSide, 1), horizontal = haar_forward(turned, kSide, 1);
  EXPECT_GT(energy(vertical, 0, 4), 1);
  EXPECT_EQ(energy(vertical, 4, 0) + energy(vertical, 4, 4), 0);
  EXPECT_GT(energy(horizontal, 4, 0), 1);
  EXPECT_EQ(energy(horizontal, 0, 4) + energy(horizontal, 4, 4), 0);
}

TEST(PlottingHaar, RefusesASideThatLevelsDoNotDivide) {
  EXPECT_THROW((void)haar_forward(std::vector<double>(36), 6, 2), std::invalid_argument);
  EXPECT_THROW((void)haar_inverse(std::vector<double>(36), 8, 2), std::invalid_argument);
}

WcamSettings settings_of(int grid, Mode mode) {
  WcamSettings settings;
  settings.grid = grid;
  settings.mode = mode;
  return settings;
}

TEST(GoldenPlottingHaar, RebuiltImageIsThePublishedEightBitOne) {
  const auto image = golden<unsigned char>("haar.h5", "size_224/image");
  const auto mask = golden<float>("haar.h5", "size_224/level_3/mask_grid28");
  const auto published = golden<unsigned char>("haar.h5", "size_224/level_3/masked_inverse_uint8");
  const auto rebuilt = rebuild(image, 224, mask, settings_of(28, Mode::kReference), {0, 0, 0}, {1, 1, 1});
  ASSERT_EQ(rebuilt.size(), published.size());
  std::size_t unlike = 0;
  for (std::size_t i = 0; i < rebuilt.size(); ++i) {
    ASSERT_LE(std::abs(int{rebuilt[i]} - int{published[i]}), 1) << i;
    unlike += rebuilt[i] != published[i] ? 1 : 0;
  }
  // Truncation turns a difference of rounding into a grey level now and then.
  EXPECT_LT(unlike, rebuilt.size() / 10000);
}

TEST(PlottingHaar, AnImageOfAllItsCellsIsItself) {
  const auto all = golden<unsigned char>("wcam.h5", "images/rgb_uint8");
  const std::vector<std::uint8_t> image(all.begin(), all.begin() + 224 * 224 * 3);
  const std::vector<float> everything(64, 1.0F);
  WcamSettings settings = settings_of(8, Mode::kCorrected);
  EXPECT_EQ(rebuild(image, 224, everything, settings, {}, {1, 1, 1}), image);
  settings.approximation = Approximation::kKeep;
  const std::vector<float> nothing(64, 0.0F);
  const auto smooth = rebuild(image, 224, nothing, settings, {}, {1, 1, 1});
  for (int y = 0; y < 224; ++y)  // of 8 x 8 pixels, one value each
    for (int x = 0; x < 224; ++x)
      ASSERT_EQ(smooth[static_cast<std::size_t>(y * 224 + x) * 3],
                smooth[static_cast<std::size_t>(y / 8 * 8 * 224 + x / 8 * 8) * 3]);
  settings.approximation = Approximation::kDrop;
  EXPECT_EQ(rebuild(image, 224, nothing, settings, {}, {1, 1, 1}),
            std::vector<std::uint8_t>(image.size(), 0));
}

}  // namespace
}  // namespace wcam
