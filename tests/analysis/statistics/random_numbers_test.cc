#include "analysis/statistics/random_numbers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace wcam {
namespace {

// The standard gives the engine's 10,000th number from its default seed.
TEST(RandomNumbers, AreTheStandardsOnEveryMachine) {
  RandomNumbers random(5489);
  for (int i = 1; i < 10'000; ++i) random.bits();
  EXPECT_EQ(random.bits(), 9981545732273789042U);
}

TEST(RandomNumbers, IndicesAreEquallyLikely) {
  RandomNumbers random(1);
  std::vector<int> counts(7);
  for (int i = 0; i < 70'000; ++i) ++counts[random.index(7)];
  // Standard deviation 93.
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 400);
}

TEST(RandomNumbers, EveryOrderIsEquallyLikely) {
  RandomNumbers random(2);
  std::vector<int> counts(3);
  for (int i = 0; i < 30'000; ++i) {
    std::vector<int> values{0, 1, 2};
    random.shuffle(values);
    ++counts[static_cast<std::size_t>(std::find(values.begin(), values.end(), 0) - values.begin())];
  }
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 350);
}

}  // namespace
}  // namespace wcam
