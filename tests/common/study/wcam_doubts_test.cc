#include "common/study/wcam_doubts.h"

#include <gtest/gtest.h>

#include <limits>

namespace wcam {
namespace {

using Floats = std::vector<float>;

std::vector<std::string> marks(const Floats& indices, const Floats& errors,
                               const Floats& shares = {0.5F, 0.5F}, bool from_gradients = false) {
  std::vector<std::string> found;
  for (const WcamDoubt& doubt : wcam_doubts(indices, errors, shares, from_gradients))
    found.push_back(doubt.mark);
  return found;
}

using Marks = std::vector<std::string>;
constexpr float kNone = std::numeric_limits<float>::infinity();

TEST(WcamDoubts, AreNoneOfSoundIndices) {
  EXPECT_EQ(marks({1, 0.4F, 0.6F, -0.001F}, {0.1F, 0.2F, 0.1F, 0.01F}), Marks{});
  EXPECT_EQ(marks({1.00001F, 0}, {0, 0}), Marks{});  // rounding
}

TEST(WcamDoubts, NameAnIndexAboveAllOfTheVariance) {
  EXPECT_EQ(marks({1.2F, 0.1F}, {0.1F, 0.1F}), Marks{"an index above 1"});
  EXPECT_NE(wcam_doubts(Floats{1.234F}, Floats{0}, Floats{1}, false).front().sentence.find("1.234"),
            std::string::npos);
}

TEST(WcamDoubts, NameASumThatNoInteractionsExplain) {
  EXPECT_EQ(marks({0.9F, 0.9F, 0.9F}, {0.1F, 0.1F, 0.1F}), Marks{"indices add up to more than 2"});
}

TEST(WcamDoubts, NameErrorsThatTwoPointsDoNotHave) {
  EXPECT_EQ(marks({0.5F, 0.5F}, {kNone, kNone}), Marks{"no standard error"});
  const std::string sentence =
      wcam_doubts(Floats{0.5F, 0}, Floats{kNone, 0}, Floats{1}, false).front().sentence;
  EXPECT_EQ(sentence.find("1 of 2 indices"), 0U) << sentence;
}

TEST(WcamDoubts, NameAnErrorAboveAllIndices) {
  EXPECT_EQ(marks({0.2F, 0.1F}, {0.1F, 0.3F}), Marks{"a standard error above the largest index"});
}

TEST(WcamDoubts, NameSharesThatNegativeIndicesMade) {
  EXPECT_EQ(marks({0.5F, -0.1F}, {0.1F, 0.1F}, {1.25F, -0.25F}), Marks{"shares outside 0 to 1"});
}

TEST(WcamDoubts, NameGradientsOfOneLevelAlone) {
  EXPECT_EQ(marks({0.9F, 0.01F}, {0.3F, 0.01F}, {0.99F, 0.01F}, true), Marks{"nearly all in one level"});
  EXPECT_EQ(marks({0.9F, 0.01F}, {0.3F, 0.01F}, {0.99F, 0.01F}, false), Marks{});
  EXPECT_EQ(marks({0.9F, 0.1F}, {0.3F, 0.1F}, {0.9F, 0.1F}, true), Marks{});
  EXPECT_EQ(marks({0.9F, 0.01F}, {0.3F, 0.01F}, {0, 1}, true), Marks{});  // the only level there is
}

}  // namespace
}  // namespace wcam
