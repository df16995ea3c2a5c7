#include "coordinator/operate/retry.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/coordinator/rig.h"

namespace wcam {
namespace {

std::string name(int image) { return "i" + std::to_string(image) + ".png"; }

// Selected images by name.
std::set<std::string> sample_of(const SweepState& state) {
  std::set<std::string> sample;
  for (std::uint32_t i = 0; i < state.images().size(); ++i)
    if (state.images()[i].state == ImageState::kSelected) sample.insert(state.planned(i).path);
  return sample;
}

// What must be the same however a sweep got there: who is in the sample, and its WCAMs. (A retry may leave a
// prediction that the sample no longer needs.)
std::set<std::string> outcome_of(const SweepState& state) {
  std::set<std::string> lines = sample_of(state);
  for (const auto& [id, job] : state.jobs().all())
    if (job.spec.kind == JobKind::kExplain)
      lines.insert(state.name_of(job.spec) + " " + to_string(job.state) + " " +
                   std::to_string(job.spec.label));
  return lines;
}

// A worker that fails every job for which `fails` holds, until nothing is left. At most `most` jobs.
template <typename Fails>
void work(Rig& rig, const Fails& fails, int most = 100'000) {
  rig.join("w", 1);
  for (int i = 0; i < most && !rig.state().finished(); ++i) {
    const auto jobs = rig.jobs_for("w");
    ASSERT_FALSE(jobs.empty()) << "nothing to do, not finished";
    if (fails(jobs[0]))
      rig.fail("w", jobs[0], "cannot be read", wire::Failure::BAD_IMAGE);
    else
      rig.answer("w", jobs[0]);
    if (!rig.state().finished()) rig.say("w", ready_for(1));
  }
  rig.say("w", leaving());
  rig.inbox("w");
}

// All that can be retried.
JobSelection everything() {
  JobSelection choice;
  choice.all = true;
  return choice;
}

Retry retry(Rig& rig, const JobSelection& choice = everything()) {
  const Retry retry = plan_retry(rig.state(), choice);
  rig.apply(retry.events);
  return retry;
}

// 12 images of which 5 are wanted; order and selection are the same in every test.
class RetryTest : public testing::Test {
 protected:
  RetryTest() : undisturbed_(plan_) { undisturbed_.finish("w"); }
  // The name of the image with this place in the order.
  std::string image(std::uint32_t place) const { return undisturbed_.state().planned(place).path; }
  // LocalPaths of the images that the undisturbed sweep selected, in its order.
  std::vector<std::uint32_t> selected() const {
    std::vector<std::uint32_t> places;
    for (std::uint32_t i = 0; i < plan_.images.size(); ++i)
      if (undisturbed_.state().images()[i].state == ImageState::kSelected) places.push_back(i);
    return places;
  }
  static auto fails_on(std::set<std::string> images) {
    return [images = std::move(images)](const wire::Job& job) { return images.contains(job.image()); };
  }
  static bool never(const wire::Job&) { return false; }

  const Plan plan_ = small_plan(12, 2, 5);
  Rig undisturbed_;
};

TEST_F(RetryTest, NothingSetAsideIsNothingToRetry) {
  const Retry nothing = plan_retry(undisturbed_.state(), everything());
  EXPECT_TRUE(nothing.events.empty());
  EXPECT_TRUE(nothing.put_back.empty() && nothing.left.empty());
}

TEST_F(RetryTest, AJobIsTriedAgainAsOftenAsANewOneAndCountsItsAttemptsOn) {
  Rig rig(plan_);
  const std::string bad = image(selected()[1]);
  const auto fails = [&](const wire::Job& job) { return job.has_explain() && job.image() == bad; };
  rig.join("w", 1);
  std::optional<JobId> victim;
  while (!rig.state().finished()) {
    const auto jobs = rig.jobs_for("w");
    ASSERT_EQ(jobs.size(), 1U);
    if (!victim && fails(jobs[0])) victim = JobId{jobs[0].job()};
    if (victim == JobId{jobs[0].job()})
      rig.fail("w", jobs[0], "no luck");
    else
      rig.answer("w", jobs[0]);
    rig.say("w", ready_for(1));
  }
  ASSERT_EQ(rig.state().jobs().set_aside().size(), 1U);
  ASSERT_EQ(rig.state().jobs().at(*victim).failures, 3U);

  const Retry back = retry(rig);
  EXPECT_EQ(back.jobs, 1U);
  EXPECT_EQ(back.images, 0U);
  ASSERT_EQ(back.put_back.size(), 1U);
  EXPECT_EQ(back.put_back[0],
            rig.state().name_of(rig.state().jobs().at(*victim).spec) + ": no luck (cpu of pid 1 on here)");
  const Job& job = rig.state().jobs().at(*victim);
  EXPECT_EQ(job.state, JobState::kWaiting);
  EXPECT_EQ(job.attempts, 3U);
  EXPECT_EQ(job.failures, 0U);
  EXPECT_EQ(job.retries, 1U);
  // Two more failures do not set it aside; the third does.
  for (std::uint32_t attempt = 4; attempt <= 6; ++attempt) {
    rig.join("w", 1);
    const auto jobs = rig.jobs_for("w");
    ASSERT_EQ(jobs.size(), 1U);
    EXPECT_EQ(jobs[0].attempt(), attempt);
    EXPECT_EQ(job.state, JobState::kLeased);
    rig.fail("w", jobs[0]);
  }
  EXPECT_EQ(job.state, JobState::kSetAside);
  retry(rig);
  rig.say("w", leaving());
  work(rig, never);
  EXPECT_EQ(outcome_of(rig.state()), outcome_of(undisturbed_.state()));
}

// Whichever image was bad, and however far the sweep had come: as long as the sample is not full, it ends
// with the images of the undisturbed one.
TEST_F(RetryTest, BeforeTheSampleIsFullTheSampleIsThatOfTheUndisturbedSweep) {
  int sweeps = 0, retried = 0;
  for (std::uint32_t bad = 0; bad <= selected().back(); ++bad)
    for (int jobs = 1; jobs < 60; jobs += 9) {
      Rig rig(plan_);
      work(rig, fails_on({image(bad)}), jobs);
      if (rig.state().remaining() == 0) break;
      const bool was_set_aside = rig.state().anything_set_aside();
      const Retry back = retry(rig);
      EXPECT_EQ(back.images, was_set_aside ? 1U : 0U);
      ++sweeps;
      retried += was_set_aside ? 1 : 0;
      EXPECT_FALSE(rig.state().anything_set_aside());
      work(rig, never);
      EXPECT_EQ(sample_of(rig.state()), sample_of(undisturbed_.state())) << image(bad) << " after " << jobs;
      EXPECT_FALSE(rig.state().anything_set_aside());
    }
  EXPECT_GT(retried, 0);
  EXPECT_GT(sweeps, retried);
}

TEST_F(RetryTest, AFullSampleTakesNoFurtherImageAndSaysSo) {
  Rig rig(plan_);
  const std::string bad = image(selected()[0]);
  work(rig, fails_on({bad}));
  ASSERT_EQ(rig.state().remaining(), 0U);
  const std::set<std::string> sample = sample_of(rig.state());
  ASSERT_FALSE(sample.contains(bad));
  const Retry left = retry(rig);
  EXPECT_TRUE(left.events.empty());
  EXPECT_EQ(left.left,
            std::vector<std::string>{"image " + bad + ": the sample is full, another image has its place"});
  EXPECT_TRUE(rig.state().finished());
}

TEST_F(RetryTest, AShortSampleIsFilledWithRanksBehindTheOthers) {
  Plan all = plan_;
  all.selection.rule = SelectionRule::kAll;
  all.selection.sample_size = 12;
  Rig whole(all), rig(all);
  whole.finish("w");
  const std::set<std::string> bad{name(3), name(7)};
  work(rig, fails_on(bad));
  EXPECT_EQ(rig.state().selected(), 10U);
  EXPECT_EQ(retry(rig).images, 2U);
  work(rig, never);
  EXPECT_EQ(outcome_of(rig.state()), outcome_of(whole.state()));
  std::vector<std::uint32_t> ranks;
  for (std::uint32_t i = 0; i < 12; ++i)
    if (bad.contains(rig.state().planned(i).path)) ranks.push_back(rig.state().images()[i].rank.value());
  EXPECT_EQ(ranks, (std::vector<std::uint32_t>{10, 11})) << "in the order of the images";
}

TEST_F(RetryTest, MoreThanTheSampleHoldsAreTakenInOrder) {
  // Two images that qualify are retried when one place is left: the first takes it.
  const auto places = selected();
  Rig rig(plan_);
  const std::set<std::string> bad{image(places[0]), image(places[1])};
  rig.join("w", 1);
  while (rig.state().remaining() > 1) {
    const auto jobs = rig.jobs_for("w");
    ASSERT_EQ(jobs.size(), 1U);
    if (bad.contains(jobs[0].image()))
      rig.fail("w", jobs[0], "bad", wire::Failure::BAD_IMAGE);
    else
      rig.answer("w", jobs[0]);
    rig.say("w", ready_for(1));
  }
  rig.say("w", leaving());
  EXPECT_EQ(retry(rig).images, 2U);
  work(rig, never);
  const auto sample = sample_of(rig.state());
  EXPECT_EQ(sample.size(), 5U);
  EXPECT_TRUE(sample.contains(image(places[0])));
  EXPECT_FALSE(sample.contains(image(places[1])));
}

TEST_F(RetryTest, AnImageGivenUpAfterItWasSelectedComesBackWithItsRank) {
  Rig rig(plan_);
  const std::string bad = image(selected()[2]);
  work(rig, [&](const wire::Job& job) { return job.has_explain() && job.image() == bad; });
  ASSERT_EQ(rig.state().counts(false).images_set_aside, 1U);
  ASSERT_EQ(rig.state().remaining(), 0U);
  const Retry back = retry(rig);
  EXPECT_EQ(back.images, 1U);
  EXPECT_GT(back.jobs, 1U) << "with those that were cancelled";
  work(rig, never);
  EXPECT_EQ(outcome_of(rig.state()), outcome_of(undisturbed_.state()));
  for (const std::uint32_t place : selected())
    EXPECT_EQ(rig.state().images()[place].rank, undisturbed_.state().images()[place].rank);
}

TEST_F(RetryTest, OneJobOrOneCaseIsPutBackAlone) {
  Rig rig(plan_);
  work(rig, never, 25);
  // Every explain job that is left fails for good.
  rig.join("w", 1);
  while (!rig.state().finished()) {
    const auto jobs = rig.jobs_for("w");
    ASSERT_FALSE(jobs.empty());
    if (jobs[0].has_explain())
      rig.fail("w", jobs[0], "constant outputs", wire::Failure::DEGENERATE);
    else
      rig.answer("w", jobs[0]);
    rig.say("w", ready_for(1));
  }
  rig.say("w", leaving());
  const std::set<JobId> aside = rig.state().jobs().set_aside();
  ASSERT_GT(aside.size(), 2U);
  JobSelection one;
  one.jobs = {*aside.begin()};
  EXPECT_EQ(retry(rig, one).jobs, 1U);
  EXPECT_EQ(rig.state().jobs().set_aside().size(), aside.size() - 1);
  const Retry again = retry(rig, one);
  EXPECT_TRUE(again.events.empty());
  EXPECT_EQ(again.left, std::vector<std::string>{
                            rig.state().name_of(rig.state().jobs().at(*aside.begin()).spec) + " is waiting"});
  JobSelection of_case;
  of_case.cases = {1};
  retry(rig, of_case);
  for (const JobId id : rig.state().jobs().set_aside())
    EXPECT_EQ(rig.state().jobs().at(id).spec.case_index, 0);
  EXPECT_FALSE(rig.state().jobs().set_aside().empty());
}

TEST_F(RetryTest, AJobOfAnImageThatIsSetAsideBringsTheWholeImageBack) {
  Rig rig(plan_);
  const std::string bad = image(0);
  work(rig, fails_on({bad}), 3);
  ASSERT_EQ(rig.state().counts(false).images_set_aside, 1U);
  // The other case's prediction was cancelled; naming it is enough.
  std::optional<JobId> cancelled;
  for (const auto& [id, job] : rig.state().jobs().all())
    if (job.state == JobState::kCancelled) cancelled = id;
  ASSERT_TRUE(cancelled);
  JobSelection one;
  one.jobs = {*cancelled};
  const Retry back = retry(rig, one);
  EXPECT_EQ(back.images, 1U);
  EXPECT_EQ(back.jobs, 2U);
  work(rig, never);
  EXPECT_EQ(outcome_of(rig.state()), outcome_of(undisturbed_.state()));
}

TEST_F(RetryTest, WhatWasLostMayStillTurnUpAfterARetry) {
  Rig rig(plan_);
  rig.join("w", 1);
  std::vector<wire::Job> last;
  for (int i = 0; i < 3; ++i) {
    const std::string worker = "lost" + std::to_string(i);
    if (i == 0) rig.say("w", leaving());
    rig.join(worker, 1);
    last = rig.jobs_for(worker);
    ASSERT_EQ(last.size(), 1U);
    rig.pass(rig.options().lease * 2);
  }
  ASSERT_EQ(rig.job(last[0]).state, JobState::kSetAside);
  retry(rig);
  EXPECT_EQ(rig.job(last[0]).state, JobState::kWaiting);
  EXPECT_TRUE(rig.job(last[0]).open);
  EXPECT_FALSE(rig.job(last[0]).suspect());
  // The worker that was lost comes back with it in hand, and keeps it.
  rig.say("lost2", hello_of("lost2"));
  rig.say("lost2", lease(last));
  EXPECT_EQ(rig.job(last[0]).state, JobState::kLeased);
  rig.answer("lost2", last[0]);
  EXPECT_EQ(rig.job(last[0]).state, JobState::kDone);
}

}  // namespace
}  // namespace wcam
