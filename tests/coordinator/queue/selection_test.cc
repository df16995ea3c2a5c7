#include "coordinator/queue/selection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "tests/coordinator/rig.h"

namespace wcam {
namespace {

// One image, as many cases and variants as the labels have.
Plan plan_for(const std::vector<Labels>& labels, const std::string& image = "a.png") {
  Plan plan;
  plan.images = {{image, std::string(64, 'a')}};
  for (std::size_t v = 1; v < labels.at(0).size(); ++v)
    plan.variants.push_back("corruptions/made-up/" + std::to_string(v));
  for (std::size_t c = 0; c < labels.size(); ++c) {
    plan.cases.emplace_back();
    plan.cases.back().name = "case" + std::to_string(c);
  }
  return plan;
}

// Labels of one case of which these variants (from 1) are affected: the source is 0, affected ones are 100 +
// variant.
Labels affected(int count, const std::set<int>& which) {
  Labels labels(static_cast<std::size_t>(count) + 1, 0);
  for (const int v : which) labels[static_cast<std::size_t>(v)] = 100 + v;
  return labels;
}

std::vector<int> of_role(const Decision& decision, std::uint16_t case_index, Role role) {
  std::vector<int> chosen;
  for (const ExplainChoice& c : decision.choices)
    if (c.case_index == case_index && c.role == role) chosen.push_back(c.variant);
  return chosen;
}

Decision decide(const std::vector<Labels>& labels, int max_altered = 5, std::uint64_t seed = 95,
                const std::string& image = "a.png") {
  Plan plan = plan_for(labels, image);
  plan.selection.max_altered = max_altered;
  plan.seed = seed;
  return select(plan, 0, labels);
}

// case:variant/number of each choice with this role, "0:3/1 1:3/0".
std::string numbered(const Decision& decision, Role role) {
  std::string text;
  for (const ExplainChoice& c : decision.choices)
    if (c.role == role)
      text += (text.empty() ? "" : " ") + std::to_string(c.case_index) + ":" + std::to_string(c.variant) +
              "/" + std::to_string(c.role_index);
  return text;
}

Decision decide_all(const std::vector<Labels>& labels) {
  Plan plan = plan_for(labels);
  plan.selection.rule = SelectionRule::kAll;
  return select(plan, 0, labels);
}

Decision decide_listed(const std::vector<Labels>& labels, const std::vector<ListedWcam>& list) {
  Plan plan = plan_for(labels);
  plan.selection.rule = SelectionRule::kListed;
  plan.selection.lists = {list};
  plan.selection.list_of_image = {0};
  return select(plan, 0, labels);
}

// published_arithmetic.md, P7: the published code forms (1 and 2) or 3 or 4 ..., crashes when there is a
// third case, and answers the union of the rest when 1 and 2 share nothing. Ours is the intersection.
struct Intersection {
  const char* name;
  std::vector<std::set<int>> affected;
  std::vector<int> altered;  // empty: not selected
};

TEST(Selection, AlteredVariantsAreThoseAffectedUnderEveryCase) {
  const std::vector<Intersection> table{
      {"one case", {{2, 4}}, {2, 4}},
      {"two cases", {{1, 2, 3}, {2, 3, 4}}, {2, 3}},
      {"three cases", {{1, 2, 3}, {2, 3, 4}, {3, 4, 5}}, {3}},
      {"P7: first two disjoint, the third is not the answer", {{1}, {2}, {5}}, {}},
      {"P7: a third case adds nothing", {{1, 2}, {2}, {2, 5}}, {2}},
      {"the last case alone empties it", {{1, 2}, {1, 2}, {3}}, {}},
      {"nothing affected anywhere", {{}, {}}, {}},
      {"nothing affected under one case", {{1, 2, 3}, {}}, {}},
      {"everything affected under all", {{1, 2, 3, 4, 5}, {1, 2, 3, 4, 5}}, {1, 2, 3, 4, 5}},
      {"four cases share one", {{1, 2}, {2, 3}, {2, 4}, {2, 5}}, {2}},
      {"P7: four cases, first two disjoint", {{1}, {2}, {3, 4}, {3, 4}}, {}},
  };
  for (const Intersection& row : table) {
    std::vector<Labels> labels;
    for (const auto& which : row.affected) labels.push_back(affected(5, which));
    const Decision decision = decide(labels);
    EXPECT_EQ(decision.selected, !row.altered.empty()) << row.name;
    EXPECT_EQ(decision.choices.empty(), row.altered.empty()) << row.name;
    EXPECT_EQ(decision.why.empty(), decision.selected) << row.name;
    for (std::uint16_t c = 0; decision.selected && c < labels.size(); ++c)
      EXPECT_EQ(of_role(decision, c, Role::kAltered), row.altered) << row.name << ", case " << c;
  }
}

TEST(Selection, OtherLabelsOfAnAffectedVariantNeedNotAgreeBetweenCases) {
  const Decision decision = decide({{1, 2, 1}, {1, 3, 1}});
  EXPECT_TRUE(decision.selected);
}

// published_arithmetic.md, P5: the published "stable" example is shifted by one; at 0 it is the source
// itself.
TEST(Selection, TheUnaffectedVariantIsUnaffectedUnderItsCaseAndNeverTheSource) {
  for (int image = 0; image < 100; ++image) {
    const std::vector<Labels> labels{affected(5, {1, 2}), affected(5, {1, 2, 3, 4})};
    const Decision decision = decide(labels, 5, 95, std::to_string(image));
    ASSERT_EQ(of_role(decision, 0, Role::kUnaffected).size(), 1U);
    EXPECT_GE(of_role(decision, 0, Role::kUnaffected)[0], 3);
    EXPECT_EQ(of_role(decision, 1, Role::kUnaffected), std::vector<int>{5});
  }
}

TEST(Selection, CasesShareTheUnaffectedVariantWhereTheyCan) {
  const Decision decision = decide({affected(5, {1}), affected(5, {1})});
  EXPECT_EQ(of_role(decision, 0, Role::kUnaffected), of_role(decision, 1, Role::kUnaffected));
}

TEST(Selection, ACaseWithEveryVariantAffectedHasNoUnaffectedOne) {
  const Decision decision = decide({affected(3, {1, 2, 3}), affected(3, {1})});
  EXPECT_TRUE(decision.selected);
  EXPECT_TRUE(of_role(decision, 0, Role::kUnaffected).empty());
  EXPECT_EQ(of_role(decision, 1, Role::kUnaffected).size(), 1U);
}

// published_arithmetic.md, P16: what is explained is what that case predicts for that image.
TEST(Selection, EveryChoiceExplainsItsOwnPrediction) {
  const std::vector<Labels> labels{{5, 6, 5, 7}, {5, 8, 9, 5}};
  const Decision decision = decide(labels);
  ASSERT_TRUE(decision.selected);
  for (const ExplainChoice& c : decision.choices) EXPECT_EQ(c.label, labels[c.case_index][c.variant]);
}

// published_arithmetic.md, P8: the published draw repeats variants.
TEST(Selection, AtMostMaxAlteredAreDrawnWithoutRepeats) {
  for (int image = 0; image < 200; ++image) {
    const Decision decision =
        decide({affected(20, {1, 3, 5, 7, 9, 11, 13, 15, 17, 19})}, 5, 95, std::to_string(image));
    const std::vector<int> altered = of_role(decision, 0, Role::kAltered);
    EXPECT_EQ(altered.size(), 5U);
    EXPECT_EQ(std::set<int>(altered.begin(), altered.end()).size(), 5U);
    EXPECT_TRUE(std::is_sorted(altered.begin(), altered.end())) << "in the plan's order";
    for (const int v : altered) EXPECT_EQ(v % 2, 1);
  }
}

TEST(Selection, RoleIndexCountsTheAlteredVariantsOfEachCase) {
  const Decision decision = decide({affected(5, {1, 2, 4}), affected(5, {1, 2, 4})});
  std::map<int, std::vector<int>> indices;
  for (const ExplainChoice& c : decision.choices) {
    if (c.role == Role::kAltered) indices[c.case_index].push_back(c.role_index);
    EXPECT_TRUE(c.role == Role::kAltered || c.role_index == 0);
  }
  EXPECT_EQ(indices[0], (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(indices[1], (std::vector<int>{0, 1, 2}));
}

// Each of the 20 is drawn 5 times in 20: over 2,000 images 500 times, standard deviation 19; 6 of those is
// never seen.
TEST(Selection, EveryAffectedVariantIsEquallyLikely) {
  std::set<int> all;
  for (int v = 1; v <= 20; ++v) all.insert(v);
  std::map<int, int> drawn;
  for (int image = 0; image < 2'000; ++image)
    for (const int v : of_role(decide({affected(20, all)}, 5, 95, std::to_string(image)), 0, Role::kAltered))
      ++drawn[v];
  for (int v = 1; v <= 20; ++v) EXPECT_NEAR(drawn[v], 500, 120) << v;
}

TEST(Selection, DependsOnSeedAndImageAlone) {
  std::set<int> all;
  for (int v = 1; v <= 20; ++v) all.insert(v);
  const auto altered = [&](std::uint64_t seed, const std::string& image) {
    return of_role(decide({affected(20, all)}, 5, seed, image), 0, Role::kAltered);
  };
  EXPECT_EQ(altered(95, "a.png"), altered(95, "a.png"));
  EXPECT_NE(altered(95, "a.png"), altered(96, "a.png"));
  EXPECT_NE(altered(95, "a.png"), altered(95, "b.png"));
}

TEST(Selection, ADrawnVariantStaysDrawnWhenOthersAreNoLongerAffected) {
  std::set<int> all;
  for (int v = 1; v <= 20; ++v) all.insert(v);
  const std::vector<int> before = of_role(decide({affected(20, all)}), 0, Role::kAltered);
  std::set<int> fewer(before.begin(), before.end());
  fewer.insert({1, 2});
  const std::vector<int> after = of_role(decide({affected(20, fewer)}), 0, Role::kAltered);
  EXPECT_EQ(after, before);
}

// published_arithmetic.md, P8: the published loop counts file numbers. An image counts once, however many of
// its variants are explained.
TEST(Selection, AnImageIsOneOfTheSampleHoweverManyVariantsAreExplained) {
  Plan plan = small_plan(12, 2, 3);
  plan.selection.max_altered = 4;
  Rig rig(plan);
  rig.finish("w");
  EXPECT_EQ(rig.state().selected(), 3U);
  EXPECT_GT(rig.state().jobs().tally(JobKind::kExplain)[JobState::kDone], 3U * 2U * 2U);
}

struct AllAsked {
  const char* name;
  std::vector<std::set<int>> affected;  // of 4 variants
  std::string altered, unaffected;      // case:variant/number; unaffected without their numbers' order
};

TEST(SelectAll, ExplainsEveryVariantUnderEveryCaseInTheRoleItHasThere) {
  const std::vector<AllAsked> table{
      {"one case", {{2, 4}}, "0:2/0 0:4/1", "0:1 0:3"},
      {"nothing affected", {{}, {}}, "", "0:1 0:2 0:3 0:4 1:1 1:2 1:3 1:4"},
      {"everything affected", {{1, 2, 3, 4}}, "0:1/0 0:2/1 0:3/2 0:4/3", ""},
      {"affected under most cases first, the number the same under all",
       {{1, 3}, {3}},
       "0:3/0 0:1/1 1:3/0",
       "0:2 0:4 1:1 1:2 1:4"},
      {"a case may lack number 0",
       {{1, 2}, {2}, {4}},
       "0:2/0 0:1/1 1:2/0 2:4/2",
       "0:3 0:4 1:1 1:3 1:4 2:1 2:2 2:3"},
  };
  for (const AllAsked& row : table) {
    std::vector<Labels> labels;
    for (const auto& which : row.affected) labels.push_back(affected(4, which));
    const Decision decision = decide_all(labels);
    EXPECT_TRUE(decision.selected) << row.name;
    EXPECT_EQ(numbered(decision, Role::kAltered), row.altered) << row.name;
    EXPECT_EQ(decision.choices.size(), labels.size() * 5) << row.name;
    std::string unaffected;
    for (std::uint16_t c = 0; c < labels.size(); ++c) {
      EXPECT_EQ(of_role(decision, c, Role::kSource), std::vector<int>{0}) << row.name;
      std::vector<int> which = of_role(decision, c, Role::kUnaffected);
      std::sort(which.begin(), which.end());
      for (const int v : which)
        unaffected += (unaffected.empty() ? "" : " ") + std::to_string(c) + ":" + std::to_string(v);
    }
    EXPECT_EQ(unaffected, row.unaffected) << row.name;
    for (const ExplainChoice& c : decision.choices)
      EXPECT_EQ(c.label, labels[c.case_index][c.variant]) << row.name;
  }
}

TEST(SelectAll, UnaffectedNumberZeroIsTheOneThatThePublishedRuleTakes) {
  const std::vector<Labels> labels{affected(20, {1, 2}), affected(20, {2, 3})};
  const Decision all = decide_all(labels), published = decide(labels);
  std::map<int, std::vector<int>> numbers;
  for (const ExplainChoice& c : all.choices) {
    if (c.role != Role::kUnaffected) continue;
    numbers[c.case_index].push_back(c.role_index);
    if (c.role_index != 0) continue;
    EXPECT_EQ(std::vector<int>{c.variant}, of_role(published, c.case_index, c.role));
  }
  for (const int c : {0, 1}) {
    ASSERT_EQ(numbers[c].size(), 18U);
    for (int i = 0; i < 18; ++i) EXPECT_EQ(numbers[c][static_cast<std::size_t>(i)], i);
  }
}

TEST(SelectAll, ManyVariantsKeepTheirNumbersApart) {
  std::set<int> most;
  for (int v = 1; v <= 300; ++v) most.insert(v);
  std::set<int> numbers;
  for (const ExplainChoice& c : decide_all({affected(300, most)}).choices)
    if (c.role == Role::kAltered) numbers.insert(c.role_index);
  EXPECT_EQ(numbers.size(), 300U);
}

// variant for label (what the label is) of a case's choices, "2:9(predicted) 2:0(source)"; replicates and
// sources left out.
std::string labelled(const Decision& decision, std::uint16_t case_index) {
  std::string text;
  for (const ExplainChoice& c : decision.choices)
    if (c.case_index == case_index && c.replicate == 0 && c.variant != 0)
      text += (text.empty() ? "" : " ") + std::to_string(c.variant) + ":" + std::to_string(c.label) + "(" +
              to_string(c.explained) + ")";
  return text;
}

TEST(ExplainedLabels, EachClassIsExplainedOnceAndSaysAllThatItIs) {
  const std::vector<Labels> labels{{5, 6, 5, 9}};  // variants 1 and 3 are affected, 2 is not
  struct Row {
    LabelKinds explain;
    std::optional<std::int64_t> true_label;
    std::string expected;
  };
  const LabelKind predicted = LabelKind::kPredicted, source = LabelKind::kSource, real = LabelKind::kTrue;
  const std::vector<Row> table{
      {{predicted}, {}, "1:6(predicted) 3:9(predicted) 2:5(predicted,source)"},
      {{source}, {}, "1:5(source) 3:5(source) 2:5(predicted,source)"},
      {{predicted, source},
       {},
       "1:6(predicted) 1:5(source) 3:9(predicted) 3:5(source) 2:5(predicted,source)"},
      {{real}, 5, "1:5(source,true) 3:5(source,true) 2:5(predicted,source,true)"},
      {{real}, 9, "1:9(true) 3:9(predicted,true) 2:9(true)"},
      {{source, real},
       9,
       "1:5(source) 1:9(true) 3:5(source) 3:9(predicted,true) 2:5(predicted,source) 2:9(true)"},
      {{predicted}, 6, "1:6(predicted,true) 3:9(predicted) 2:5(predicted,source)"},
      {{predicted, source, real},
       5,
       "1:6(predicted) 1:5(source,true) 3:9(predicted) 3:5(source,true) "
       "2:5(predicted,source,true)"},
  };
  for (const Row& row : table) {
    Plan plan = plan_for(labels);
    plan.explain = row.explain;
    plan.images[0].true_label = row.true_label;
    EXPECT_EQ(labelled(select(plan, 0, labels), 0), row.expected);
    EXPECT_LE(select(plan, 0, labels).choices.size(), most_wcams(plan));
  }
}

TEST(ExplainedLabels, EveryReplicateOfEachIsAJobOfItsOwn) {
  const std::vector<Labels> labels{{5, 6, 5, 9}, {5, 6, 6, 5}};
  Plan plan = plan_for(labels);
  plan.explain.insert(LabelKind::kSource);
  const Decision one = select(plan, 0, labels);
  plan.replicates = 3;
  const Decision three = select(plan, 0, labels);
  EXPECT_EQ(three.choices.size(), 3 * one.choices.size());
  SweepState state(plan);
  std::set<JobId> ids;
  for (const ExplainChoice& c : three.choices)
    ids.insert(state.job_id({JobKind::kExplain, 0, c.case_index, c.variant, c.role, c.role_index, 0, c.label,
                             c.explained, c.replicate, c.control_of}));
  EXPECT_EQ(ids.size(), three.choices.size());
}

// Ids of what earlier versions computed are what they were.
TEST(ExplainedLabels, ThePredictedOneOfThePublishedDesignHasItsOldId) {
  const Plan plan = plan_for({{5, 6}});
  JobSpec spec{JobKind::kExplain, 0, 0, 1, Role::kAltered};
  spec.explained = {LabelKind::kPredicted, LabelKind::kTrue};
  EXPECT_EQ(to_string(SweepState(plan).job_id(spec)), "2a07eb758b35df4a");
}

TEST(OnlyCorrect, LeavesOutImagesThatACaseTakesForSomethingElse) {
  const std::vector<Labels> labels{{5, 6}, {4, 6}};
  Plan plan = plan_for(labels);
  plan.images[0].true_label = 5;
  for (const SelectionRule rule : {SelectionRule::kPublished, SelectionRule::kAll}) {
    plan.selection.rule = rule;
    plan.selection.only_correct = false;
    EXPECT_TRUE(select(plan, 0, labels).selected);
    plan.selection.only_correct = true;
    const Decision decision = select(plan, 0, labels);
    EXPECT_FALSE(decision.selected);
    EXPECT_EQ(decision.why, "case case1 takes the source for another class than its true one");
    EXPECT_TRUE(select(plan, 0, std::vector<Labels>{labels[0], labels[0]}).selected);
  }
}

// "unaffected>altered" of a case's choices that are controls, with their severities: "contrast/2>jpeg/3".
std::string controls(const Plan& plan, const Decision& decision, std::uint16_t case_index) {
  const auto name = [&](std::uint16_t v) {
    return plan.variant_name(v).substr(plan.variant_name(v).find('/') + 1);
  };
  std::string text;
  for (const ExplainChoice& c : decision.choices)
    if (c.case_index == case_index && c.control_of != 0)
      text += (text.empty() ? "" : " ") + name(c.variant) + ">" + name(c.control_of);
  return text;
}

struct Matching {
  const char* name;
  std::vector<std::string> affected, unaffected;  // of the only case
  std::string expected;                           // by the altered variants' number
};

TEST(MatchedControls, AreOfTheSameSeverityElseTheNearest) {
  const std::vector<Matching> table{
      {"the same severity", {"a/3"}, {"b/1", "b/3", "b/5"}, "b/3>a/3"},
      {"the nearest", {"a/5"}, {"b/1", "b/3"}, "b/3>a/5"},
      {"the nearest on the other side", {"a/1"}, {"a/4", "a/2"}, "a/2>a/1"},
      {"one each, none twice", {"a/3", "b/3"}, {"c/3", "c/4"}, "c/3>a/3 c/4>b/3"},
      {"the same severity comes before who is first", {"a/2", "b/3"}, {"c/3"}, "c/3>b/3"},
      {"fewer than altered ones", {"a/1", "a/2", "a/3"}, {"b/2"}, "b/2>a/2"},
      {"none", {"a/1"}, {}, ""},
  };
  for (const Matching& row : table) {
    Plan plan = plan_for({{5}});
    Labels labels{5};
    for (const std::string& name : row.affected)
      plan.variants.push_back("corruptions/" + name), labels.push_back(6);
    for (const std::string& name : row.unaffected)
      plan.variants.push_back("corruptions/" + name), labels.push_back(5);
    plan.selection.matched_controls = true;
    for (const SelectionRule rule : {SelectionRule::kPublished, SelectionRule::kAll}) {
      plan.selection.rule = rule;
      const Decision decision = select(plan, 0, std::vector<Labels>{labels});
      std::set<std::string> found, expected;
      std::istringstream words(controls(plan, decision, 0)), wanted(row.expected);
      for (std::string word; words >> word;) found.insert(word);
      for (std::string word; wanted >> word;) expected.insert(word);
      EXPECT_EQ(found, expected) << row.name;
    }
  }
}

TEST(MatchedControls, WithoutSeveritiesAreDrawn) {
  Plan plan = plan_for({{5}});
  plan.perturbation = "folders";
  plan.variants = {"folders/fog", "folders/rain", "folders/snow", "folders/sun"};
  plan.selection.matched_controls = true;
  const std::vector<Labels> labels{{5, 6, 6, 5, 5}};
  const Decision decision = select(plan, 0, labels);
  std::set<int> altered, matched;
  for (const ExplainChoice& c : decision.choices)
    if (c.control_of != 0) altered.insert(c.control_of), matched.insert(c.variant);
  EXPECT_EQ(altered, (std::set<int>{1, 2}));
  EXPECT_EQ(matched, (std::set<int>{3, 4}));
}

// What is a control under one case is explained under all: where it affects the prediction, as one more
// altered variant, of the same number in all cases.
TEST(MatchedControls, TheSameVariantsAreExplainedUnderEveryCase) {
  Plan plan = plan_for({{5}, {5}});
  plan.variants = {"corruptions/a/3", "corruptions/b/3", "corruptions/c/3", "corruptions/d/1"};
  plan.selection.matched_controls = true;
  const std::vector<Labels> labels{{5, 6, 5, 6, 6}, {5, 6, 6, 5, 6}};  // a and d affect both
  const Decision decision = select(plan, 0, labels);
  EXPECT_EQ(controls(plan, decision, 0), "b/3>a/3");
  EXPECT_EQ(controls(plan, decision, 1), "c/3>a/3");
  const std::string altered = numbered(decision, Role::kAltered);
  EXPECT_TRUE(altered == "0:1/0 0:4/1 0:3/2 1:1/0 1:4/1 1:2/3" ||
              altered == "0:1/0 0:4/1 0:3/3 1:1/0 1:4/1 1:2/2")
      << altered;
  EXPECT_EQ(numbered(decision, Role::kUnaffected), "0:2/0 1:3/0");
}

TEST(MaxUnaffected, IsHowManyAreDrawnTheFirstBeingThePublishedOne) {
  const std::vector<Labels> labels{affected(6, {1, 2})};
  const int published = of_role(decide(labels), 0, Role::kUnaffected).at(0);
  Plan plan = plan_for(labels);
  for (int most = 0; most < 6; ++most) {
    plan.selection.max_unaffected = most;
    const std::vector<int> drawn = of_role(select(plan, 0, labels), 0, Role::kUnaffected);
    EXPECT_EQ(drawn.size(), static_cast<std::size_t>(std::min(most, 4)));
    if (most > 0) {
      EXPECT_EQ(drawn[0], published);
    }
    EXPECT_EQ(std::set<int>(drawn.begin(), drawn.end()).size(), drawn.size());
  }
}

// What was chosen keeps its numbers; a new case explains it too, and what the rule takes now comes behind it.
TEST(SelectExtended, KeepsWhatWasChosenAndAddsToIt) {
  const std::vector<Labels> labels{
      {5, 6, 5, 6}, {5, 6, 5, 6}, {5, 5, 5, 6}};  // under the third case 1 is unaffected
  Plan plan = plan_for(labels);
  const Plan before = [&] {
    Plan p = plan;
    p.cases.pop_back();
    p.variants = {plan.variants[0], plan.variants[1]};
    return p;
  }();
  const std::vector<Labels> then{{5, 6, 5}, {5, 6, 5}};
  const Decision first = select(before, 0, then);
  plan.earlier = {{"x", 2, 2, before.selection, before.explain, 1, {"a.png"}}};
  plan.replicates = 2;
  const Decision decision = select(plan, 0, labels);
  for (const ExplainChoice& c : first.choices)
    EXPECT_EQ(std::count(decision.choices.begin(), decision.choices.end(), c), 1);
  EXPECT_EQ(of_role(decision, 2, Role::kAltered), (std::vector<int>{3, 3}));
  EXPECT_EQ(numbered(decision, Role::kAltered),
            "0:1/0 0:1/0 0:3/1 0:3/1 1:1/0 1:1/0 1:3/1 1:3/1 2:3/1 2:3/1");
  EXPECT_EQ(of_role(decision, 2, Role::kUnaffected).at(0), 1) << "altered under the cases there were";
}

TEST(SelectListed, ExplainsExactlyWhatIsListedInTheRoleItHas) {
  const std::vector<Labels> labels{affected(4, {1, 3}), affected(4, {3, 4})};
  struct Row {
    const char* name;
    std::vector<ListedWcam> list;
    std::string source, altered, unaffected;
  };
  const std::vector<Row> table{
      {"the source under one case", {{0, 1}}, "1:0/0", "", ""},
      {"one affected", {{4, 1}}, "", "1:4/0", ""},
      {"the same unaffected elsewhere", {{4, 0}}, "", "", "0:4/0"},
      {"numbered among the listed alone", {{1, 0}, {3, 1}, {4, 1}}, "", "0:1/0 1:3/1 1:4/2", ""},
      {"affected under most of the listed cases first",
       {{1, 0}, {3, 0}, {3, 1}},
       "",
       "0:3/0 0:1/1 1:3/0",
       ""},
  };
  for (const Row& row : table) {
    const Decision decision = decide_listed(labels, row.list);
    EXPECT_TRUE(decision.selected) << row.name;
    EXPECT_EQ(decision.choices.size(), row.list.size()) << row.name;
    EXPECT_EQ(numbered(decision, Role::kSource), row.source) << row.name;
    EXPECT_EQ(numbered(decision, Role::kAltered), row.altered) << row.name;
    EXPECT_EQ(numbered(decision, Role::kUnaffected), row.unaffected) << row.name;
    for (const ExplainChoice& c : decision.choices)
      EXPECT_EQ(c.label, labels[c.case_index][c.variant]) << row.name;
  }
}

TEST(SelectListed, ASweepDoesEachListedWcamOnceInTheOrderOfTheList) {
  Plan plan = small_plan(3, 2, 3);
  plan.selection.rule = SelectionRule::kListed;
  plan.selection.lists = {{{0, 0}, {2, 1}}, {{1, 0}}};
  plan.selection.list_of_image = {1, 0, 1};
  check(plan);
  Rig rig(plan);
  rig.finish("w");
  const SweepState& state = rig.state();
  EXPECT_EQ(state.jobs().tally(JobKind::kExplain)[JobState::kDone], 4U);
  EXPECT_EQ(state.jobs().tally(JobKind::kPredict)[JobState::kDone], 6U);
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(state.planned(i).path, plan.images[i].path);
    EXPECT_EQ(state.images()[i].rank, std::optional(i));
  }
}

TEST(SelectAll, ASweepExplainsAsManyImagesAsAskedWhateverIsAffected) {
  Plan plan = small_plan(6, 2, 4);
  plan.selection.rule = SelectionRule::kAll;
  Rig rig(plan);
  rig.finish("w");
  EXPECT_EQ(rig.state().selected(), 4U);
  EXPECT_EQ(rig.state().jobs().tally(JobKind::kExplain)[JobState::kDone], 4U * 2U * 5U);
}

TEST(MostWcams, BoundsWhatASweepExplains) {
  Plan plan = small_plan(6, 2, 4);  // 4 variants, at most 2 altered
  EXPECT_EQ(most_wcams(plan), 4U * 2U * (1 + 2 + 1));
  plan.selection.max_altered = 5;
  EXPECT_EQ(most_wcams(plan), 4U * 2U * (1 + 4)) << "no more than there are variants";
  plan.selection.sample_size = 17;
  EXPECT_EQ(most_wcams(plan), 6U * 2U * (1 + 4)) << "no more than there are images";
  plan.selection.rule = SelectionRule::kAll;
  EXPECT_EQ(most_wcams(plan), 6U * 2U * 5U);
  plan.selection.rule = SelectionRule::kListed;
  plan.selection.lists = {{{0, 0}, {2, 1}}, {{1, 0}}};
  plan.selection.list_of_image = {1, 0, 1, 1, 1, 1};
  EXPECT_EQ(most_wcams(plan), 7U);
}

}  // namespace
}  // namespace wcam
