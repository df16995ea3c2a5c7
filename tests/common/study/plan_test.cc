#include "common/study/plan.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "common/base/error.h"
#include "common/study/perturbation.h"

namespace wcam {
namespace {

Plan small_plan() {
  Plan plan;
  plan.images = {{"a.png", std::string(64, '1')}, {"b/c.jpg", std::string(64, '2')}};
  plan.variants = variants_of("corruptions", {"contrast", "jpeg_compression"}, {1, 5});
  CaseSpec baseline;
  baseline.name = "baseline";
  baseline.file = "baseline.pt";
  baseline.sha256 = std::string(64, '3');
  baseline.classes = {"cat", "dog"};
  CaseSpec augmix = baseline;
  augmix.name = "augmix";
  plan.cases = {baseline, augmix};
  plan.images_root = "/images";
  return plan;
}

TEST(Plan, SurvivesItsTextUnchanged) {
  const Plan plan = small_plan();
  const Plan read = plan_from_json_text(to_json_text(plan), "plan.json");
  EXPECT_EQ(read.images, plan.images);
  EXPECT_EQ(read.variants, plan.variants);
  EXPECT_EQ(read.cases, plan.cases);
  EXPECT_EQ(read.wcam, plan.wcam);
  EXPECT_EQ(read.images_root, plan.images_root);
  EXPECT_EQ(sweep_id(read), sweep_id(plan));
}

Plan frosty_plan() {
  Plan plan = small_plan();
  plan.variants.push_back("corruptions/frost/1");
  plan.frost_overlays = {{"ice.png", std::string(64, '5')}, {"more/rime.jpg", std::string(64, '6')}};
  plan.frost_root = "/frost";
  return plan;
}

TEST(Plan, FrostOverlaysCountWhereverTheyAre) {
  const Plan plan = frosty_plan();
  EXPECT_NO_THROW(check(plan));
  const Plan read = plan_from_json_text(to_json_text(plan), "plan.json");
  EXPECT_EQ(read.frost_overlays, plan.frost_overlays);
  EXPECT_EQ(read.frost_root, plan.frost_root);
  Plan other = plan;
  other.frost_root = "/elsewhere";
  EXPECT_EQ(sweep_id(other), sweep_id(plan));
  other.frost_overlays[1].sha256.front() = '7';
  EXPECT_NE(sweep_id(other), sweep_id(plan));
  other.frost_overlays.erase(other.frost_overlays.begin());
  EXPECT_EQ(
      differences(plan, other),
      (std::vector<std::string>{
          "frost overlay ice.png: in the sweep, not asked",
          "frost overlay more/rime.jpg: SHA-256 666666666666 in the sweep, SHA-256 766666666666 asked"}));
}

TEST(Plan, NamesNoFileOutsideItsFolders) {
  for (const std::string path : {"../a.png", "/etc/passwd", "b/../../a.png", "b/..", "..", ""}) {
    const auto refused = [&](const Plan& plan) {
      try {
        plan_from_json_text(to_json_text(plan), "the coordinator's plan");
      } catch (const InputError& e) {
        return std::string(e.what());
      }
      return std::string("nothing");
    };
    const std::string why =
        "the coordinator's plan names '" + path + "', which is outside the folder of its kind";
    Plan image = small_plan();
    image.images[1].path = path;
    EXPECT_EQ(refused(image), why);
    Plan overlay = frosty_plan();
    overlay.frost_overlays[0].path = path;
    EXPECT_EQ(refused(overlay), why);
    Plan variant = small_plan();
    variant.variants_root = "/variants";
    variant.images[0].variant_stem = path;
    variant.images[1].variant_stem = "b/c";
    EXPECT_EQ(refused(variant), why);
  }
}

TEST(Plan, MovingTheDataDoesNotChangeTheSweep) {
  Plan moved = small_plan();
  moved.images_root = "/elsewhere";
  moved.cases[0].file = "/elsewhere/baseline.pt";
  EXPECT_EQ(sweep_id(moved), sweep_id(small_plan()));
  EXPECT_TRUE(differences(small_plan(), moved).empty());
}

// The last image's variants lie elsewhere than it does.
Plan editing_plan() {
  Plan plan = small_plan();
  plan.perturbation = "editing";
  plan.variants = {"editing/background_20", "editing/size-0.1"};
  plan.images[0].variants_sha256 = std::string(64, '5');
  plan.images[0].variant_stem = "a";
  plan.images[1].variants_sha256 = std::string(64, '6');
  plan.images[1].variant_stem = "c";
  plan.variants_root = "/variants";
  return plan;
}

TEST(Plan, OfVariantsOnDiskSurvivesItsTextUnchanged) {
  const Plan plan = editing_plan();
  const Plan read = plan_from_json_text(to_json_text(plan), "plan.json");
  EXPECT_EQ(read.images, plan.images);
  EXPECT_EQ(read.variants, plan.variants);
  EXPECT_EQ(read.variants_root, plan.variants_root);
  EXPECT_EQ(sweep_id(read), sweep_id(plan));
  EXPECT_EQ(read.find_image("b/c.jpg").variant_stem, "c");
  EXPECT_THROW(read.find_image("c.jpg"), InputError);
  EXPECT_THROW(read.find_image("z.jpg"), InputError);
}

TEST(Plan, TrueLabelsAreOfItsIdentityWhereTheyAreKnown) {
  Plan plan = small_plan();
  EXPECT_EQ(to_json_text(plan).find("true_label"), std::string::npos)
      << "sweeps without labels keep their ids";
  plan.images[1].true_label = 7;
  const Plan read = plan_from_json_text(to_json_text(plan), "plan.json");
  EXPECT_EQ(read.images, plan.images);
  EXPECT_NE(sweep_id(plan), sweep_id(small_plan()));
  const std::vector<std::string> lines = differences(small_plan(), plan);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(lines[0].ends_with(" of class 7 asked")) << lines[0];
}

TEST(Plan, MovingTheVariantsDoesNotChangeTheSweepButOtherPixelsDo) {
  Plan moved = editing_plan();
  moved.variants_root = "/elsewhere";
  moved.images[0].variant_stem = "deeper/a";
  EXPECT_EQ(sweep_id(moved), sweep_id(editing_plan()));
  EXPECT_TRUE(differences(editing_plan(), moved).empty());
  Plan changed = editing_plan();
  changed.images[0].variants_sha256 = std::string(64, '7');
  EXPECT_NE(sweep_id(changed), sweep_id(editing_plan()));
  const std::string before = "SHA-256 111111111111 with variants of ";
  EXPECT_EQ(differences(editing_plan(), changed),
            (std::vector<std::string>{"image a.png: " + before + "555555555555 in the sweep, " + before +
                                      "777777777777 asked"}));
}

TEST(Plan, WhatWasNotTakenIsKeptAndDecidesNothing) {
  Plan plan = small_plan();
  EXPECT_EQ(to_json_text(plan).find("provenance"), std::string::npos) << "as it was written before";
  plan.not_taken = {"not taken from /images: 1 hidden"};
  EXPECT_EQ(plan_from_json_text(to_json_text(plan), "plan.json").not_taken, plan.not_taken);
  EXPECT_EQ(sweep_id(plan), sweep_id(small_plan()));
  EXPECT_TRUE(differences(plan, small_plan()).empty());
}

TEST(Plan, EveryNumberThatCountsChangesTheSweepAndIsListed) {
  const auto differs = [](auto change, const std::string& line) {
    Plan other = small_plan();
    change(other);
    EXPECT_NE(sweep_id(other), sweep_id(small_plan())) << line;
    EXPECT_EQ(differences(small_plan(), other), std::vector<std::string>{line});
  };
  differs([](Plan& p) { p.seed = 96; }, "seed: 95 in the sweep, 96 asked");
  differs([](Plan& p) { p.wcam.grid = 8; }, "grid: 28 in the sweep, 8 asked");
  differs([](Plan& p) { p.wcam.mode = Mode::kCorrected; }, "mode: reference in the sweep, corrected asked");
  differs([](Plan& p) { p.wcam.sufficient = true; }, "sufficient: no in the sweep, yes asked");
  differs([](Plan& p) { p.selection.sample_size = 3; }, "sample_size: 17 in the sweep, 3 asked");
  differs([](Plan& p) { p.selection.max_altered = 3; }, "max_altered: 5 in the sweep, 3 asked");
  differs([](Plan& p) { p.selection.max_unaffected = 3; }, "max_unaffected: 1 in the sweep, 3 asked");
  differs([](Plan& p) { p.selection.matched_controls = true; },
          "matched controls: no in the sweep, yes asked");
  differs([](Plan& p) { p.selection.only_correct = true; },
          "only correct sources: no in the sweep, yes asked");
  differs([](Plan& p) { p.explain.insert(LabelKind::kSource); },
          "explain: predicted in the sweep, predicted,source asked");
  differs([](Plan& p) { p.replicates = 2; }, "replicates: 1 in the sweep, 2 asked");
  differs([](Plan& p) { p.selection.rule = SelectionRule::kAll; },
          "select: published in the sweep, all asked");
  differs([](Plan& p) { p.variants.pop_back(); }, "variant corruptions/jpeg/5: in the sweep, not asked");
  differs([](Plan& p) { p.cases.pop_back(); }, "case augmix: in the sweep, not asked");
  differs(
      [](Plan& p) {
        p.images.push_back({"d.png", std::string(64, '4')});
      },
      "image d.png: asked, not in the sweep");
  differs([](Plan& p) { p.variants = {p.variants[0]}; },
          "variants corruptions/contrast/5, corruptions/jpeg/1, corruptions/jpeg/5: in the sweep, not asked");
  differs([](Plan& p) { p.cases[0].sha256 = std::string(64, '4'); },
          "case baseline, SHA-256: 333333333333 in the sweep, 444444444444 asked");
  differs(
      [](Plan& p) {
        p.cases[0].mean = {0.5, 0.5, 0.5};
      },
      "case baseline, mean: 0.485,0.456,0.406 in the sweep, 0.5,0.5,0.5 asked");
  differs([](Plan& p) { p.cases[1].std[2] = 1; },
          "case augmix, std: 0.229,0.224,0.225 in the sweep, 0.229,0.224,1.0 asked");
  differs([](Plan& p) { p.cases[0].classes = {}; },
          "case baseline, classes: 2 names in the sweep, none asked");
  differs([](Plan& p) { p.cases[0].classes[1] = std::string(100, 'x'); },
          "case baseline, name of class 1: 'dog' in the sweep, '" + std::string(60, 'x') + "...' asked");
  differs(
      [](Plan& p) {
        for (char c = 'e'; c < 'k'; ++c)
          p.images.push_back({std::string(1, c) + ".png", std::string(64, '4')});
      },
      "images e.png, f.png, g.png and 3 more: asked, not in the sweep");
  differs([](Plan& p) { std::swap(p.cases[0], p.cases[1]); },
          "the order of cases, variants or images differs");
}

// Two images, four variants, two cases.
Plan listed_plan() {
  Plan plan = small_plan();
  plan.selection.rule = SelectionRule::kListed;
  plan.selection.sample_size = 2;
  plan.selection.lists = {{{0, 0}, {1, 1}}, {{4, 0}}};
  plan.selection.list_of_image = {1, 0};
  return plan;
}

TEST(Plan, SurvivesItsTextUnderEverySelectionRule) {
  Plan all = small_plan();
  all.selection.rule = SelectionRule::kAll;
  for (const Plan& plan : {small_plan(), all, listed_plan()}) {
    const Plan read = plan_from_json_text(to_json_text(plan), "plan.json");
    EXPECT_EQ(read.selection, plan.selection) << to_string(plan.selection.rule);
    EXPECT_EQ(sweep_id(read), sweep_id(plan)) << to_string(plan.selection.rule);
  }
}

TEST(Plan, SurvivesItsTextWithLabelsReplicatesAndControls) {
  Plan plan = small_plan();
  plan.explain = {LabelKind::kSource, LabelKind::kTrue};
  plan.replicates = 3;
  plan.selection.max_unaffected = 0;
  plan.selection.matched_controls = plan.selection.only_correct = true;
  for (PlannedImage& image : plan.images) image.true_label = 1;
  check(plan);
  const Plan read = plan_from_json_text(to_json_text(plan), "plan.json");
  EXPECT_EQ(read.selection, plan.selection);
  EXPECT_EQ(read.explain, plan.explain);
  EXPECT_EQ(read.replicates, 3);
  EXPECT_EQ(read.images, plan.images);
  EXPECT_EQ(sweep_id(read), sweep_id(plan));
}

TEST(Plan, AsksForSufficientCellsInAKeyThatOthersLack) {
  EXPECT_EQ(to_json_text(small_plan()).find("sufficient"), std::string::npos)
      << "sweeps that do not ask keep their ids";
  Plan asking = small_plan();
  asking.wcam.sufficient = true;
  EXPECT_TRUE(plan_from_json_text(to_json_text(asking), "plan.json").wcam.sufficient);
  EXPECT_FALSE(plan_from_json_text(to_json_text(small_plan()), "plan.json").wcam.sufficient);
  EXPECT_NE(sweep_id(asking), sweep_id(small_plan()));
  EXPECT_EQ(differences(asking, small_plan()),
            std::vector<std::string>{"sufficient: yes in the sweep, no asked"});
}

// An earlier version would compute something else from it.
TEST(Plan, ThatSaysWhatEarlierVersionsDoNotKnowHasAnotherFormat) {
  const auto has_format = [](const Plan& plan, int format) {
    return to_json_text(plan).find("\"format\": " + std::to_string(format)) != std::string::npos;
  };
  EXPECT_TRUE(has_format(small_plan(), 1));
  const auto has_format_2 = [&](auto change) {
    Plan plan = small_plan();
    change(plan);
    return has_format(plan, 2);
  };
  EXPECT_TRUE(has_format_2([](Plan& p) { p.replicates = 2; }));
  EXPECT_TRUE(has_format_2([](Plan& p) { p.wcam.sufficient = true; }));
  EXPECT_TRUE(has_format_2([](Plan& p) { p.explain = {LabelKind::kSource}; }));
  EXPECT_TRUE(has_format_2([](Plan& p) { p.selection.max_unaffected = 2; }));
  EXPECT_TRUE(has_format_2([](Plan& p) { p.selection.matched_controls = true; }));
  EXPECT_TRUE(has_format_2([](Plan& p) { p.selection.only_correct = true; }));
  EXPECT_TRUE(has_format_2([](Plan& p) { p.images[0].true_label = 0; }));
}

// As it was written before there was another rule: sweeps of then can be resumed.
TEST(Plan, OfThePublishedRuleNamesNoRule) {
  EXPECT_EQ(to_json(small_plan().selection).dump(), R"({"max_altered":5,"sample_size":17})");
}

TEST(Plan, AnotherSelectFileIsAnotherSweepAndSaysWhatItAsksFor) {
  Plan other = listed_plan();
  other.selection.lists[1] = {{3, 0}, {4, 0}};
  EXPECT_NE(sweep_id(other), sweep_id(listed_plan()));
  EXPECT_EQ(differences(listed_plan(), other),
            std::vector<std::string>{"WCAM of a.png, corruptions/jpeg/1, baseline: asked, not in the sweep"});
  EXPECT_EQ(differences(other, listed_plan()),
            std::vector<std::string>{"WCAM of a.png, corruptions/jpeg/1, baseline: in the sweep, not asked"});
  Plan reordered = listed_plan();
  std::swap(reordered.images[0], reordered.images[1]);
  std::swap(reordered.selection.list_of_image[0], reordered.selection.list_of_image[1]);
  EXPECT_NE(sweep_id(reordered), sweep_id(listed_plan()));
  EXPECT_EQ(differences(listed_plan(), reordered),
            std::vector<std::string>{"the order of cases, variants or images differs"});
}

TEST(Plan, RefusesNumbersThatItCannotHoldInsteadOfTakingOthers) {
  const std::string text = to_json_text(listed_plan());
  const auto refuses = [&](const std::string& key, const std::string& number) {
    nlohmann::json document = nlohmann::json::parse(text);
    document.at(nlohmann::json::json_pointer(key)) = nlohmann::json::parse(number);
    try {
      plan_from_json_text(document.dump(), "plan.json");
      return false;
    } catch (const InputError&) {
      return true;
    }
  };
  EXPECT_FALSE(refuses("/seed", "18446744073709551615"));
  for (const char* number : {"-1", "0.5", "1e300", "true", "\"1\""})
    EXPECT_TRUE(refuses("/seed", number)) << number;
  for (const char* key :
       {"/format", "/cases/0/input_size", "/cases/0/resize", "/cases/0/class_list", "/wcam/grid",
        "/wcam/nb_design", "/wcam/levels", "/wcam/design_seed", "/selection/sample_size",
        "/selection/lists/0/0/0", "/selection/lists/0/0/1", "/selection/list_of_image/0"})
    for (const char* number : {"1e300", "1.5", "-4294967295"})
      EXPECT_TRUE(refuses(key, number)) << key << number;
}

TEST(Plan, RefusesLabelsThatAreNotKnown) {
  const auto refusal = [](auto change) {
    Plan plan = small_plan();
    change(plan);
    try {
      check(plan);
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_EQ(refusal([](Plan& p) { p.explain = {LabelKind::kTrue}; }),
            "the true label is to be explained and not known: give --labels");
  EXPECT_EQ(
      refusal([](Plan& p) { p.selection.only_correct = true; }),
      "only images that are classified rightly are wanted, and what is right is not known: give --labels");
  EXPECT_EQ(
      refusal([](Plan& p) { p.images[0].true_label = 1; }),
      "1 of " + std::to_string(small_plan().images.size()) + " images have a true label: all or none must");
  EXPECT_EQ(refusal([](Plan& p) { p.explain = {}; }),
            "no label is explained: name predicted, source or true");
  EXPECT_EQ(refusal([](Plan& p) { p.replicates = 101; }), "replicates 101 is outside 1 to 100");
}

TEST(Plan, RefusesWhatCannotBeRunNamingIt) {
  const auto refused = [](auto change) -> std::string {
    Plan plan = small_plan();
    change(plan);
    try {
      check(plan);
    } catch (const std::exception& e) {
      return e.what();
    }
    return "accepted";
  };
  EXPECT_EQ(refused([](Plan&) {}), "accepted");
  EXPECT_EQ(refused([](Plan& p) { p.variants.push_back("corruptions/frost/5"); }),
            "frost without overlays: name a folder of photographs of frosted glass");
  const auto refused_list = [&](auto change) {
    return refused([&](Plan& p) {
      p = listed_plan();
      change(p.selection);
    });
  };
  EXPECT_EQ(refused_list([](SelectionSettings&) {}), "accepted");
  EXPECT_EQ(refused_list([](SelectionSettings& s) {
              s.lists[0] = {{5, 0}};
            }),
            "a list of WCAMs names variant 5 and case 0, the plan has 4 variants and 2 cases");
  EXPECT_EQ(refused_list([](SelectionSettings& s) {
              s.lists[0] = {{0, 2}};
            }),
            "a list of WCAMs names variant 0 and case 2, the plan has 4 variants and 2 cases");
  EXPECT_EQ(refused_list([](SelectionSettings& s) { s.lists[0].clear(); }), "a list of WCAMs is empty");
  EXPECT_EQ(refused_list([](SelectionSettings& s) {
              s.lists[0] = {{1, 0}, {1, 0}};
            }),
            "a list of WCAMs is not in ascending order");
  EXPECT_EQ(refused_list([](SelectionSettings& s) { s.list_of_image = {0}; }),
            "lists of WCAMs for 1 images and a sample of 2, the plan has 2 images");
  EXPECT_EQ(refused_list([](SelectionSettings& s) { s.list_of_image[1] = 2; }),
            "list of WCAMs 2 is not among the 2 there are");
  EXPECT_EQ(refused([](Plan& p) { p.images.clear(); }), "no image in /images");
  EXPECT_EQ(refused([](Plan& p) { p.variants.resize(70'000); }),
            "70000 variants, a sweep has at most 10000: choose some, or split them over several sweeps");
  EXPECT_EQ(refused([](Plan& p) { p.wcam.nb_design = 6; }),
            "--nb-design 6 is not a power of two: a Sobol sequence is balanced only then");
  EXPECT_EQ(refused([](Plan& p) { p.wcam.grid = 1; }), "--grid 1 is outside 2 to 112");
  EXPECT_EQ(refused([](Plan& p) { p.cases[1].name = "baseline"; }), "case 'baseline' is named twice");
  EXPECT_EQ(
      refused([](Plan& p) { p.cases[1].resize = 300; }),
      "case 'augmix' wants resize 300 and input_size 224, case 'baseline' 256 and 224: all cases of a sweep "
      "see the same pixels");
  EXPECT_EQ(refused([](Plan& p) { p.cases[0].input_size = p.cases[1].input_size = 228; }),
            "input_size 228 is not a multiple of 8 (2^levels): take 224 or 232, or --levels 2");
  EXPECT_EQ(refused([](Plan& p) { p.cases[0].input_size = p.cases[1].input_size = 225; }),
            "input_size 225 is not a multiple of 8 (2^levels), and no --levels fit an odd one: take 224 or "
            "232");
  EXPECT_EQ(refused([](Plan& p) {
              p.wcam.grid = 40;
              p.cases[0].input_size = p.cases[1].input_size = 32;
            }),
            "input_size 32 is below the 40 cells a side of --grid 40: use a smaller --grid");
}

}  // namespace
}  // namespace wcam
