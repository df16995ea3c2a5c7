// Random corruptions cannot equal the published pixels; their statistics can.
#include <gtest/gtest.h>

#include "tests/golden.h"
#include "tests/support.h"
#include "tests/worker/corruption/published_corruptions.h"

namespace wcam {
namespace {

TEST(GoldenCorruptions, HaveThePublishedStatistics) {
  const auto pixels = test::read_golden<unsigned char>(test::golden("wcam.h5"), "images/rgb_uint8");
  const auto half = pixels.begin() + static_cast<std::ptrdiff_t>(pixels.size() / 2);
  test::expect_published_statistics(
      test::golden("corruption_statistics.csv"),
      {{"chelsea", {224, 224, {pixels.begin(), half}}}, {"coffee", {224, 224, {half, pixels.end()}}}});
}

}  // namespace
}  // namespace wcam
