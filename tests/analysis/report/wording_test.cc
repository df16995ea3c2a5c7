#include "analysis/report/wording.h"

#include <gtest/gtest.h>

#include <string>

namespace wcam {
namespace {

TEST(Wording, NumbersHaveTheDigitsThatTheirIntervalsAllow) {
  EXPECT_EQ(decimal(0.414), "0.41");
  EXPECT_EQ(decimal(-0.004), "0.00");
  EXPECT_EQ(decimal(-0.006), "-0.01");
  EXPECT_EQ(percent(0.41), "41 %");
  EXPECT_EQ(percent(0.041), "4.1 %");
  EXPECT_EQ(with_interval({0.41, std::pair(0.36, 0.47), 9}), "0.41 [0.36, 0.47]");
  EXPECT_EQ(with_interval({0.4112, std::pair(0.4101, 0.4123), 9}), "0.411 [0.410, 0.412]");
  EXPECT_EQ(with_interval({0.41, {}, 3}), "0.41");
  EXPECT_EQ(with_percent_interval({0.41, std::pair(0.36, 0.47), 9}), "41 % [36, 47]");
  EXPECT_EQ(with_percent_interval({0.412, std::pair(0.405, 0.419), 9}), "41.2 % [40.5, 41.9]");
  EXPECT_EQ(with_points_interval({-0.12, std::pair(-0.16, -0.08), 9}), "-12 points [-16, -8]");
}

TEST(Wording, PValuesAreNeverZero) {
  EXPECT_EQ(p_value(0.0004), "p < 0.001");
  EXPECT_EQ(p_value(0.0123), "p = 0.012");
  EXPECT_EQ(p_value(0.42), "p = 0.42");
}

TEST(Wording, ListsEndWithAnd) {
  EXPECT_EQ(listed({}), "");
  EXPECT_EQ(listed({"a"}), "a");
  EXPECT_EQ(listed({"a", "b"}), "a and b");
  EXPECT_EQ(listed({"a", "b", "c"}), "a, b and c");
}

TEST(Wording, OfTooFewImagesItSaysHowManyMoreAndWhichOptionGivesThem) {
  Observations found;
  found.explained_images = 7;
  found.plan.images.resize(8);
  EXPECT_EQ(too_few_sentence(7, found),
            "Nothing is asserted of 7 images: 8 are the fewest, so that 1 more is needed (wcam run --extend "
            "--sample-size 8).");
  EXPECT_EQ(
      too_few_sentence(1, found, " with an altered variant"),
      "Nothing is asserted of 1 image with an altered variant: 8 are the fewest, so that 7 more are needed "
      "(wcam run --extend --sample-size 56, and more of --images).");
  found.plan.selection.rule = SelectionRule::kListed;
  EXPECT_NE(too_few_sentence(3, found).find("with a longer --select-file"), std::string::npos);
}

TEST(Wording, NeededImagesAreSaidWhereTheyAreMoreAndNotAbsurd) {
  EXPECT_EQ(needed_words(120, 20), "; about 120 images would show a difference of that size");
  EXPECT_EQ(needed_words(0, 20), "");
  EXPECT_EQ(needed_words(20, 20), "");
  EXPECT_EQ(needed_words(1000000, 20), "");
}

TEST(Wording, FewImagesAreADoubt) {
  EXPECT_EQ(few_images_doubt(7), "");  // then nothing is asserted
  EXPECT_EQ(few_images_doubt(8), "It rests on 8 images: only large differences can be seen.");
  EXPECT_EQ(few_images_doubt(20), "");
}

TEST(Wording, EveryMeasureHasAName) {
  for (const Measure measure : kMeasures) {
    EXPECT_FALSE(id_of(measure).empty());
    EXPECT_FALSE(in_words(measure).empty());
  }
}

}  // namespace
}  // namespace wcam
