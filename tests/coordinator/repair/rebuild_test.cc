#include "coordinator/repair/rebuild.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/coordinator/rig.h"

namespace wcam {
namespace {

// What a sweep in this state has stored: every job done, as if all were in one segment.
StoredResults stored_by(const SweepState& state) {
  StoredResults stored;
  stored.files = {"/sweep/segments/made-up.h5"};
  for (const auto& [id, job] : state.jobs().all()) {
    if (job.state != JobState::kDone) continue;
    StoredResult result;
    result.attempt = Attempt{job.attempts};
    result.spec = job.spec;
    result.seconds = 0.5;
    const std::string& image = state.planned(job.spec.image).path;
    const std::string& case_name = state.plan().cases[job.spec.case_index].name;
    if (job.spec.kind == JobKind::kPredict)
      for (std::size_t v = 0; v <= state.plan().variants.size(); ++v)
        result.labels.push_back(
            predicted_label(image, state.plan().variant_name(static_cast<std::uint16_t>(v)), case_name));
    stored.in_segments[id].push_back(std::move(result));
  }
  return stored;
}

// State of every image and of every job, without who did it and how often it was tried.
std::set<std::string> meaning_of(const SweepState& state) {
  std::set<std::string> lines;
  for (std::uint32_t i = 0; i < state.images().size(); ++i)
    lines.insert(state.planned(i).path + " " + to_string(state.images()[i].state) + " " +
                 std::to_string(state.images()[i].rank.value_or(999)));
  for (const auto& [id, job] : state.jobs().all()) {
    const bool in_hand = job.state == JobState::kLeased;  // nobody has it any more
    lines.insert(to_string(id) + " " + (in_hand ? "waiting" : to_string(job.state)) + " " +
                 std::to_string(job.spec.rank) + " " + std::to_string(job.spec.label));
  }
  return lines;
}

// Rebuilds, checks that its events lead from nothing to its state, on disk too, and returns the state.
SweepState rebuilt_from(const Plan& plan, const StoredResults& stored, std::size_t unused = 0) {
  const Rebuilt rebuilt = rebuild(plan, stored);
  EXPECT_EQ(rebuilt.unused, unused);
  EXPECT_EQ(rebuilt.state.problem().value_or("none"), "none");
  const TemporaryFolder folder;
  Ledger ledger(folder.path() / "ledger.sqlite");
  SweepState replayed = ledger.load(plan);
  for (const Event& event : rebuilt.events) replayed.apply(event);
  EXPECT_TRUE(replayed == rebuilt.state);
  ledger.commit(rebuilt.events);
  EXPECT_TRUE(ledger.load(plan) == rebuilt.state) << "the ledger gives back another state";
  return replayed;
}

// A worker does at most `most` jobs; images in `bad` cannot be read.
void work(Rig& rig, int most, const std::set<std::string>& bad = {}) {
  rig.join("w", 1);
  for (int i = 0; i < most && !rig.state().finished(); ++i) {
    const auto jobs = rig.jobs_for("w");
    ASSERT_FALSE(jobs.empty()) << "nothing to do, not finished";
    if (bad.contains(jobs[0].image()))
      rig.fail("w", jobs[0], "cut off", wire::Failure::BAD_IMAGE);
    else
      rig.answer("w", jobs[0]);
    if (!rig.state().finished()) rig.say("w", ready_for(1));
  }
  rig.say("w", leaving());
  rig.inbox("w");
}

class RebuildTest : public testing::Test {
 protected:
  const Plan plan_ = small_plan(14, 2, 5);
};

TEST_F(RebuildTest, OfNothingIsASweepThatHasItsFirstJobs) {
  const Rig rig(plan_);
  EXPECT_EQ(meaning_of(rebuilt_from(plan_, {})), meaning_of(rig.state()));
}

TEST_F(RebuildTest, OfAnySweepUnderWayIsThatSweep) {
  for (int jobs = 1; jobs < 80; ++jobs) {
    Rig rig(plan_);
    work(rig, jobs);
    EXPECT_EQ(meaning_of(rebuilt_from(plan_, stored_by(rig.state()))), meaning_of(rig.state())) << jobs;
    if (rig.state().finished()) return;
  }
  FAIL() << "80 jobs are not enough to finish it";
}

TEST_F(RebuildTest, ImagesThatWereSetAsideAreSetAsideAgain) {
  Rig undisturbed(plan_);
  work(undisturbed, 1'000);
  for (std::uint32_t place = 0; place < undisturbed.state().next_undecided(); ++place) {
    Rig rig(plan_);
    const std::string bad = rig.state().planned(place).path;
    work(rig, 1'000, {bad});
    ASSERT_EQ(rig.state().images()[place].state, ImageState::kSetAside);
    EXPECT_EQ(meaning_of(rebuilt_from(plan_, stored_by(rig.state()))), meaning_of(rig.state())) << bad;
  }
}

TEST_F(RebuildTest, AnImageSetAsideThatLeftNoTraceIsTriedAgain) {
  Rig rig(plan_);
  work(rig, 2, {rig.state().planned(0).path});
  ASSERT_EQ(rig.state().images()[0].state, ImageState::kSetAside);
  EXPECT_EQ(rebuilt_from(plan_, stored_by(rig.state())).images()[0].state, ImageState::kUndecided);
}

TEST_F(RebuildTest, ImagesThatWereRetriedKeepTheirRanks) {
  Plan all = plan_;
  all.selection.rule = SelectionRule::kAll;
  all.selection.sample_size = 14;
  Rig rig(all);
  work(rig, 1'000, {"i2.png", "i9.png", "i11.png"});
  std::vector<Event> back;
  for (std::uint32_t i = 0; i < 14; ++i)
    if (rig.state().images()[i].state == ImageState::kSetAside) back.emplace_back(ImageRetried{i});
  ASSERT_EQ(back.size(), 3U);
  for (const auto& [id, job] : rig.state().jobs().all())
    if (job.state != JobState::kDone) {
      const Event retried = JobEvent{JobRetried{id}};
      back.push_back(retried);
    }
  rig.apply(back);
  work(rig, 1'000);
  ASSERT_TRUE(rig.state().finished());
  const SweepState state = rebuilt_from(all, stored_by(rig.state()));
  EXPECT_EQ(meaning_of(state), meaning_of(rig.state()));
  EXPECT_TRUE(state.finished());
}

TEST_F(RebuildTest, AttemptsCountOn) {
  Rig rig(plan_);
  rig.join("w", 1);
  const auto first = rig.jobs_for("w");
  rig.fail("w", first[0]);
  rig.say("w", ready_for(1));
  const auto second = rig.jobs_for("w");
  ASSERT_EQ(second[0].attempt(), 2U);
  rig.answer("w", second[0]);
  const SweepState state = rebuilt_from(plan_, stored_by(rig.state()));
  const Job& job = state.jobs().at(JobId{second[0].job()});
  EXPECT_EQ(job.state, JobState::kDone);
  EXPECT_EQ(job.attempts, 2U);
}

TEST_F(RebuildTest, LostPredictionsAreNotTakenForAnImageSetAside) {
  // No variant changes what all of six cases predict of some images.
  const Plan plan = small_plan(14, 6, 4);
  Rig rig(plan);
  work(rig, 1'000);
  StoredResults stored = stored_by(rig.state());
  ASSERT_EQ(rig.state().images()[0].state, ImageState::kSkipped);
  ASSERT_GT(rig.state().selected(), 0U);
  // Of a selected image, of a skipped one before others, and of any when a file is damaged.
  for (std::uint32_t image = 0; image < rig.state().next_undecided(); ++image) {
    StoredResults some = stored;
    JobSpec spec;
    spec.image = image;
    some.in_segments.erase(rig.state().job_id(spec));
    const bool selected = rig.state().images()[image].rank.has_value();
    if (!selected) some.damaged.push_back({"/sweep/segments/lost.h5", "cut off"});
    const Rebuilt rebuilt = rebuild(plan, some);
    EXPECT_EQ(rebuilt.state.images()[image].state, ImageState::kUndecided) << image;
    EXPECT_EQ(rebuilt.state.jobs().at(rig.state().job_id(spec)).state, JobState::kWaiting) << image;
  }
}

TEST_F(RebuildTest, AnImageWithoutPredictionsIsTriedAgainAsLongAsTheSampleHasRoom) {
  Plan plan = small_plan(12, 2, 12);
  plan.variants = {"corruptions/contrast/3"};
  Rig rig(plan);
  work(rig, 1'000);
  std::size_t skipped = 0;
  for (std::uint32_t image = 0; image + 1 < plan.images.size(); ++image) {
    if (rig.state().images()[image].state != ImageState::kSkipped) continue;
    ++skipped;
    StoredResults stored = stored_by(rig.state());
    JobSpec spec;
    spec.image = image;
    stored.in_segments.erase(rig.state().job_id(spec));
    const SweepState state = rebuilt_from(plan, stored);
    EXPECT_EQ(state.images()[image].state, ImageState::kUndecided) << image;
    EXPECT_EQ(state.jobs().at(state.job_id(spec)).state, JobState::kWaiting) << image;
    EXPECT_EQ(state.selected(), rig.state().selected()) << "the others are as they were";
  }
  EXPECT_GT(skipped, 0U);
}

TEST_F(RebuildTest, AWcamOfAnotherLabelIsComputedAgain) {
  Rig rig(plan_);
  work(rig, 1'000);
  StoredResults stored = stored_by(rig.state());
  JobId odd{};
  for (auto& [id, results] : stored.in_segments)
    if (results[0].spec.kind == JobKind::kExplain) odd = id;
  ++stored.in_segments[odd][0].spec.label;
  EXPECT_EQ(rebuilt_from(plan_, stored, 1).jobs().at(odd).state, JobState::kWaiting);
}

TEST_F(RebuildTest, AFileWithAResultThatItsJobDoesNotAskForIsDropped) {
  Rig rig(plan_);
  work(rig, 1'000);
  StoredResults stored = stored_by(rig.state());
  stored.files.emplace_back("/sweep/segments/odd.h5");
  JobId odd{};
  for (auto& [id, results] : stored.in_segments)
    if (results[0].spec.kind == JobKind::kExplain) odd = id;
  StoredResult& result = stored.in_segments[odd][0];
  ++result.spec.role_index;
  result.file = 1;
  const Rebuilt rebuilt = rebuild_from_sound(plan_, stored);
  EXPECT_EQ(rebuilt.unused, 0U);
  EXPECT_EQ(rebuilt.state.jobs().at(odd).state, JobState::kWaiting);
  ASSERT_EQ(stored.damaged.size(), 1U);
  EXPECT_EQ(stored.damaged[0].file.filename(), "odd.h5");
}

// The ledger is behind the store by any number of its last events, and some of what it has as done is gone.
TEST_F(RebuildTest, ALedgerThatIsBehindTakesInWhatIsStoredAndGivesUpWhatIsLost) {
  Rig ahead(plan_);
  work(ahead, 1'000);
  StoredResults stored = stored_by(ahead.state());
  std::size_t all_lost = 0, all_unknown = 0;
  for (int jobs = 1; jobs < 40; jobs += 6) {
    Rig rig(plan_);
    work(rig, jobs);
    rig.join("holder", 3);  // some are leased
    std::vector<LostResult> lost;
    std::vector<JobId> unknown;
    StoredResults some = stored;
    for (const auto& [id, job] : rig.state().jobs().all()) {
      if (job.state != JobState::kDone && some.chosen(id) != nullptr) unknown.push_back(id);
      if (job.state != JobState::kDone || value(id) % 3 != 0) continue;
      some.in_segments.erase(id);
      lost.push_back({id, "gone.h5"});
    }
    all_lost += lost.size();
    all_unknown += unknown.size();
    rig.apply(amendments(rig.state(), lost, unknown, some));
    for (const LostResult& result : lost)
      EXPECT_EQ(rig.state().jobs().at(result.job).state, JobState::kWaiting);
    for (const JobId id : unknown) EXPECT_EQ(rig.state().jobs().at(id).state, JobState::kDone);
    work(rig, 1'000);
    EXPECT_EQ(meaning_of(rig.state()), meaning_of(ahead.state())) << jobs;
  }
  EXPECT_GT(all_lost, 0U);
  EXPECT_GT(all_unknown, 0U);
}

TEST_F(RebuildTest, TheAnswerThatCountsIsThatOfResultsThenTheLowestAttempt) {
  StoredResults stored;
  stored.files = {"/s/a.h5", "/s/b.h5", "/s/results.h5"};
  const auto result = [](std::uint32_t attempt, std::uint32_t file) {
    StoredResult r;
    r.attempt = Attempt{attempt};
    r.file = file;
    return r;
  };
  stored.in_segments[JobId{1}] = {result(3, 0), result(2, 1)};
  EXPECT_EQ(stored.chosen(JobId{1})->file, 1U);
  stored.packed.emplace();
  EXPECT_EQ(stored.chosen(JobId{1})->file, 1U);
  (*stored.packed)[JobId{1}] = {result(3, 2)};
  EXPECT_EQ(stored.chosen(JobId{1})->file, 0U) << "the same answer, from its segment";
  (*stored.packed)[JobId{2}] = {result(1, 2)};
  EXPECT_EQ(stored.name_of(*stored.chosen(JobId{2})), "results.h5");
  EXPECT_EQ(stored.chosen(JobId{3}), nullptr);
  stored.discard(1, "b.h5 is cut off");
  EXPECT_EQ(stored.in_segments[JobId{1}].size(), 1U);
  EXPECT_EQ(stored.damaged.size(), 1U);
}

}  // namespace
}  // namespace wcam
