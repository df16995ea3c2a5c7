#include "coordinator/queue/selection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

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
