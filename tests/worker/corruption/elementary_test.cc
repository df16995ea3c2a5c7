#include "worker/corruption/elementary.h"

#include <gtest/gtest.h>

#include <cmath>

namespace wcam {
namespace {

// x87's and ARM's long double hold 11 bits more than a double, and more: rounded, they tell the nearest one
// but for a tie in 2^10.
TEST(Exponential, IsCorrectlyRounded) {
  static_assert(sizeof(long double) > sizeof(double));
  int differ = 0, count = 0;
  for (double x = 0; x <= 512; x += 0.0137) {
    const double ours = exp_of_minus(x),
                 nearest = static_cast<double>(std::exp(-static_cast<long double>(x)));
    ASSERT_LE(std::abs(ours - nearest), nearest * 0x1p-52) << x;
    differ += ours != nearest;
    ++count;
  }
  EXPECT_LE(differ, count / 500) << count;
  EXPECT_EQ(exp_of_minus(0), 1);
}

// mpmath, 30 digits, rounded to doubles.
TEST(Exponential, EqualsKnownValues) {
  EXPECT_EQ(exp_of_minus(0.5), 0.606530659712633423603799534991);
  EXPECT_EQ(exp_of_minus(1), 0.367879441171442321595523770161);
  EXPECT_EQ(exp_of_minus(50), 1.92874984796391778301754281653e-22);
}

TEST(Direction, IsThatOfTheAngle) {
  for (double degrees = -180; degrees <= 180; degrees += 0.25) {
    const auto [cosine, sine] = direction(degrees);
    EXPECT_NEAR(cosine, std::cos(degrees * (M_PI / 180)), 1e-15) << degrees;
    EXPECT_NEAR(sine, std::sin(degrees * (M_PI / 180)), 1e-15) << degrees;
  }
}

}  // namespace
}  // namespace wcam
