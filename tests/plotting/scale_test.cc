#include "plotting/scale.h"

#include <gtest/gtest.h>

#include <limits>

namespace wcam {
namespace {

const float kNaN = std::numeric_limits<float>::quiet_NaN();

Scale scale_of_values(const std::vector<float>& values, double cut, bool about_zero = false) {
  const std::span<const float> spans[] = {values};
  return scale_of(spans, cut, about_zero);
}

TEST(Scale, GoesFromTheSmallestToTheLargestValue) {
  const std::vector<float> a{0.2F, 0.5F}, b{-0.1F, kNaN, 0.3F};
  const std::span<const float> spans[] = {a, b, {}};
  const Scale scale = scale_of(spans, 0, false);
  EXPECT_FLOAT_EQ(static_cast<float>(scale.range.low), -0.1F);
  EXPECT_EQ(scale.range.high, 0.5);
  EXPECT_EQ(scale.cells, 4u);
  EXPECT_EQ(scale.cut, 0u);
}

TEST(Scale, AboutZeroGoesAsFarDownAsUp) {
  const Scale scale = scale_of_values({-3, 1, 2}, 0, true);
  EXPECT_EQ(scale.range, (ColourRange{-3, 3}));
}

TEST(Scale, CutsTheShareAskedForAndSaysWhat) {
  std::vector<float> values;
  for (int i = 1; i <= 200; ++i) values.push_back(static_cast<float>(i));
  const Scale scale = scale_of_values(values, 1);
  EXPECT_EQ(scale.range, (ColourRange{1, 198}));
  EXPECT_EQ(scale.cut, 2u);
  EXPECT_EQ(scale.largest, 200);
  EXPECT_EQ(scale_of_values({-9, 1, 1, 1}, 25, true).range, (ColourRange{-1, 1}));
  EXPECT_EQ(scale_of_values({0, 1, 1, 1}, 50).cut, 0u) << "equal values are cut together or not at all";
}

TEST(Scale, OfNothingIsNothing) {
  EXPECT_EQ(scale_of({}, 0, false).range, ColourRange{});
  EXPECT_EQ(scale_of_values({kNaN}, 5).cells, 0u);
}

TEST(WithinNoise, IsWithinTwoStandardErrorsOfZero) {
  const std::vector<float> values{0.3F, 0.19F, -0.3F, -0.1F, 0, 1}, errors{0.1F, 0.1F, 0.1F, 0.1F, 0, kNaN};
  EXPECT_EQ(within_noise(values, errors), (std::vector<bool>{false, true, false, true, true, true}));
  EXPECT_EQ(within_noise(values, {}), std::vector<bool>(6, false)) << "nothing is known";
}

}  // namespace
}  // namespace wcam
