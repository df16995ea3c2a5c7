#include "common/study/extension.h"

#include <gtest/gtest.h>

#include "common/base/error.h"

namespace wcam {
namespace {

using Names = std::vector<std::string>;

CaseSpec case_named(const std::string& name, char digit = '1') {
  CaseSpec c;
  c.name = name;
  c.file = "/models/" + name + ".pt";
  c.sha256 = std::string(64, digit);
  return c;
}

Plan small_plan() {
  Plan plan;
  plan.images = {{"a.png", std::string(64, 'a')}, {"b.png", std::string(64, 'b')}};
  plan.variants = {"corruptions/jpeg/1", "corruptions/jpeg/5"};
  plan.cases = {case_named("vgg"), case_named("adv")};
  plan.selection.sample_size = 2;
  plan.images_root = "/images";
  return plan;
}

std::string refusal(const Plan& in_sweep, const Plan& asked) {
  try {
    extended(in_sweep, asked, {});
  } catch (const InputError& e) {
    return e.what();
  }
  return "";
}

Names names_of(const Plan& plan) {
  Names names;
  for (const CaseSpec& c : plan.cases) names.push_back(c.name);
  return names;
}

TEST(Extension, HasWhatTheSweepHasFirstAndNamesItsParent) {
  Plan asked = small_plan();
  asked.variants = {"corruptions/fog/3", "corruptions/jpeg/5", "corruptions/jpeg/1"};
  asked.cases = {case_named("sin"), case_named("adv")};
  asked.explain = {LabelKind::kSource};
  asked.replicates = 3;
  asked.selection.sample_size = 5;
  asked.images.push_back({"c.png", std::string(64, 'c')});
  const Plan grown = extended(small_plan(), asked, {"b.png"});
  check(grown);
  EXPECT_EQ(grown.variants, (Names{"corruptions/jpeg/1", "corruptions/jpeg/5", "corruptions/fog/3"}));
  EXPECT_EQ(names_of(grown), (Names{"vgg", "adv", "sin"}));
  EXPECT_EQ(grown.explain, (LabelKinds{LabelKind::kPredicted, LabelKind::kSource}));
  ASSERT_EQ(grown.earlier.size(), 1U);
  EXPECT_EQ(grown.earlier[0].sweep_id, sweep_id(small_plan()));
  EXPECT_EQ(grown.earlier[0].sample, Names{"b.png"});
  EXPECT_EQ(grown.predict_blocks(), (std::vector<PredictBlock>{{0, 3}, {3, 4}}));
  const Plan read = plan_from_json_text(to_json_text(grown), "plan.json");
  EXPECT_EQ(read.earlier, grown.earlier);
  EXPECT_EQ(sweep_id(read), sweep_id(grown));
  EXPECT_EQ(
      additions(small_plan(), grown),
      (Names{"1 case: sin", "1 variant: corruptions/fog/3", "1 image: c.png", "sample size: 5 instead of 2",
             "replicates: 3 instead of 1", "labels explained: predicted,source instead of predicted"}));
}

TEST(Extension, OfNothingIsTheSweepItself) {
  const Plan same = extended(small_plan(), in_order_of(small_plan(), small_plan()), {"a.png"});
  EXPECT_EQ(sweep_id(same), sweep_id(small_plan()));
  EXPECT_TRUE(additions(small_plan(), same).empty());
}

TEST(Extension, OfAnExtensionNamesBoth) {
  Plan asked = small_plan();
  asked.replicates = 2;
  const Plan once = extended(small_plan(), asked, {"a.png"});
  asked = once;
  asked.variants.emplace_back("corruptions/fog/3");
  const Plan twice = extended(once, asked, {"a.png", "b.png"});
  check(twice);
  ASSERT_EQ(twice.earlier.size(), 2U);
  EXPECT_EQ(twice.earlier[1].sweep_id, sweep_id(once));
  EXPECT_EQ(twice.predict_blocks(), (std::vector<PredictBlock>{{0, 3}, {3, 4}}))
      << "one for each set of variants";
  EXPECT_EQ(twice.sweep_ids(), (Names{sweep_id(twice), sweep_id(small_plan()), sweep_id(once)}));
}

TEST(Extension, ByDesignPointsSaysOfEachEarlierPlanHowManyItHad) {
  Plan asked = small_plan();
  asked.replicates = 2;
  const Plan once = extended(small_plan(), asked, {"a.png"});
  asked.wcam.nb_design = 8;
  const Plan eight = extended(once, asked, {"a.png"});
  EXPECT_EQ(additions(once, eight), Names{"design points: 8 instead of 4"});
  asked.wcam.nb_design = 32;
  const Plan plan = extended(eight, asked, {"a.png"});
  check(plan);
  const Plan read = plan_from_json_text(to_json_text(plan), "plan.json");
  EXPECT_EQ(read.earlier, plan.earlier);
  ASSERT_EQ(read.earlier.size(), 3U);
  EXPECT_EQ(read.earlier[0].nb_design, 4);
  EXPECT_EQ(read.earlier[1].nb_design, 4);
  EXPECT_EQ(read.earlier[2].nb_design, 8);
  for (const Plan& before : {small_plan(), once, eight}) EXPECT_TRUE(plan.had_fewer_points(sweep_id(before)));
  EXPECT_FALSE(plan.had_fewer_points(sweep_id(plan)));
  EXPECT_FALSE(once.had_fewer_points(sweep_id(small_plan())));

  Plan drawn_for_their_number = small_plan();
  drawn_for_their_number.wcam.sampler = Sampler::kLatinHypercube;
  asked.wcam.sampler = Sampler::kLatinHypercube;
  EXPECT_NE(refusal(drawn_for_their_number, asked).find("nb_design: 4 in the sweep, 32 asked"),
            std::string::npos);
}

TEST(Extension, LeavesWhatThereIsAsItIs) {
  const auto refuses = [](auto change, const std::string& line) {
    Plan asked = small_plan();
    change(asked);
    const std::string text = refusal(small_plan(), asked);
    EXPECT_NE(text.find("\n  " + line), std::string::npos) << text;
  };
  refuses([](Plan& p) { p.wcam.grid = 8; }, "grid: 28 in the sweep, 8 asked");
  refuses([](Plan& p) { p.wcam.nb_design = 2; }, "nb_design: 4 in the sweep, 2 asked");
  refuses([](Plan& p) { p.wcam.sufficient = true; }, "sufficient: no in the sweep, yes asked");
  refuses([](Plan& p) { p.seed = 1; }, "seed: 95 in the sweep, 1 asked");
  refuses([](Plan& p) { p.cases[0].sha256 = std::string(64, '9'); }, "case vgg, SHA-256");
  refuses([](Plan& p) { p.images[1].sha256 = std::string(64, '9'); }, "image b.png");
  refuses([](Plan& p) { p.images.pop_back(); }, "image b.png: in the sweep, not asked");
  refuses([](Plan& p) { p.selection.sample_size = 1; }, "sample_size: 2 in the sweep, 1 asked");
  refuses([](Plan& p) { p.selection.max_altered = 1; }, "max_altered: 5 in the sweep, 1 asked");
  refuses([](Plan& p) { p.selection.matched_controls = true; },
          "matched controls: no in the sweep, yes asked");
  refuses([](Plan& p) { p.selection.rule = SelectionRule::kAll; },
          "select: published in the sweep, all asked");
}

TEST(Extension, OfAListKeepsItsLinesWhateverTheNumbersOfTheirNames) {
  Plan listed = small_plan();
  listed.selection.rule = SelectionRule::kListed;
  listed.selection.lists = {{{1, 0}}, {{0, 1}}};
  listed.selection.list_of_image = {0, 1};
  Plan asked = listed;
  asked.cases = {case_named("adv"), case_named("vgg")};
  asked.selection.lists = {{{0, 1}, {1, 1}}, {{0, 0}}};  // the same two, and the source of a.png under vgg
  const Plan grown = extended(listed, asked, {"b.png", "a.png"});
  check(grown);
  EXPECT_EQ(grown.selection.lists, (std::vector<std::vector<ListedWcam>>{{{0, 0}, {1, 0}}, {{0, 1}}}));
  EXPECT_EQ(grown.earlier[0].selection.list_of_image, (std::vector<std::uint32_t>{1, 0})) << "by rank";
  asked.selection.lists = {{{0, 1}}, {{0, 0}}};
  EXPECT_NE(refusal(listed, asked).find("WCAM of a.png, corruptions/jpeg/1, vgg: in the sweep, not asked"),
            std::string::npos);
}

}  // namespace
}  // namespace wcam
