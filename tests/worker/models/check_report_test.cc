#include "worker/models/check_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace wcam {
namespace {

using Bits = std::vector<bool>;

Bits first_true(std::size_t successes, std::size_t trials) {
  Bits bits(trials, false);
  std::fill_n(bits.begin(), successes, true);
  return bits;
}

// A case in order, with labelled photographs.
CaseCheck sound_check() {
  CaseCheck check;
  check.spec.name = "vit";
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

TEST(CheckReport, ASoundCaseGivesNoWarning) {
  EXPECT_EQ(warnings(sound_check()), std::vector<std::string>{});
  EXPECT_TRUE(to_text(sound_check()).ends_with("  ok\n")) << to_text(sound_check());
}

TEST(CheckReport, ANormalisationThatIsClearlyBetterIsNamedWithWhatToWrite) {
  CaseCheck check = sound_check();
  check.tried[1].hits.top1 = first_true(22, 24);  // seven more
  EXPECT_EQ(only_warning(check),
            "it gets 22 of 24 photographs right when normalised 'not at all', 15 as models.json says: the "
            "network seems "
            "to normalise by itself: set \"mean\": [0, 0, 0], \"std\": [1, 1, 1]");
  check.tried[1].hits.top1 = first_true(21, 24);  // six more: once in 64 by chance
  EXPECT_EQ(warnings(check), std::vector<std::string>{});
  EXPECT_EQ(inconclusive(check),
            "24 photographs cannot tell whether it is normalised as it was trained (15 right as models.json "
            "says, 21 when normalised 'not at all'): give about 100");
}

TEST(CheckReport, ARandomNetworkIsOneOnThePhotographsToo) {
  CaseCheck check = sound_check();
  check.on_pictures = {0.99, 0.9};
  EXPECT_EQ(warnings(check), std::vector<std::string>{}) << "it tells photographs apart";
  check.on_photographs = Spread{0.1, 0.05};
  EXPECT_EQ(warnings(check), std::vector<std::string>{}) << "it is right on more than guessing gives";
  for (auto& tried : check.tried) tried.hits.top1 = first_true(0, 24);
  EXPECT_NE(only_warning(check).find("near-uniform, with 99 %"), std::string::npos) << only_warning(check);
  check.on_photographs.reset();
  check.on_pictures = {0.0, 0.16};
  EXPECT_NE(only_warning(check).find("from which 16 % of their variance comes"), std::string::npos);
}

TEST(CheckReport, ARateThatGuessingGivesIsAWarningOnceThereAreEnoughPhotographs) {
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

// With `right` of `photographs` as declared, and `best` with another normalisation.
CaseCheck check_with(std::size_t photographs, std::size_t right, std::size_t best) {
  CaseCheck check = sound_check();
  for (auto& tried : check.tried) tried.hits = {Bits(photographs, false), Bits(photographs, false)};
  check.tried.front().hits.top1 = first_true(right, photographs);
  check.tried[1].hits.top1 = first_true(best, photographs);
  return check;
}

TEST(CheckReport, FewPhotographsAreInconclusiveNotOk) {
  const auto doubt = [](std::size_t photographs, std::size_t right, std::size_t best) {
    const CaseCheck check = check_with(photographs, right, best);
    EXPECT_EQ(warnings(check), std::vector<std::string>{});
    const std::string text = inconclusive(check);
    EXPECT_EQ(text.empty(), to_text(check).ends_with("  ok\n"));
    return text;
  };
  EXPECT_EQ(
      doubt(1, 0, 0),
      "1 photograph cannot tell whether it is normalised as it was trained (0 right as models.json says, "
      "as guessing may give): give about 100");
  EXPECT_NE(doubt(5, 0, 5), "");
  EXPECT_NE(doubt(3, 3, 3), "") << "as many as half may be wrong";
  EXPECT_EQ(doubt(5, 5, 5), "");
  EXPECT_NE(doubt(10, 8, 8), "") << "two more could not show anything";
  EXPECT_EQ(doubt(10, 9, 9), "");
  EXPECT_NE(doubt(10, 9, 10), "") << "a tenth more";
  EXPECT_EQ(doubt(24, 11, 13), "") << "too little to matter";
  EXPECT_NE(doubt(24, 11, 14), "");
}

TEST(CheckReport, OfManyPhotographsMoreAreAskedFor) {
  CaseCheck check = check_with(100, 30, 0);
  std::fill_n(check.tried[1].hits.top1.begin() + 30, 40, true);  // 40 wins, 30 losses: chance gives it often
  EXPECT_TRUE(inconclusive(check).ends_with("): give more")) << inconclusive(check);
}

TEST(CheckReport, DoubtIsInTheJsonAndNoWarning) {
  const CaseCheck check = check_with(3, 1, 3);
  const auto models = nlohmann::json::parse(to_json_text({&check, 1}))["models"];
  EXPECT_EQ(models[0]["inconclusive"], inconclusive(check));
  EXPECT_TRUE(models[0]["warnings"].empty());
  const CaseCheck sound = sound_check();
  EXPECT_FALSE(nlohmann::json::parse(to_json_text({&sound, 1}))["models"][0].contains("inconclusive"));
}

TEST(CheckReport, AWrongNormalisationIsNotBlamedOnTheWeights) {
  CaseCheck check = check_with(24, 0, 20);
  check.on_pictures = {0, 0};
  check.on_photographs = Spread{0, 0};
  EXPECT_NE(only_warning(check).find("right when normalised 'not at all'"), std::string::npos);
  check = check_with(3, 0, 3);
  check.on_pictures = {0, 0};
  check.on_photographs = Spread{0, 0};
  EXPECT_EQ(warnings(check), std::vector<std::string>{}) << "trained, since it is right by another one";
  EXPECT_NE(inconclusive(check), "");
  check.spec.mean = check.spec.std = {127.5, 127.5, 127.5};
  const std::string bytes =
      "its mean or std is greater than 1, which pixels from 0 to 1 do not have: they seem to be of pixels "
      "from "
      "0 to 255: set \"mean\": [0.5, 0.5, 0.5], \"std\": [0.5, 0.5, 0.5]";
  EXPECT_EQ(only_warning(check), bytes);
  EXPECT_EQ(inconclusive(check), "");
  check.tried.clear();
  check.on_photographs.reset();
  EXPECT_EQ(only_warning(check), bytes);
}

TEST(CheckReport, ASideThatRunRefusesIsAWarning) {
  CaseCheck check = sound_check();
  check.spec.input_size = 299;
  EXPECT_EQ(
      only_warning(check),
      "wcam run will refuse it: input_size 299 is not a multiple of 8 (2^levels), and no --levels fit an "
      "odd one: take 296 or 304");
  check.spec.input_size = 228;
  EXPECT_NE(only_warning(check).find("take 224 or 232, or --levels 2"), std::string::npos);
}

TEST(CheckReport, WrongNamesAndAnAccuracyThatIsNotKnownAreWarnings) {
  CaseCheck check = sound_check();
  check.misnamed = "class 1 is 'goldfish'";
  EXPECT_EQ(only_warning(check), check.misnamed);
  check.misnamed.clear();
  check.tried.clear();
  check.not_checked = "no label is known";
  EXPECT_EQ(only_warning(check), "accuracy not checked: no label is known");
}

TEST(CheckReport, JsonHoldsWhatTheTextSays) {
  CaseCheck broken;
  broken.spec.name = "gone";
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
