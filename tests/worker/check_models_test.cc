#include "worker/check_models.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

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

TEST(CheckModels, NoNormalisationIsTriedTwice) {
  for (const auto& [mean, std] : {std::pair{0.0, 1.0}, {0.5, 0.5}, {0.0, 1 / 255.0}, {0.1, 0.2}}) {
    CaseSpec spec;
    spec.mean.fill(mean);
    spec.std.fill(std);
    std::set<std::tuple<std::array<double, 3>, std::array<double, 3>, bool>> different;
    const auto all = normalisations(spec);
    for (const auto& n : all) different.emplace(n.mean, n.std, n.reversed);
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

// A case in order, with labelled photographs.
CaseCheck sound_check() {
  CaseCheck check;
  check.name = "vit";
  check.classes = 1'000;
  check.on_pictures = {0.70, 0.47};
  check.on_photographs = Spread{0.47, 0.84};
  for (const Normalisation& n : normalisations({}))
    check.tried.push_back({n, {first_true(15, 24), first_true(20, 24)}});
  return check;
}

std::string only_warning(const CaseCheck& check) {
  const auto found = warnings(check);
  EXPECT_EQ(found.size(), 1U) << to_text(check);
  return found.empty() ? "" : found.front();
}

TEST(CheckModels, ASoundCaseGivesNoWarning) {
  EXPECT_EQ(warnings(sound_check()), std::vector<std::string>{});
  EXPECT_TRUE(to_text(sound_check()).ends_with("  ok\n")) << to_text(sound_check());
}

TEST(CheckModels, ANormalisationThatIsClearlyBetterIsNamedWithWhatToWrite) {
  CaseCheck check = sound_check();
  check.tried[1].hits.top1 = first_true(22, 24);  // seven more
  EXPECT_EQ(only_warning(check),
            "it gets 22 of 24 photographs right when normalised 'not at all', 15 as models.json says: the "
            "network seems "
            "to normalise by itself: set \"mean\": [0, 0, 0], \"std\": [1, 1, 1]");
  check.tried[1].hits.top1 = first_true(21, 24);  // six more: once in 64 by chance
  EXPECT_EQ(warnings(check), std::vector<std::string>{});
}

TEST(CheckModels, ARandomNetworkIsOneOnThePhotographsToo) {
  CaseCheck check = sound_check();
  check.on_pictures = {0.99, 0.9};
  EXPECT_EQ(warnings(check), std::vector<std::string>{}) << "it tells photographs apart";
  check.on_photographs = Spread{0.1, 0.05};
  EXPECT_NE(only_warning(check).find("near-uniform, with 99 %"), std::string::npos) << only_warning(check);
  check.on_photographs.reset();
  check.on_pictures = {0.0, 0.16};
  EXPECT_NE(only_warning(check).find("from which 16 % of their variance comes"), std::string::npos);
}

TEST(CheckModels, ARateThatGuessingGivesIsAWarningOnceThereAreEnoughPhotographs) {
  CaseCheck check = sound_check();
  for (auto& tried : check.tried) tried.hits = {first_true(0, 24), first_true(0, 24)};
  EXPECT_NE(only_warning(check).find(
                "it gets 0 of 24 photographs right, which guessing among 1000 classes may give"),
            std::string::npos);
  for (auto& tried : check.tried) tried.hits = {first_true(2, 24), first_true(2, 24)};
  EXPECT_EQ(warnings(check), std::vector<std::string>{}) << "two of 24 are not luck among 1000 classes";
  check.classes = 12;
  EXPECT_NE(only_warning(check).find("among 12 classes"), std::string::npos);
  for (auto& tried : check.tried) tried.hits = {first_true(0, 19), first_true(0, 19)};
  EXPECT_EQ(warnings(check), std::vector<std::string>{});
}

TEST(CheckModels, JsonHoldsWhatTheTextSays) {
  CaseCheck broken;
  broken.name = "gone";
  broken.failure = "no such file";
  const std::array checks{sound_check(), broken};
  const auto models = nlohmann::json::parse(to_json_text(checks))["models"];
  EXPECT_TRUE(models[0]["usable"].get<bool>());
  EXPECT_EQ(models[0]["outputs"], "logits");
  EXPECT_EQ(models[0]["accuracy"][0]["photographs"], 24);
  EXPECT_DOUBLE_EQ(models[0]["accuracy"][0]["top1"]["value"].get<double>(), 15.0 / 24);
  EXPECT_FALSE(models[1]["usable"].get<bool>());
  EXPECT_EQ(models[1]["failure"], "no such file");
  EXPECT_EQ(to_text(broken), "gone\n  cannot be used: no such file\n");
}

}  // namespace
}  // namespace wcam
