// What two plans must agree in to be those of one study, and what each disagreement is called.
#include "analysis/tables/joined_plan.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "common/base/error.h"

namespace wcam {
namespace {

std::string digest(char letter) { return std::string(64, letter); }

CaseSpec made_case(const std::string& name, char digit) {
  CaseSpec one;
  one.name = name;
  one.sha256 = digest(digit);
  one.classes = {"cat", "dog"};
  return one;
}

Plan plan() {
  Plan made;
  made.images = {{"cat.png", digest('a')}, {"dog.png", digest('b')}};
  made.variants = {"corruptions/contrast/1", "corruptions/contrast/3"};
  made.cases = {made_case("baseline", '1'), made_case("adv", '2')};
  made.selection.sample_size = 2;
  return made;
}

Plan changed(const std::function<void(Plan&)>& change) {
  Plan made = plan();
  change(made);
  return made;
}

std::string refusal(const Plan& a, const Plan& b) {
  try {
    join_plans({a, b});
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

std::vector<std::string> names(const JoinedPlan& study) {
  std::vector<std::string> found;
  for (const PlannedImage& image : study.plan.images) found.push_back(image.path);
  return found;
}

TEST(JoinedPlan, OfOtherImagesAndCasesHasThemAllTheFirstFirst) {
  const JoinedPlan study = join_plans({plan(), changed([](Plan& b) {
                                         b.images = {{"bee.png", digest('c')}, {"dog.png", digest('b')}};
                                         b.cases = {made_case("vit", '3'), made_case("baseline", '1')};
                                         b.variants = {"corruptions/contrast/3", "corruptions/contrast/1"};
                                         b.selection.rule = SelectionRule::kPublished;
                                       })});
  EXPECT_EQ(names(study), (std::vector<std::string>{"cat.png", "dog.png", "bee.png"}));
  ASSERT_EQ(study.plan.cases.size(), 3U);
  EXPECT_EQ(study.plan.cases[2].name, "vit");
  EXPECT_EQ(study.images, (std::vector<std::vector<std::uint32_t>>{{0, 1}, {2, 1}}));
  EXPECT_EQ(study.cases, (std::vector<std::vector<std::uint16_t>>{{0, 1}, {2, 0}}));
  ASSERT_EQ(study.remarks.size(), 1U);
  EXPECT_EQ(
      study.remarks.front(),
      "Cases that chose the images: adv, baseline in A, baseline, vit in B; a sweep's images are those of "
      "which some variant changes the prediction of each of its cases.");
}

TEST(JoinedPlan, KnowsAnImageByItsContent) {
  const JoinedPlan study = join_plans({plan(), changed([](Plan& b) {
                                         b.images = {{"cat.png", digest('c')}, {"tom.png", digest('a')}};
                                       })});
  EXPECT_EQ(names(study), (std::vector<std::string>{"cat.png", "dog.png", "cat.png (cccccccccccc)"}));
  EXPECT_EQ(study.images[1], (std::vector<std::uint32_t>{2, 0}));
  ASSERT_EQ(study.remarks.size(), 1U);
  EXPECT_EQ(study.remarks.front(),
            "1 image of B has a name that means another file before: they are told apart by their SHA-256.");
}

TEST(JoinedPlan, CopiesOfOneFileStayAsManyAsASweepHas) {
  const Plan copies = changed([](Plan& b) {
    b.images = {{"copy.png", digest('a')}, {"cat.png", digest('a')}, {"third.png", digest('a')}};
  });
  const JoinedPlan study = join_plans({plan(), copies});
  EXPECT_EQ(names(study), (std::vector<std::string>{"cat.png", "dog.png", "copy.png", "third.png"}));
  EXPECT_EQ(study.images[1], (std::vector<std::uint32_t>{2, 0, 3}));
  EXPECT_EQ(join_plans({copies, copies}).plan.images.size(), 3U);
}

TEST(JoinedPlan, WhatDecidesANumberIsRefusedWithBothValuesAndTheRemedy) {
  struct Disagreement {
    std::function<void(Plan&)> change;
    std::string said;
  };
  const std::vector<Disagreement> disagreements{
      {[](Plan& b) { b.wcam.nb_design = 8; },
       "nb_design: 4 in A, 8 in B (wcam run --extend --nb-design can raise the smaller)"},
      {[](Plan& b) { b.wcam.grid = 16; },
       "grid: 28 in A, 16 in B (compute one of them anew with the other's --grid)"},
      {[](Plan& b) { b.wcam.levels = 2; }, "levels: 3 in A, 2 in B"},
      {[](Plan& b) { b.wcam.mode = Mode::kCorrected; }, "mode: reference in A, corrected in B"},
      {[](Plan& b) { b.wcam.approximation = Approximation::kKeep; },
       "approximation: perturb in A, keep in B"},
      {[](Plan& b) { b.wcam.sampler = Sampler::kHalton; }, "sampler: sobol in A, halton in B"},
      {[](Plan& b) { b.wcam.design_seed = 7; },
       "design_seed: 42 in A, 7 in B (compute one of them anew with the other's --design-seed)"},
      {[](Plan& b) { b.wcam.estimator = Estimator::kJanon; }, "estimator: jansen in A, janon in B"},
      {[](Plan& b) { b.wcam.order = Order::kFirst; }, "order: total in A, first in B"},
      {[](Plan& b) { b.wcam.design = digest('d'); }, "design: none in A, dddd"},
      {[](Plan& b) { b.seed = 96; },
       "seed: 95 in A, 96 in B (it decides what corruptions do; compute one of them anew with the other's "
       "--seed)"},
      {[](Plan& b) { b.perturbation = "imagenet-c"; }, "perturbation: corruptions in A, imagenet-c in B"},
      {[](Plan& b) { b.variants.push_back("corruptions/jpeg/5"); },
       "variants: 2 in A, 3 with corruptions/jpeg/5 in B (wcam run --extend --corruptions"},
      {[](Plan& b) { b.variants[0] = "corruptions/jpeg/5"; },
       "variants: 2 with corruptions/contrast/1 in A, 2 with corruptions/jpeg/5 in B"},
      {[](Plan& b) {
         b.frost_overlays = {{"ice.png", digest('f')}};
       },
       "frost overlays: none in A, ffffffffffff in B"},
      {[](Plan& b) { b.selection.rule = SelectionRule::kAll; },
       "select: published in A, all in B (published chooses"},
      {[](Plan& b) { b.selection.max_altered = 3; },
       "max_altered: 5 in A, 3 in B (wcam run --extend can raise the smaller)"},
      {[](Plan& b) { b.selection.max_unaffected = 0; }, "max_unaffected: 1 in A, 0 in B"},
      {[](Plan& b) { b.selection.matched_controls = true; }, "matched controls: no in A, yes in B"},
      {[](Plan& b) { b.selection.only_correct = true; }, "only correct sources: no in A, yes in B"},
      {[](Plan& b) { b.cases[1].sha256 = digest('9'); },
       "case adv, SHA-256: 222222222222 in A, 999999999999 in B (--rename B:adv=adv2 lets both stand as "
       "cases)"},
      {[](Plan& b) { b.cases[1].mean[2] = 0.5; },
       "case adv, mean: 0.485,0.456,0.406 in A, 0.485,0.456,0.5 in B"},
      {[](Plan& b) { b.cases[1].std[0] = 0.5; }, "case adv, std: "},
      {[](Plan& b) {
         for (CaseSpec& one : b.cases) one.input_size = 192;
       },
       "input_size: 224 in A, 192 in B (all cases of a study see the same pixels)"},
      {[](Plan& b) {
         for (CaseSpec& one : b.cases) one.resize = 232;
       },
       "resize: 256 in A, 232 in B"},
      {[](Plan& b) { b.images[0].variants_sha256 = digest('e'); },
       "image cat.png, SHA-256 of its variants:  in A, eeeeeeeeeeee in B"},
  };
  for (const Disagreement& one : disagreements) {
    const std::string said = refusal(plan(), changed(one.change));
    EXPECT_EQ(
        said.rfind("these sweeps are not one study, since they differ in what decides a number:\n  ", 0), 0U);
    EXPECT_NE(said.find(one.said), std::string::npos) << said << "\nwanted: " << one.said;
    EXPECT_EQ(said.find("\n", said.find("\n") + 1), std::string::npos) << "one line each: " << said;
  }
}

TEST(JoinedPlan, AllThatDiffersIsListedOfEverySweep) {
  try {
    join_plans({plan(), changed([](Plan& b) { b.seed = 1; }), changed([](Plan& c) {
                  c.wcam.nb_design = 16;
                  c.cases[0].sha256 = digest('7');
                })});
    FAIL();
  } catch (const InputError& error) {
    const std::string said = error.what();
    for (const std::string line : {"seed: 95 in A, 1 in B", "nb_design: 4 in A, 16 in C",
                                   "case baseline, SHA-256: 111111111111 in A, 777777777777 in C (--rename "
                                   "C:baseline=baseline3"})
      EXPECT_NE(said.find(line), std::string::npos) << said;
  }
}

TEST(JoinedPlan, TrueLabelsMustAgreeAndAreTakenFromWhoKnowsThem) {
  const auto labelled = [](std::int64_t of_cat) {
    return changed([&](Plan& made) {
      made.images[0].true_label = of_cat;
      made.images[1].true_label = 1;
    });
  };
  EXPECT_NE(refusal(labelled(0), labelled(1))
                .find("image cat.png, true label: 0 in A, 1 in B (one of the lists of --labels is wrong)"),
            std::string::npos);
  const JoinedPlan study = join_plans({plan(), labelled(0)});
  EXPECT_EQ(study.plan.images[0].true_label, 0);
  EXPECT_TRUE(study.remarks.empty());
  const JoinedPlan partly = join_plans({labelled(0), changed([](Plan& b) {
                                          b.images = {{"bee.png", digest('c')}};
                                        })});
  ASSERT_EQ(partly.remarks.size(), 1U);
  EXPECT_EQ(
      partly.remarks.front(),
      "True labels are known of 2 of 3 images, and not used: wcam run --extend --labels adds the others.");
}

// Under `all` nothing is chosen by its outcome, so that the sizes of the choice mean nothing.
TEST(JoinedPlan, WhatDecidesNothingMayDiffer) {
  const auto all = [](const std::function<void(Plan&)>& change) {
    return changed([&](Plan& made) {
      made.selection.rule = SelectionRule::kAll;
      change(made);
    });
  };
  const JoinedPlan study = join_plans({all([](Plan&) {}), all([](Plan& b) {
                                         b.selection.max_altered = 2;
                                         b.selection.matched_controls = true;
                                         b.explain.insert(LabelKind::kSource);
                                         b.replicates = 2;
                                         b.cases[0].file = "elsewhere.pt";
                                         b.cases[0].classes = {};
                                         b.images_root = "elsewhere";
                                         b.selection.rule = SelectionRule::kListed;
                                       })});
  EXPECT_EQ(study.plan.replicates, 1);
  EXPECT_TRUE(study.plan.explain.contains(LabelKind::kSource));
  EXPECT_EQ(
      study.remarks,
      (std::vector<std::string>{
          "Labels explained: predicted in A, predicted,source in B; what is said of a label is of the images "
          "that were explained for it.",
          "Replicates: 1 in A, 2 in B; noise is taken from what all of them have.",
          "Selection: all in A, listed in B; what a file lists was chosen by whoever wrote it.",
          "Matched controls: no in A, yes in B; pairs of equal severity are those of the sweeps that have "
          "them."}));
}

TEST(JoinedPlan, AFileGoesWithEachRuleButNoRuleWithAnother) {
  const auto with = [](SelectionRule rule) {
    return changed([=](Plan& made) { made.selection.rule = rule; });
  };
  const Plan published = with(SelectionRule::kPublished), all = with(SelectionRule::kAll),
             listed = changed([](Plan&made) {
               made.selection.rule = SelectionRule::kListed;
               made.selection.max_altered = 1;
             });
  EXPECT_EQ(join_plans({listed, published}).remarks,
            std::vector<std::string>{
                "Selection: listed in A, published in B; what a file lists was chosen by whoever wrote it."});
  try {
    join_plans({listed, published, all});
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("select: published in B, all in C"), std::string::npos);
  }
}

TEST(JoinedPlan, OneNetworkUnderTwoNamesIsRemarked) {
  const JoinedPlan study = join_plans({plan(), changed([](Plan& b) {
                                         b.cases[1].name = "robust";
                                         b.selection.rule = SelectionRule::kPublished;
                                       })});
  EXPECT_EQ(study.plan.cases.size(), 3U);
  EXPECT_EQ(study.remarks.front(),
            "Case robust of B is the same network as adv of A: under one name (--rename) they are one case.");
}

}  // namespace
}  // namespace wcam
