#include "coordinator/commands/forecast.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/base/error.h"
#include "coordinator/commands/forecast_text.h"
#include "tests/coordinator/rig.h"

namespace wcam {
namespace {

// 12 images, 4 variants, 2 cases, at most 2 altered, a sample of 3; a WCAM is 4 * (16 + 1) + 1 forwards.
Plan plan_of(SelectionRule rule = SelectionRule::kPublished) {
  Plan plan = small_plan(12, 2, 3);
  plan.wcam.grid = 4;
  plan.selection.rule = rule;
  return plan;
}

Plan listed_plan() {
  Plan plan = plan_of(SelectionRule::kListed);
  plan.images.resize(3);
  plan.selection.lists = {{{0, 0}, {2, 0}, {2, 1}}, {{1, 0}}};
  plan.selection.list_of_image = {1, 0, 1};
  return plan;
}

Prospect begun(const Counts& counts) { return prospect_of(counts, plan_of()); }

Measurement measured(double image_seconds = 0.01) {
  return {{{"case0", 1, image_seconds, 0}, {"case1", 1, image_seconds, 0}}, 0.5, 50'000, 1 << 28};
}

TEST(Forecast, CountsTheJobsOfEachRule) {
  struct Row {
    const char* name;
    Plan plan;
    Range predict, explain;
  };
  Plan few = plan_of();
  few.images.resize(2);
  const Row table[] = {
      {"published: as predictions will have it", plan_of(), {3 * 2, 12 * 2}, {0, 3 * 2 * (1 + 2 + 1)}},
      {"published, fewer images than asked for", few, {2 * 2, 2 * 2}, {0, 2 * 2 * (1 + 2 + 1)}},
      {"all: known beforehand", plan_of(SelectionRule::kAll), {3 * 2, 3 * 2}, {3 * 2 * 5, 3 * 2 * 5}},
      {"listed: known beforehand", listed_plan(), {3 * 2, 3 * 2}, {5, 5}},
  };
  for (const Row& row : table) {
    const Forecast f = forecast(row.plan, std::nullopt, {}, {});
    EXPECT_EQ(f.predict_jobs, row.predict) << row.name;
    EXPECT_EQ(f.explain_jobs, row.explain) << row.name;
    EXPECT_EQ(f.forwards_per_predict, 5U) << row.name;
    EXPECT_EQ(f.forwards_per_wcam, 69U) << row.name;
    EXPECT_DOUBLE_EQ(f.forwards().high, row.predict.high * 5 + row.explain.high * 69) << row.name;
    EXPECT_FALSE(f.seconds) << row.name;
  }
}

TEST(Forecast, OfASweepThatHasBegunIsWhatIsLeft) {
  Counts half = Counts{};  // 4 images decided, 1 selected; its 8 WCAMs half done
  half.images_decided = 4;
  half.images_selected = 1;
  half.predict.in_state = {2, 1, 9, 0, 0};
  half.explain.in_state = {3, 1, 4, 0, 0};
  const Forecast f = forecast(plan_of(), begun(half), {}, {});
  EXPECT_EQ(f.predict_jobs, (Range{3, 24 - 9}));
  EXPECT_EQ(f.explain_jobs, (Range{4, 4 + 2 * 8}));

  Counts filled = half;
  filled.images_selected = 3;
  filled.predict.in_state = {0, 0, 12, 0, 0};
  EXPECT_EQ(forecast(plan_of(), begun(filled), {}, {}).predict_jobs, (Range{0, 0})) << "the sample is full";
  EXPECT_EQ(forecast(plan_of(), begun(filled), {}, {}).explain_jobs, (Range{4, 4}));

  Counts all = Counts{};
  all.images_decided = all.images_selected = 1;
  all.predict.in_state = {2, 0, 2, 0, 0};
  all.explain.in_state = {4, 0, 6, 0, 0};
  EXPECT_EQ(forecast(plan_of(SelectionRule::kAll), begun(all), {}, {}).predict_jobs, (Range{4, 4}));
  EXPECT_EQ(forecast(plan_of(SelectionRule::kAll), begun(all), {}, {}).explain_jobs,
            (Range{4 + 2 * 10, 4 + 2 * 10}));

  half.course = Course::kCancelled;
  EXPECT_EQ(forecast(plan_of(), begun(half), {}, {}).explain_jobs, (Range{4, 4}))
      << "no image is decided any more";
}

TEST(Forecast, OfWcamsThatGetMoreDesignPointsOnlyTheNewOnesCost) {
  Plan plan = plan_of(SelectionRule::kAll);  // grid 4: N (1 + 16) forwards and the unmasked one
  plan.wcam.nb_design = 8;
  plan.earlier.push_back({std::string(64, 'a'), 2, 3, plan.selection, plan.explain, 1, {}, 4});
  Prospect prospect;
  prospect.to_deepen = 10;
  const Forecast whole = forecast(plan, Prospect{}, {}, {}), f = forecast(plan, prospect, {}, {});
  EXPECT_EQ(f.explain_jobs, whole.explain_jobs);
  EXPECT_DOUBLE_EQ(f.forwards().high, whole.forwards().high - 10 * 4 * 17);
  const Measurement m = measured();
  EXPECT_NEAR(forecast(plan, prospect, {&m, 1}, {}).seconds->high,
              forecast(plan, Prospect{}, {&m, 1}, {}).seconds->high - 10 * 4 * 17 * 0.01, 1e-6);
}

TEST(Forecast, TimeIsTheWorkDividedByTheSpeedOfAllWorkers) {
  const Plan plan = plan_of(SelectionRule::kAll);
  const std::vector<Measurement> one{measured()}, two{measured(), measured()},
      mixed{measured(), measured(0.02)};
  // Batches of 8: a prediction of 5 images costs 8, a WCAM of 69 costs 72. Both cases are loaded once.
  const double work = 6 * (0.5 + 8 * 0.01) + 30 * (0.5 / 5 + 72 * 0.01);
  const double slower = 6 * (0.5 + 8 * 0.02) + 30 * (0.5 / 5 + 72 * 0.02);
  EXPECT_NEAR(forecast(plan, std::nullopt, one, {1, 8}).seconds->high, work + 2, 1e-9);
  EXPECT_NEAR(forecast(plan, std::nullopt, two, {2, 8}).seconds->low, work / 2 + 2, 1e-9);
  EXPECT_NEAR(forecast(plan, std::nullopt, mixed, {2, 8}).seconds->high, 1 / (1 / work + 1 / slower) + 2,
              1e-9);
  const Forecast f = forecast(plan, std::nullopt, mixed, {2, 8});
  EXPECT_NEAR(f.cases[0].wcam_seconds, 0.1 + 72 * 0.015, 1e-9);
  EXPECT_EQ(f.memory_bytes, 1U << 28);
}

TEST(Forecast, SufficientCellsCostForwardsInBatchesOfTheirOwn) {
  Plan plan = plan_of(SelectionRule::kAll);
  const Forecast before = forecast(plan, std::nullopt, {}, {});
  plan.wcam.sufficient = true;  // 16 cells: 1 to 11, 13, 15, 16
  const std::vector<Measurement> one{measured()};
  const Forecast f = forecast(plan, std::nullopt, one, {1, 8});
  EXPECT_EQ(f.forwards_per_wcam, 69U + 14);
  EXPECT_NEAR(f.cases[0].wcam_seconds, 0.1 + (72 + 16) * 0.01, 1e-9);
  EXPECT_EQ(forecast(plan, std::nullopt, {}, {}).segment_bytes, before.segment_bytes) << "no more outputs";
  EXPECT_DOUBLE_EQ(f.forwards().high, before.forwards().high + 30 * 14);
}

TEST(Forecast, TimeOfAListGoesByTheCasesItNames) {
  Measurement m = measured();
  m.variants_seconds = 0;
  m.cases[1].image_seconds = 1;
  const double predict = 3 * 8 * (0.01 + 1), explain = 72 * (4 * 0.01 + 1 * 1);
  EXPECT_NEAR(forecast(listed_plan(), std::nullopt, {&m, 1}, {1, 8}).seconds->high, predict + explain + 2,
              1e-9);
}

TEST(Forecast, TellsPeopleAndScriptsTheSame) {
  const Plan plan = plan_of();
  const std::vector<Measurement> one{measured()};
  const Forecast f = forecast(plan, std::nullopt, one, {1, 8});
  const std::string text = describe(f, plan, {1, 8}, false);
  EXPECT_NE(text.find("to do     6 to 24 predict jobs of 5 forwards, 0 to 24 WCAMs of 69 forwards\n"),
            std::string::npos)
      << text;
  EXPECT_NE(
      text.find(
          "forwards  30 to 1,776\nranges    predictions that are still to be made decide what is explained "
          "of 3 images of the sample\n"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("case0                1.00 s      10.0 ms       0.58 s       0.82 s\n"),
            std::string::npos)
      << text;
  const auto json = nlohmann::json::parse(to_json_text(f, plan));
  EXPECT_EQ(json["explain"]["jobs"]["high"], 24);
  EXPECT_EQ(json["explain"]["forwards_each"], 69);
  EXPECT_EQ(json["forwards"]["high"], 1776);
  EXPECT_TRUE(json["bytes"]["all"]["high"].is_number_integer()) << json["bytes"];
  EXPECT_NEAR(json["seconds"]["low"].get<double>(), f.seconds->low, 1e-9);
  EXPECT_TRUE(
      nlohmann::json::parse(to_json_text(forecast(plan, std::nullopt, {}, {}), plan))["seconds"].is_null());
}

TEST(Measurement, SurvivesItsText) {
  EXPECT_EQ(measurement_from_json_text(to_json_text(measured())), measured());
  EXPECT_THROW(measurement_from_json_text("{}"), InputError);
}

}  // namespace
}  // namespace wcam
