#include "common/wire/credit.h"

#include <gtest/gtest.h>

namespace wcam {
namespace {

TEST(Credit, EveryJobTakesItsPartOfTheWhole) {
  Credit credit(10, 2);
  for (int i = 0; i < 5; ++i) credit.spend(JobKind::kPredict);
  EXPECT_EQ(credit.left(JobKind::kPredict), 5U);
  EXPECT_EQ(credit.left(JobKind::kExplain), 1U);
  credit.spend(JobKind::kExplain);
  EXPECT_EQ(credit.left(JobKind::kPredict), 0U);
  EXPECT_FALSE(credit.any());
}

TEST(Credit, NoRoundingAddsOrTakesAJob) {
  for (const std::uint32_t whole : {1U, 3U, 7U, 49U, 64U, 1'000U, 100'000U}) {
    Credit credit(whole, 1);
    std::uint32_t spent = 0;
    for (; credit.left(JobKind::kPredict) > 0; ++spent) {
      ASSERT_EQ(credit.left(JobKind::kPredict), whole - spent);
      credit.spend(JobKind::kPredict);
    }
    EXPECT_EQ(spent, whole);
  }
}

TEST(Credit, AJobTooManyLeavesNothing) {
  Credit none;
  none.spend(JobKind::kExplain);
  EXPECT_FALSE(none.any());
  Credit one(1, 0);
  EXPECT_EQ(one.left(JobKind::kExplain), 0U);
  one.spend(JobKind::kExplain);
  EXPECT_FALSE(one.any());
}

}  // namespace
}  // namespace wcam
