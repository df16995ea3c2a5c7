#include "worker/models/check_models.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <tuple>

#include "worker/models/built_in_pictures.h"

namespace wcam {
namespace {

using Bits = std::vector<bool>;
using Labels = std::vector<std::int64_t>;

Bits first_true(std::size_t successes, std::size_t trials) {
  Bits bits(trials, false);
  std::fill_n(bits.begin(), successes, true);
  return bits;
}

// Published values: R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
TEST(CheckModels, WilsonsIntervalIsThePublishedOne) {
  struct Published {
    std::int64_t successes, trials;
    double low, high;
  };
  for (const auto& [successes, trials, low, high] :
       {Published{81, 263, .2553, .3662}, Published{15, 148, .0624, .1605}, Published{0, 20, .0000, .1611},
        Published{1, 29, .0061, .1718}}) {
    const Share share = wilson(successes, trials);
    EXPECT_NEAR(share.low, low, 5e-5) << successes << " of " << trials;
    EXPECT_NEAR(share.high, high, 5e-5) << successes << " of " << trials;
  }
  EXPECT_EQ(wilson(7, 7).high, 1);
}

TEST(CheckModels, HitsAreAmongTheLargestAndTiesCountAgainst) {
  const Logits logits{6, {5, 4, 3, 2, 1, 0,  //
                          5, 4, 3, 2, 1, 0,  //
                          5, 4, 3, 2, 1, 0,  //
                          5, 5, 3, 2, 1, 0,  //
                          7, 7, 7, 7, 7, 7}};
  const Hits found = hits(logits, Labels{0, 4, 5, 0, 2});
  EXPECT_EQ(found.top1, (Bits{true, false, false, false, false}));
  EXPECT_EQ(found.top5, (Bits{true, true, false, true, false}));
  EXPECT_EQ(count(found.top5), 3);
}

TEST(CheckModels, BeatingCountsOnlyPhotographsOnWhichTheyDiffer) {
  const Bits none(24, false), seven = first_true(7, 24), eight = first_true(8, 24);
  EXPECT_DOUBLE_EQ(chance_of_beating(none, none), 1);
  EXPECT_NEAR(chance_of_beating(seven, none), std::pow(0.5, 7), 1e-12);
  EXPECT_NEAR(chance_of_beating(eight, seven), 0.5, 1e-12);
  EXPECT_NEAR(chance_of_beating(none, seven), 1, 1e-12);
  // 5 wins against 2: (21 + 7 + 1) / 128.
  EXPECT_NEAR(chance_of_beating({1, 1, 1, 1, 1, 0, 0, 1}, {0, 0, 0, 0, 0, 1, 1, 1}), 29.0 / 128, 1e-12);
}

TEST(CheckModels, TwiceIsTheNormalisationOfANormalisedPixel) {
  const CaseSpec spec;
  const auto all = normalisations(spec);
  EXPECT_EQ(all.front().mean, spec.mean);
  EXPECT_EQ(all.front().std, spec.std);
  const auto twice = std::find_if(all.begin(), all.end(), [](const auto& n) { return n.name == "twice"; });
  ASSERT_NE(twice, all.end());
  for (std::size_t c = 0; c < 3; ++c)
    for (const double x : {0.0, 0.3, 1.0}) {
      const double once = (x - spec.mean[c]) / spec.std[c];
      EXPECT_NEAR((x - twice->mean[c]) / twice->std[c], (once - spec.mean[c]) / spec.std[c], 1e-12);
    }
}

TEST(CheckModels, GuessingIsABinomialTail) {
  EXPECT_NEAR(chance_of_guessing({1, 0, 0}, 10), 1 - std::pow(0.9, 3), 1e-12);
  EXPECT_NEAR(chance_of_guessing({1, 1, 1}, 10), 1e-3, 1e-12);
  EXPECT_NEAR(chance_of_guessing({0, 0, 0}, 10), 1, 1e-12);
}

TEST(CheckModels, MeansOfBytesAreTriedOver255) {
  CaseSpec spec;
  EXPECT_FALSE(is_for_bytes(spec));
  spec.mean = {123.675, 116.28, 103.53};
  spec.std = {1, 1, 1};
  EXPECT_TRUE(is_for_bytes(spec));
  const auto over_255 = normalisations(spec)[1];
  EXPECT_EQ(over_255.remedy,
            "they seem to be of pixels from 0 to 255: set \"mean\": [0.485, 0.456, 0.406], "
            "\"std\": [0.00392157, 0.00392157, 0.00392157]");
  spec.mean = {0, 0, 0};
  EXPECT_FALSE(is_for_bytes(spec));
  spec.std = {255, 255, 255};
  EXPECT_TRUE(is_for_bytes(spec));
  EXPECT_EQ(normalisations(spec)[1].std, (std::array<double, 3>{1, 1, 1}));
}

TEST(CheckModels, NoNormalisationIsTriedTwice) {
  for (const auto& [mean, std] :
       {std::pair{0.0, 1.0}, {0.5, 0.5}, {0.0, 1 / 255.0}, {0.1, 0.2}, {127.5, 127.5}}) {
    CaseSpec spec;
    spec.mean.fill(mean);
    spec.std.fill(std);
    std::set<std::tuple<std::array<double, 3>, std::array<double, 3>, bool>> different;
    const auto all = normalisations(spec);
    for (const auto& n : all) different.emplace(n.mean, n.std, n.reversed);
    EXPECT_GT(all.size(), 1U);
    EXPECT_EQ(different.size(), all.size()) << mean << " " << std;
  }
}

TEST(CheckModels, WhatIsNoNumberIsNeverRight) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  const std::vector<std::int64_t> labels{0, 0, 0, 0};
  const Hits found = hits(
      {6, {nan, nan, nan, nan, nan, nan, nan, 1, 2, 3, 4, 5, 9, nan, nan, nan, nan, nan, inf, 1, 2, 3, 4, 5}},
      labels);
  EXPECT_EQ(found.top1, (std::vector<bool>{false, false, false, true}));
  EXPECT_EQ(found.top5, (std::vector<bool>{false, false, false, true}));
}

TEST(CheckModels, SpreadTellsUniformFromSureAndConstantFromVaried) {
  const Spread uniform = spread({4, {1, 1, 1, 1, 5, 5, 5, 5}});
  EXPECT_NEAR(uniform.entropy_share, 1, 1e-12);
  EXPECT_EQ(uniform.picture_share, 0) << "a shift of all logits says nothing";
  const Spread constant = spread({4, {9, 0, 0, 0, 19, 10, 10, 10}});
  EXPECT_LT(constant.entropy_share, 0.01);
  EXPECT_NEAR(constant.picture_share, 0, 1e-12);
  const Spread varied = spread({2, {50, 0, 0, 50}});
  EXPECT_NEAR(varied.entropy_share, 0, 1e-12);
  EXPECT_NEAR(varied.picture_share, 1, 1e-12);
  // Entropy of (3/4, 1/4) in bits.
  EXPECT_NEAR(spread({2, {std::log(3.0F), 0}}).entropy_share, 0.811278, 1e-6);
}

TEST(CheckModels, OutputsAreLogitsUnlessAllRowsAreProbabilities) {
  EXPECT_EQ(output_kind({3, {.2F, .3F, .5F, 1, 0, 0}}), OutputKind::kProbabilities);
  EXPECT_EQ(output_kind({3, {.2F, .3F, .5F, 1, .2F, 0}}), OutputKind::kLogits);
  EXPECT_EQ(output_kind({3, {-.1F, .6F, .5F}}), OutputKind::kLogits);
  EXPECT_EQ(output_kind({2, {std::log(.25F), std::log(.75F)}}), OutputKind::kLogProbabilities);
  EXPECT_EQ(output_kind({2, {-1, -2}}), OutputKind::kLogits);
}

TEST(CheckModels, TheBuiltInPicturesAreAllDifferentAndAlwaysTheSame) {
  std::set<std::vector<std::uint8_t>> different;
  for (const RgbImage& picture : built_in_pictures(64)) {
    EXPECT_EQ(picture.rows, 64);
    different.insert(picture.pixels);
  }
  EXPECT_EQ(different.size(), 16U);
  EXPECT_EQ(built_in_pictures(64), built_in_pictures(64));
}

}  // namespace
}  // namespace wcam
