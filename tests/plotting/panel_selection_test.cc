#include "plotting/panel_selection.h"

#include <gtest/gtest.h>

namespace wcam {
namespace {

ProfileRow profile(std::uint32_t rank, const std::string& case_name, Role role, std::uint32_t role_index,
                   const std::string& variant) {
  ProfileRow row;
  row.rank = rank;
  row.image = "image_" + std::to_string(rank) + ".jpg";
  row.perturbation = "corruptions";
  row.case_name = case_name;
  row.role = role;
  row.role_index = role_index;
  row.variant = variant;
  return row;
}

// As Results orders them. Image 2 is just being explained.
const std::vector<ProfileRow> kProfiles{
    profile(0, "baseline", Role::kSource, 0, "source"),
    profile(0, "baseline", Role::kAltered, 0, "corruptions/jpeg/3"),
    profile(0, "baseline", Role::kAltered, 1, "corruptions/jpeg/5"),
    profile(0, "baseline", Role::kUnaffected, 0, "corruptions/jpeg/1"),
    profile(0, "sin", Role::kSource, 0, "source"),
    profile(0, "sin", Role::kAltered, 0, "corruptions/jpeg/3"),
    profile(2, "baseline", Role::kAltered, 1, "corruptions/contrast/5"),
    profile(2, "sin", Role::kSource, 0, "source"),
};

using Row = std::optional<std::size_t>;

TEST(ExplainedImages, AreThoseOfTheSampleWithProfiles) {
  const std::vector<ExplainedImage> expected{{0, "image_0.jpg", "corruptions", 0, 6},
                                             {2, "image_2.jpg", "corruptions", 6, 2}};
  EXPECT_EQ(explained_images(kProfiles), expected);
  EXPECT_TRUE(explained_images({}).empty());
}

TEST(Figure4Rows, AChosenVariantTakesThePlaceOfItsRole) {
  const auto images = explained_images(kProfiles);
  const auto rows = [&](const VariantChoice& choice) {
    return figure4_rows(kProfiles, images[0], "baseline", choice);
  };
  const Figure4Rows stronger = rows({.variant = "corruptions/jpeg/5", .role_index = {}});
  EXPECT_EQ(stronger.affected, Row(2));
  EXPECT_EQ(stronger.unaffected, Row(3)) << "the other place keeps its own";
  EXPECT_EQ(rows({.variant = "corruptions/jpeg/1", .role_index = {}}).affected, Row(1)) << "it is unaffected";
  EXPECT_EQ(rows({.variant = {}, .role_index = 1}).affected, Row(2));
  EXPECT_EQ(rows({.variant = {}, .role_index = 2}).affected, Row());
}

// One image under one case, as Results orders them: the altered variant's predicted label is not yet there.
std::vector<ProfileRow> profiles_of_labels() {
  std::vector<ProfileRow> rows;
  const auto add = [&](Role role, const std::string& variant, LabelKinds explained, std::uint32_t replicate) {
    rows.push_back(profile(0, "baseline", role, 0, variant));
    rows.back().explained = explained;
    rows.back().replicate = replicate;
  };
  using enum LabelKind;
  add(Role::kSource, "source", {kPredicted, kSource}, 0);
  add(Role::kSource, "source", {kPredicted, kSource}, 1);
  add(Role::kSource, "source", {kTrue}, 0);
  add(Role::kAltered, "corruptions/jpeg/3", {kSource}, 0);
  add(Role::kAltered, "corruptions/jpeg/3", {kTrue}, 1);
  return rows;
}

TEST(ReadableLabels, AreInTheirOrder) {
  EXPECT_EQ(readable_labels({LabelKind::kTrue, LabelKind::kSource}), "source, true");
  EXPECT_EQ(readable_labels({}), "");
}

TEST(Figure4Rows, AreOfTheLabelAndReplicateChosenOrThePredictedOneOrWhatIsThere) {
  const std::vector<ProfileRow> profiles = profiles_of_labels();
  const auto rows = [&](std::optional<LabelKind> label, std::optional<std::uint32_t> replicate) {
    VariantChoice choice;
    choice.label = label;
    choice.replicate = replicate;
    const Figure4Rows found = figure4_rows(profiles, explained_images(profiles)[0], "baseline", choice);
    const std::vector<std::string> cases{"baseline"};
    const Figure5Rows five = figure5_rows(profiles, explained_images(profiles)[0], cases, choice);
    EXPECT_EQ(five.columns[0].source, found.source);
    EXPECT_EQ(five.columns[0].altered, found.affected);
    return std::vector<Row>{found.source, found.affected};
  };
  EXPECT_EQ(rows({}, {}), (std::vector<Row>{0, 3}));
  EXPECT_EQ(rows(LabelKind::kPredicted, {}), (std::vector<Row>{0, {}}));
  EXPECT_EQ(rows(LabelKind::kSource, {}), (std::vector<Row>{0, 3}));
  EXPECT_EQ(rows(LabelKind::kTrue, {}), (std::vector<Row>{2, 4}));
  EXPECT_EQ(rows({}, 1), (std::vector<Row>{1, 4}));
  EXPECT_EQ(rows(LabelKind::kTrue, 0), (std::vector<Row>{2, {}}));
}

TEST(Figure5Rows, ShowAChosenVariantUnderEveryCaseThatHasIt) {
  const auto images = explained_images(kProfiles);
  const std::vector<std::string> cases{"baseline", "sin"};
  const auto altered = [&](const VariantChoice& choice) {
    const Figure5Rows rows = figure5_rows(kProfiles, images[0], cases, choice);
    return std::vector<Row>{rows.columns[0].altered, rows.columns[1].altered};
  };
  EXPECT_EQ(altered({.variant = "corruptions/jpeg/1", .role_index = {}}), (std::vector<Row>{3, {}}));
  EXPECT_EQ(altered({.variant = {}, .role_index = 1}), (std::vector<Row>{2, {}}));
  EXPECT_EQ(altered({}), (std::vector<Row>{1, 5}));
}

TEST(Figure4Rows, AreChosenByRole) {
  struct Claim {
    std::size_t image;
    std::string case_name;
    Row source, unaffected, affected;
  };
  const std::vector<Claim> claims{{0, "baseline", 0, 3, 1},
                                  {0, "sin", 4, {}, 5},
                                  {0, "unknown", {}, {}, {}},
                                  {1, "baseline", {}, {}, 6},  // only altered variant 1 is there
                                  {1, "sin", 7, {}, {}}};
  const auto images = explained_images(kProfiles);
  for (const Claim& claim : claims) {
    const Figure4Rows rows = figure4_rows(kProfiles, images[claim.image], claim.case_name);
    EXPECT_EQ(rows.source, claim.source) << claim.image << claim.case_name;
    EXPECT_EQ(rows.unaffected, claim.unaffected) << claim.image << claim.case_name;
    EXPECT_EQ(rows.affected, claim.affected) << claim.image << claim.case_name;
  }
}

TEST(Figure5Rows, AreAColumnACaseInTheOrderAskedFor) {
  const std::vector<std::string> cases{"sin", "baseline", "adv"};
  const auto rows = figure5_rows(kProfiles, explained_images(kProfiles)[0], cases);
  ASSERT_EQ(rows.columns.size(), 3u);
  EXPECT_EQ(rows.columns[0].source, Row{4});
  EXPECT_EQ(rows.columns[0].altered, Row{5});
  EXPECT_EQ(rows.columns[1].source, Row{0});
  EXPECT_EQ(rows.columns[1].altered, Row{1});
  EXPECT_EQ(rows.columns[2].source, Row{});
  EXPECT_EQ(rows.any_source(), Row{4});
}

TEST(Figure5Rows, OfAnImageJustBegunHaveNoAlteredPicture) {
  const std::vector<ProfileRow> profiles{profile(0, "sin", Role::kSource, 0, "source")};
  const std::vector<std::string> cases{"baseline", "sin"};
  const auto rows = figure5_rows(profiles, explained_images(profiles)[0], cases);
  EXPECT_EQ(rows.any_source(), Row{0});
  EXPECT_EQ(rows.any_altered(), Row{});
}

// A sweep that explains every variant: jpeg/5 is affected under both cases, jpeg/3 under "sin" alone.
const std::vector<ProfileRow> kAllProfiles{
    profile(0, "baseline", Role::kAltered, 0, "corruptions/jpeg/5"),
    profile(0, "baseline", Role::kUnaffected, 0, "corruptions/jpeg/1"),
    profile(0, "baseline", Role::kUnaffected, 1, "corruptions/jpeg/3"),
    profile(0, "sin", Role::kAltered, 0, "corruptions/jpeg/5"),
    profile(0, "sin", Role::kAltered, 1, "corruptions/jpeg/3"),
    profile(0, "sin", Role::kUnaffected, 0, "corruptions/jpeg/1"),
    // An image with jpeg/3 affected under "sin" alone.
    profile(1, "baseline", Role::kUnaffected, 0, "corruptions/jpeg/1"),
    profile(1, "baseline", Role::kUnaffected, 1, "corruptions/jpeg/3"),
    profile(1, "sin", Role::kAltered, 0, "corruptions/jpeg/3"),
    profile(1, "sin", Role::kUnaffected, 0, "corruptions/jpeg/1"),
};

TEST(Figure4Rows, OfASweepOfEverythingAreTheFirstOfEachRole) {
  const auto rows = figure4_rows(kAllProfiles, explained_images(kAllProfiles)[0], "sin");
  EXPECT_EQ(rows.affected, Row{3});
  EXPECT_EQ(rows.unaffected, Row{5});
  EXPECT_EQ(figure4_rows(kAllProfiles, explained_images(kAllProfiles)[1], "baseline").affected, Row{});
}

TEST(Figure5Rows, AllShowTheSameVariantWhetherItAffectsTheirCaseOrNot) {
  struct Claim {
    std::size_t image;
    std::vector<std::string> cases;
    std::vector<Row> altered;
  };
  const std::vector<Claim> claims{{0, {"baseline", "sin"}, {0, 3}},
                                  {1, {"baseline", "sin"}, {7, 8}},
                                  {1, {"baseline"}, {7}}};  // affected under a case that is not shown
  for (const Claim& claim : claims) {
    const auto rows = figure5_rows(kAllProfiles, explained_images(kAllProfiles)[claim.image], claim.cases);
    for (std::size_t i = 0; i < claim.cases.size(); ++i)
      EXPECT_EQ(rows.columns[i].altered, claim.altered[i]) << claim.image << claim.cases[i];
  }
}

PredictionRow prediction(const std::string& case_name, const std::string& variant, std::int64_t label) {
  PredictionRow row;
  row.image = "a.jpg";
  row.case_name = case_name;
  row.variant = variant;
  row.label = label;
  return row;
}

TEST(PredictedKinds, TellVariantsLabelledLikeTheSourceFromOthers) {
  const std::vector<PredictionRow> rows{prediction("both", "corruptions/jpeg/1", 300),
                                        prediction("both", "source", 300),
                                        prediction("both", "corruptions/jpeg/2", 7),
                                        prediction("fragile", "source", 300),
                                        prediction("fragile", "corruptions/jpeg/1", 8),
                                        prediction("fragile", "corruptions/jpeg/2", 7),
                                        prediction("robust", "source", 300),
                                        prediction("robust", "corruptions/jpeg/1", 300),
                                        prediction("sourceless", "corruptions/jpeg/2", 7)};
  const PredictedKinds expected{
      {{"a.jpg", "both"}, {1, 1, 0}}, {{"a.jpg", "fragile"}, {2, 0, 0}}, {{"a.jpg", "robust"}, {0, 1, 0}}};
  EXPECT_EQ(predicted_kinds(rows), expected);
}

TEST(PredictedKinds, CountTheVariantsThatAffectEveryCase) {
  const std::vector<PredictionRow> rows{prediction("sin", "source", 1),
                                        prediction("sin", "corruptions/jpeg/1", 2),
                                        prediction("sin", "corruptions/jpeg/2", 2),
                                        prediction("vit", "source", 1),
                                        prediction("vit", "corruptions/jpeg/1", 1),
                                        prediction("vit", "corruptions/jpeg/2", 3)};
  const PredictedKinds expected{{{"a.jpg", "sin"}, {2, 0, 1}}, {{"a.jpg", "vit"}, {1, 1, 1}}};
  EXPECT_EQ(predicted_kinds(rows), expected);
}

// An image under two cases: three of its variants affect both, and one leaves each as it is.
class AllChosen : public testing::Test {
 protected:
  AllChosen() {
    plan.cases.resize(2);
    plan.cases[0].name = "baseline";
    plan.cases[1].name = "sin";
    plan.selection.max_altered = 2;
    kinds = {{{"image_0.jpg", "baseline"}, {3, 1, 3}}, {{"image_0.jpg", "sin"}, {3, 1, 3}}};
    rows = {profile(0, "baseline", Role::kAltered, 0, "corruptions/jpeg/3"),
            profile(0, "baseline", Role::kUnaffected, 0, "corruptions/jpeg/1"),
            profile(0, "sin", Role::kAltered, 1, "corruptions/jpeg/5"),
            profile(0, "sin", Role::kUnaffected, 0, "corruptions/jpeg/1")};
  }
  bool are_there() const { return all_chosen_are_there(rows, plan, kinds); }

  Plan plan;
  PredictedKinds kinds;
  std::vector<ProfileRow> rows;
};

TEST_F(AllChosen, AreThereWhenTheirNumbersAreReached) {
  EXPECT_TRUE(are_there());
  plan.selection.max_altered = 3;
  EXPECT_FALSE(are_there()) << "an altered one is to come";
  plan.selection.max_altered = 2;
  plan.selection.max_unaffected = 2;
  EXPECT_TRUE(are_there()) << "there is but one";
  kinds.at({"image_0.jpg", "sin"}).unaffected = 2;
  EXPECT_FALSE(are_there()) << "an unaffected one of one case is to come";
}

TEST_F(AllChosen, OfMatchedControlsAreOneAnAlteredVariantAndCase) {
  plan.selection.matched_controls = true;
  EXPECT_FALSE(are_there()) << "what is no control of its case was drawn for another";
  rows[1].control_of = rows[3].control_of = "corruptions/jpeg/3";
  EXPECT_TRUE(are_there());
  rows[2].role_index = 2;
  EXPECT_FALSE(are_there()) << "a control that affects this case is not one of the two altered ones";
}

TEST_F(AllChosen, IsNotSaidWhereItIsNotKnown) {
  plan.earlier.resize(1);
  EXPECT_FALSE(are_there());
  plan.earlier.clear();
  plan.selection.rule = SelectionRule::kAll;
  EXPECT_FALSE(are_there());
  plan.selection.rule = SelectionRule::kPublished;
  kinds.erase({"image_0.jpg", "sin"});
  EXPECT_FALSE(are_there());
}

TEST(ReadableVariant, SaysNameAndSeverity) {
  EXPECT_EQ(readable_variant("corruptions/motion-blur/3"), "motion-blur, severity 3");
  EXPECT_EQ(readable_variant("imagenet-c/motion-blur/3"), "motion-blur, severity 3");
  EXPECT_EQ(readable_variant("editing/background-20"), "background-20");
  EXPECT_EQ(readable_variant("folders/size 0.5"), "size 0.5");
  EXPECT_EQ(readable_variant("source"), "source");
}

TEST(QuantityOf, NamesTheIndexThatWasEstimated) {
  EXPECT_EQ(quantity_of("jansen-total"), "Total-order Sobol index");
  EXPECT_EQ(quantity_of("jansen-first"), "First-order Sobol index");
  EXPECT_EQ(quantity_of("gradient"), "Sobol index");
}

}  // namespace
}  // namespace wcam
