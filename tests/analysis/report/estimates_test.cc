#include "analysis/report/estimates.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace wcam {
namespace {

ImageMeans by_image(const std::vector<double>& values) {
  ImageMeans means;
  for (std::size_t image = 0; image < values.size(); ++image)
    means.add(static_cast<std::uint32_t>(image), values[image]);
  return means;
}

TEST(ImageMeans, HaveOneNumberAnImageHoweverManyRowsItHas) {
  ImageMeans means;
  means.add(3, 1);
  means.add(0, 5);
  means.add(3, 2);
  means.add(3, kUnknown);
  means.add(1, kUnknown);
  EXPECT_EQ(means.values(), (std::vector<double>{5, 1.5}));
  EXPECT_EQ(means.images(), 2U);
  EXPECT_FALSE(means.has(1));
  EXPECT_FALSE(means.has(9));
}

TEST(ImageMeans, InCommonAreThoseOfImagesThatAllHave) {
  ImageMeans a, b;
  a.add(0, 1);
  a.add(2, 3);
  a.add(5, 4);
  b.add(1, 7);
  b.add(2, 8);
  b.add(5, 9);
  const ImageMeans* both[] = {&a, &b};
  EXPECT_EQ(in_common(both), (std::vector<std::vector<double>>{{3, 4}, {8, 9}}));
}

TEST(Paired, IsTheDifferenceOnTheSameImages) {
  ImageMeans first = by_image({1, 2, 3, 4, 5, 6, 7, 8}), second = by_image({2, 2, 5, 5, 9, 7, 8, 11});
  first.add(8, 100);  // the second lacks it
  const Paired result = paired(first, second);
  EXPECT_EQ(result.difference.images, 8U);
  EXPECT_DOUBLE_EQ(result.first.value, 4.5);
  EXPECT_DOUBLE_EQ(result.difference.value, 13.0 / 8);
  // Of the 2^8 choices of signs those as extreme as the one seen: of seven differences above 0 and one of 0,
  // all of one sign: 2 * 2.
  ASSERT_TRUE(result.p);
  EXPECT_DOUBLE_EQ(*result.p, 4.0 / 256);
  double squares = 0;
  for (const double d : {1, 0, 2, 1, 4, 1, 1, 3}) squares += std::pow(d - 13.0 / 8, 2);
  EXPECT_DOUBLE_EQ(result.ratio, 13.0 / 8 / std::sqrt(squares / 7));
  ASSERT_TRUE(result.difference.interval);
  EXPECT_GT(result.difference.interval->first, 0);
  EXPECT_FALSE(result.differs());  // not before the family was corrected
}

TEST(Paired, AssertsNothingOfSevenImages) {
  const Paired result = paired(by_image({1, 2, 3, 4, 5, 6, 7}), by_image({2, 4, 3, 6, 7, 9, 8}));
  EXPECT_FALSE(result.p);
  EXPECT_FALSE(result.difference.interval);
  EXPECT_FALSE(result.first.interval);
  EXPECT_FALSE(result.differs());
  EXPECT_NE(result.why_not.find("7 images"), std::string::npos) << result.why_not;
  EXPECT_DOUBLE_EQ(result.difference.value, 11.0 / 7);  // what there is, without a claim
}

TEST(Paired, ChangesAreTestedAgainstZero) {
  ImageMeans changes;
  for (std::uint32_t image = 10; image < 20; ++image) changes.add(image, 0.5 + 0.01 * image);
  const Paired result = against_zero(changes);
  EXPECT_EQ(result.difference.images, 10U);
  EXPECT_DOUBLE_EQ(result.first.value, 0);
  EXPECT_NEAR(result.difference.value, 0.645, 1e-12);
  EXPECT_DOUBLE_EQ(*result.p, 2.0 / 1024);
}

TEST(Paired, FamiliesAreCorrectedWithoutThoseThatAreNotTested) {
  Paired strong = against_zero(by_image({1, 2, 1, 2, 1, 2, 1, 2, 1, 2})), none;
  Paired weak = against_zero(by_image({1, -2, 1, 2, -1, 2, 1, 2, 1, -2}));
  Paired* family[] = {&weak, &none, &strong};
  correct(family);
  EXPECT_DOUBLE_EQ(*strong.p_holm, 2 * *strong.p);
  EXPECT_DOUBLE_EQ(*weak.p_holm, *weak.p);
  EXPECT_FALSE(none.p_holm);
  EXPECT_TRUE(strong.differs());
  EXPECT_FALSE(weak.differs());
}

// Holm's over the family for the margin as for 0, and the interval has to agree.
TEST(Paired, IsBeyondAMarginByATestAgainstItsNearEnd) {
  const ImageMeans zeros = by_image(std::vector<double>(10, 0));
  const std::vector<double> differences{0.1, 0.12, 0.09, 0.13, 0.08, 0.11, 0.1, 0.09, 0.12, 0.11};
  for (const double sign : {1.0, -1.0}) {
    std::vector<double> signed_differences;
    for (const double difference : differences) signed_differences.push_back(sign * difference);
    Paired far = paired(zeros, by_image(signed_differences), 0.05),
           near = paired(zeros, by_image(signed_differences), 0.1),
           within = paired(zeros, by_image(signed_differences), 0.2);
    EXPECT_DOUBLE_EQ(*far.p_beyond, 2.0 / 1024);  // all are beyond 0.05
    EXPECT_EQ(*far.p_beyond, *far.p);
    EXPECT_GT(*near.p_beyond, 0.05);
    EXPECT_EQ(*within.p_beyond, 1);
    EXPECT_FALSE(far.is_beyond());  // not before the family was corrected
    Paired* const family[] = {&far, &near, &within};
    correct(family);
    EXPECT_DOUBLE_EQ(*far.p_beyond_holm, 3 * 2.0 / 1024);
    EXPECT_DOUBLE_EQ(*far.p_holm, 3 * 2.0 / 1024);
    EXPECT_TRUE(far.is_beyond());
    EXPECT_FALSE(near.is_beyond());
    EXPECT_FALSE(within.is_beyond());
    EXPECT_TRUE(within.differs());
    std::vector<Paired> more(30, within);  // 31 looks: 0.061
    std::vector<Paired*> larger{&far};
    for (Paired& one : more) larger.push_back(&one);
    correct(larger);
    EXPECT_FALSE(far.is_beyond());
    EXPECT_FALSE(paired(zeros, by_image(signed_differences), 0).is_beyond());
  }
}

TEST(Paired, ImagesToSeeADifferenceAreThoseOfAPowerOfFourInFive) {
  Paired result;
  result.ratio = 0.5;  // (1.960 + 0.842)^2 / 0.25 = 31.4
  EXPECT_EQ(result.images_to_see_it(), 32U);
  result.ratio = -0.5;
  EXPECT_EQ(result.images_to_see_it(), 32U);
  result.ratio = 5;
  EXPECT_EQ(result.images_to_see_it(), kFewestImages);
  result.ratio = 0;
  EXPECT_EQ(result.images_to_see_it(), 0U);
  EXPECT_EQ(result.images_to_see_it_beyond(0.1), 0U);
}

TEST(Paired, ImagesToSeeADifferenceAreThoseOfItsFamily) {
  Paired result;
  result.ratio = 0.5;
  result.family = 14;  // quantiles of 0.05 / 28 and 0.2: (2.914 + 0.842)^2 / 0.25 = 56.4
  EXPECT_EQ(result.images_to_see_it(), 57U);
  result.ratio = 5;
  EXPECT_EQ(result.images_to_see_it(), 10U);  // 2 / 2^9 times 14 is above 0.05
  EXPECT_EQ(fewest_images(1, kLevel), 6U);
  EXPECT_EQ(fewest_images(6, kLevel), 8U);
  EXPECT_EQ(fewest_images(84, kLevel), 12U);
  // Beyond a margin only what is beyond it counts.
  result = {};
  result.ratio = 1;
  result.difference.value = 0.2;
  EXPECT_EQ(result.images_to_see_it_beyond(0.1), 32U);
  result.difference.value = -0.1;
  EXPECT_EQ(result.images_to_see_it_beyond(0.1), 0U);
}

TEST(Paired, WithoutTheImageThatMovesTheMeanMost) {
  const ImageMeans zeros = by_image({0, 0, 0, 0, 0}), changes = by_image({1, 2, -9, 3, 8});
  const auto without = without_the_largest(zeros, changes);  // mean 1, which -9 is furthest from
  ASSERT_TRUE(without);
  EXPECT_EQ(without->image, 2U);
  EXPECT_DOUBLE_EQ(without->difference, 14.0 / 4);
  EXPECT_FALSE(without_the_largest(by_image({0}), changes));  // one image in common
}

TEST(Estimates, OfRatiosAreTransformedWithTheirIntervals) {
  const Estimate factor = as_factor({1, std::pair(0.0, 2.0), 9});
  EXPECT_DOUBLE_EQ(factor.value, 2);
  EXPECT_DOUBLE_EQ(factor.interval->first, 1);
  EXPECT_DOUBLE_EQ(factor.interval->second, 4);
  EXPECT_DOUBLE_EQ(in_percent({0.25, std::pair(0.1, 0.5), 9}).interval->second, 50);
}

// Of ten values the interval at 95 % lies between the second and the third from either end.
TEST(Estimates, MediansAreNotMovedByOneLongTail) {
  ImageMeans means = by_image({3, 1, 2, 5, 4, 6, 8, 7, 9, 1e6});
  const Estimate median = median_of(means);
  EXPECT_DOUBLE_EQ(median.value, 5.5);
  ASSERT_TRUE(median.interval);
  EXPECT_GT(median.interval->first, 2);
  EXPECT_LT(median.interval->first, 3);
  EXPECT_LT(median.interval->second, 9);
  EXPECT_DOUBLE_EQ(median_of(by_image({3, 1, 7})).value, 3);
  EXPECT_FALSE(median_of(by_image({3, 1, 7})).interval);
  EXPECT_TRUE(std::isnan(median_of({}).value));
  const Estimate other = negated(median);
  EXPECT_DOUBLE_EQ(other.interval->second, -median.interval->first);
}

TEST(Estimates, SharesWithoutAnyInHaveAnInterval) {
  const Estimate none = share_of(0, 20);
  EXPECT_EQ(none.value, 0);
  ASSERT_TRUE(none.interval);
  EXPECT_NEAR(none.interval->second, 0.1611, 1e-4);  // Wilson's 1.96^2 / (20 + 1.96^2)
  EXPECT_FALSE(share_of(3, 7).interval);
}

}  // namespace
}  // namespace wcam
