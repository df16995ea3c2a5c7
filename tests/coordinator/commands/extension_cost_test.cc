// What an extension is told to cost, beside what a new sweep of the larger plan does more than the smaller
// one did: the same jobs, since both decide by the plan and the predictions alone.
#include <gtest/gtest.h>

#include <functional>
#include <unordered_set>

#include "common/study/extension.h"
#include "coordinator/commands/forecast.h"
#include "coordinator/commands/forecast_text.h"
#include "coordinator/ledger/ledger_reader.h"
#include "coordinator/sweep/extend_sweep.h"
#include "tests/coordinator/rig.h"

namespace wcam {
namespace {

struct Work {
  double predict_jobs = 0, predict_forwards = 0, wcams = 0;
};

Work added(const SweepState& grown, const std::vector<JobDone>& kept) {
  std::unordered_set<JobId> had;
  for (const JobDone& done : kept) had.insert(done.job);
  Work work;
  for (const auto& [id, job] : grown.jobs().all()) {
    if (had.contains(id)) continue;
    if (job.spec.kind == JobKind::kExplain) {
      ++work.wcams;
    } else {
      ++work.predict_jobs;
      work.predict_forwards += grown.plan().predict_block_of(job.spec.variant).size();
    }
  }
  return work;
}

std::vector<std::string> sample_of(const SweepState& state) {
  std::vector<std::string> sample(state.selected());
  for (std::uint32_t i = 0; i < state.images().size(); ++i)
    if (const auto rank = state.images()[i].rank) sample[*rank] = state.planned(i).path;
  return sample;
}

Plan plan_of(std::uint64_t seed) {
  Plan plan = small_plan(8, 2, 3);
  plan.seed = seed;
  plan.variants.resize(3);
  plan.selection.max_altered = 1;
  for (PlannedImage& image : plan.images) image.true_label = image.path < "i5" ? 7 : 8;
  return plan;
}

void expect_within(const Range& range, double value, const std::string& what) {
  EXPECT_LE(range.low, value) << what;
  EXPECT_GE(range.high, value) << what;
}

void more_variants(Plan& plan) { plan.variants = small_plan(1, 1, 1).variants; }
void more_cases(Plan& plan) { plan.cases = small_plan(1, 3, 1).cases; }
void more_images(Plan& plan) {
  plan.images = small_plan(12, 1, 1).images;
  for (PlannedImage& image : plan.images) image.true_label = image.path < "i5" ? 7 : 8;
  plan.selection.sample_size = 10;
}

void everything(Plan& plan) {
  more_images(plan);
  more_variants(plan);
  more_cases(plan);
  plan.replicates = 2;
  plan.selection.max_altered = 2;
}

void check(const Plan& plan, const std::function<void(Plan&)>& grow, bool is_exact) {
  Rig small(plan);
  small.finish("w");
  Plan asked = plan;
  grow(asked);
  const Extension extension{plan, extended(plan, asked, sample_of(small.state())), {}};
  const HandedDown handed = handed_down(small.ledger(), extension);
  const Forecast told = forecast(extension.to, prospect_of(extension, small.state(), handed), {}, {});
  Rig grown(extension.to);
  grown.finish("w");
  const Work done = added(grown.state(), handed.results);
  const std::string what = work_text(told);
  expect_within(told.predict_jobs, done.predict_jobs, what);
  expect_within(told.predict_forwards, done.predict_forwards, what);
  expect_within(told.explain_jobs, done.wcams, what);
  EXPECT_EQ(reason_for_ranges(told).empty(), is_exact) << what;
}

TEST(ExtensionCost, IsWhatTheLargerSweepComputesMore) {
  struct Row {
    const char* name;
    bool is_exact;  // nothing depends on predictions that are not there
    std::function<void(Plan&)> grow;
  };
  const Row table[] = {
      {"replicates", true, [](Plan& plan) { plan.replicates = 3; }},
      {"explain", true, [](Plan& plan) { plan.explain = parse_label_kinds("predicted,source,true"); }},
      {"max-altered", true, [](Plan& plan) { plan.selection.max_altered = 3; }},
      {"max-unaffected", true, [](Plan& plan) { plan.selection.max_unaffected = 3; }},
      {"nb-design", true, [](Plan& plan) { plan.wcam.nb_design *= 2; }},
      {"sample-size", false, [](Plan& plan) { plan.selection.sample_size = 5; }},
      {"variants", false, more_variants},
      {"cases", false, more_cases},
      {"images", false, more_images},
      {"everything", false, everything},
  };
  for (const Row& row : table)
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      SCOPED_TRACE(row.name + (" with seed " + std::to_string(seed)));
      check(plan_of(seed), row.grow, row.is_exact);
    }
}

}  // namespace
}  // namespace wcam
