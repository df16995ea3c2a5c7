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

TEST(Wording, OfTooFewImagesItSaysHowManyMoreAndWhatGivesThem) {
  struct Row {
    std::size_t images, explained, predicted, planned;
    int sample_size;
    std::string advice;
  };
  const std::string more_images = "wcam run --extend --images FOLDER, where these ";
  const Row rows[] = {
      // The sample is full, and images are left for a larger one: enough, or not.
      {7, 7, 7, 20, 7, "wcam run --extend --sample-size 8"},
      {3, 6, 9, 40, 6, "wcam run --extend --sample-size 16"},
      {7, 7, 7, 8, 7, "wcam run --extend --sample-size 8"},
      {1, 7, 7, 8, 7,
       "wcam run --extend --sample-size 56 --images FOLDER, where these 8 images and more are"},
      // All planned images are predicted: no larger sample finds another.
      {3, 3, 3, 3, 17, more_images + "3 images and more are"},
      {3, 3, 3, 3, 8, more_images + "3 images and more are"},
      {3, 3, 3, 3, 3, "wcam run --extend --sample-size 8 --images FOLDER, where these 3 images and more are"},
      {0, 2, 30, 30, 17, more_images + "30 images and more are"},
      {0, 0, 5, 5, 17, more_images + "5 images and more are"},
      // The sweep goes on.
      {3, 3, 3, 30, 17, "27 planned images are not predicted yet"},
      {7, 7, 9, 10, 17, "1 planned image is not predicted yet"},
      {0, 0, 0, 30, 17, "30 planned images are not predicted yet"},
      {3, 3, 3, 5, 17, more_images + "5 images and more are"},
  };
  for (const Row& row : rows) {
    Observations found;
    found.explained_images = row.explained;
    found.images.resize(row.predicted);
    found.plan.images.resize(row.planned);
    found.plan.selection.sample_size = row.sample_size;
    const std::string said = too_few_sentence(row.images, found);
    EXPECT_NE(said.find(" needed (" + row.advice + ")."), std::string::npos) << said << " not " << row.advice;
  }
  Observations found;
  found.explained_images = 7;
  found.images.resize(7);
  found.plan.images.resize(9);
  found.plan.selection.sample_size = 7;
  EXPECT_EQ(
      too_few_sentence(7, found, " with an altered variant"),
      "Nothing is asserted of 7 images with an altered variant: 8 are the fewest, so that 1 more is needed "
      "(wcam run --extend --sample-size 8).");
  found.plan.selection.rule = SelectionRule::kListed;
  EXPECT_NE(too_few_sentence(3, found).find("with a longer --select-file"), std::string::npos);
  found.sweeps = 2;
  EXPECT_NE(too_few_sentence(3, found).find("with more images in one of the sweeps"), std::string::npos);
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

TEST(Wording, InShortIsTheFirstSentenceWithoutItsNumbers) {
  EXPECT_EQ(
      in_short(
          "adv is wrong on 20 % [10, 30] of them (0.0 % [0, 9] of others), less than v1.5 (p = 0.1). More."),
      "adv is wrong on 20 % of them, less than v1.5.");
  EXPECT_EQ(in_short("All is said."), "All is said.");
  EXPECT_EQ(in_short("A case a(b is wrong. More."), "A case a(b is wrong. More.");
  EXPECT_EQ(in_short("A case a)b is wrong. More."), "A case a)b is wrong. More.");
}

}  // namespace
}  // namespace wcam
