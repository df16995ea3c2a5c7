#include "worker/corruption/corruption_sheet.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/base/error.h"

namespace wcam {
namespace {

constexpr int kMargin = 16;  // below and right of the last picture

RgbImage gradient(int rows, int cols) {
  RgbImage image = blank_image(rows, cols);
  for (int r = 0; r < rows; ++r)
    for (int i = 0; i < cols * 3; ++i) image.row(r)[i] = static_cast<std::uint8_t>(r + i);
  return image;
}

TEST(CorruptionSheet, HasOneRowANameAndEndsWithTheLastCorruptionAtItsWorst) {
  const RgbImage clean = gradient(130, 140);
  const CorruptionKey key{95, "a"};
  const RgbImage one = corruption_sheet(clean, {"fog"}, key, {});
  const RgbImage two = corruption_sheet(clean, {"fog", "gaussian-noise"}, key, {});
  EXPECT_GT(two.rows, one.rows + 130);
  EXPECT_GT(one.cols, 6 * 140);
  const RgbImage last = corrupt(clean, {"corruptions", "gaussian-noise", 5}, key);
  for (int r = 0; r < last.rows; ++r) {
    const std::uint8_t* end = two.row(two.rows - kMargin - last.rows + r) + (two.cols - kMargin) * 3;
    ASSERT_TRUE(std::equal(last.row(r), last.row(r) + last.cols * 3, end - last.cols * 3)) << r;
  }
}

TEST(CorruptionSheet, IsDrawnForTinyPicturesAndRefusedForHugeOnes) {
  EXPECT_GT(corruption_sheet(gradient(1, 1), {"elastic-transformation"}, {}, {}).rows, 24);
  EXPECT_THROW(corruption_sheet(blank_image(4000, 6000), {"fog"}, {}, {}), InputError);
}

}  // namespace
}  // namespace wcam
