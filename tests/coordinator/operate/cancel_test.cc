#include "coordinator/operate/cancel.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "coordinator/operate/retry.h"
#include "tests/coordinator/rig.h"

namespace wcam {
namespace {

JobSelection everything() {
  JobSelection choice;
  choice.all = true;
  return choice;
}

std::size_t cancelled(const SweepState& state) { return state.counts(false).cancelled(); }

std::string outcome_of(const SweepState& state) {
  std::string text;
  for (std::uint32_t i = 0; i < state.images().size(); ++i)
    text += state.planned(i).path + " " + to_string(state.images()[i].state) + "\n";
  std::vector<std::string> jobs;
  for (const auto& [id, job] : state.jobs().all())
    jobs.push_back(state.name_of(job.spec) + " " + to_string(job.state) + "\n");
  std::sort(jobs.begin(), jobs.end());
  for (const std::string& job : jobs) text += job;
  return text;
}

// A sweep of 8 images of which 4 are wanted, under 2 cases, with one worker that has one job in hand.
class CancelTest : public testing::Test {
 protected:
  CancelTest() {
    undisturbed_.finish("w");
    rig_.join("w", 1);
  }

  // One job after another, until `enough` or the end.
  template <typename Enough>
  void work(const Enough& enough) {
    while (!rig_.state().finished()) {
      const auto jobs = rig_.jobs_for("w");
      if (!jobs.empty()) in_hand_ = jobs[0];
      if (enough()) return;
      ASSERT_FALSE(jobs.empty()) << "nothing to do, not finished";
      rig_.answer("w", jobs[0]);
      if (!rig_.state().finished()) rig_.say("w", ready_for(1));
    }
  }
  void work_until_explaining() {
    work([this] { return in_hand_.has_explain(); });
  }
  void work_to_the_end() {
    if (rig_.job(in_hand_).state == JobState::kLeased) rig_.answer("w", in_hand_);
    rig_.say("w", ready_for(1));
    work([] { return false; });
  }
  Cancellation cancel(const JobSelection& choice) {
    Cancellation cancellation = plan_cancel(rig_.state(), choice);
    rig_.carry_out(cancellation.events);
    return cancellation;
  }
  void retry(const JobSelection& choice) { rig_.carry_out(plan_retry(rig_.state(), choice).events); }

  const Plan plan_ = small_plan(8, 2, 4);
  Rig undisturbed_{plan_}, rig_{plan_};
  wire::Job in_hand_;
};

TEST_F(CancelTest, AnExplainJobIsNotDoneAndItsHolderIsTold) {
  work_until_explaining();
  const wire::Job victim = in_hand_;
  JobSelection one;
  one.jobs = {JobId{victim.job()}};
  EXPECT_EQ(cancel(one).jobs, 1U);
  EXPECT_EQ(rig_.job(victim).state, JobState::kCancelled);
  EXPECT_EQ(rig_.leases_for("w", wire::Envelope::kRelease).size(), 1U);
  const Cancellation again = plan_cancel(rig_.state(), one);
  EXPECT_TRUE(again.events.empty());
  ASSERT_EQ(again.left.size(), 1U);
  EXPECT_NE(again.left[0].find(" is cancelled"), std::string::npos) << again.left[0];
  work_to_the_end();
  EXPECT_EQ(rig_.job(victim).state, JobState::kCancelled);
  EXPECT_EQ(rig_.job(victim).attempts, 1U);
  EXPECT_EQ(cancelled(rig_.state()), 1U);
  retry(one);
  work_to_the_end();
  EXPECT_EQ(outcome_of(rig_.state()), outcome_of(undisturbed_.state()));
}

TEST_F(CancelTest, AResultThatWasBegunAndComesAllTheSameCounts) {
  work_until_explaining();
  JobSelection one;
  one.jobs = {JobId{in_hand_.job()}};
  cancel(one);
  rig_.answer("w", in_hand_);
  EXPECT_EQ(rig_.job(in_hand_).state, JobState::kDone) << "its segment is stored";
}

TEST_F(CancelTest, APredictJobTakesItsImageWithItAndAnotherTakesThePlace) {
  work([] { return true; });
  const std::uint32_t image = rig_.job(in_hand_).spec.image;
  JobSelection one;
  one.jobs = {JobId{in_hand_.job()}};
  EXPECT_EQ(cancel(one).jobs, 2U) << "the other case's prediction too";
  EXPECT_EQ(rig_.state().images()[image].state, ImageState::kSetAside);
  work_to_the_end();
  EXPECT_EQ(rig_.state().selected(), undisturbed_.state().selected());
  EXPECT_EQ(rig_.state().images()[image].state, ImageState::kSetAside);
}

TEST_F(CancelTest, OfASelectedImageTheRestIsCancelledAndItKeepsItsRank) {
  work_until_explaining();
  JobSelection of_image;
  const std::uint32_t image = rig_.job(in_hand_).spec.image;
  of_image.images = {image};
  EXPECT_GT(cancel(of_image).jobs, 1U);
  EXPECT_EQ(rig_.state().images()[image].state, ImageState::kSelected);
  const Cancellation again = plan_cancel(rig_.state(), of_image);
  EXPECT_TRUE(again.events.empty());
  EXPECT_NE(again.left.at(0).find("is selected and has nothing left to do"), std::string::npos);
  work_to_the_end();
  retry(of_image);
  work_to_the_end();
  EXPECT_EQ(outcome_of(rig_.state()), outcome_of(undisturbed_.state()));
}

TEST_F(CancelTest, AnImageWhoseTurnHasNotComeIsLeft) {
  JobSelection last;
  last.images = {7};
  ASSERT_LE(rig_.state().opened(), 7U);
  const Cancellation nothing = plan_cancel(rig_.state(), last);
  EXPECT_TRUE(nothing.events.empty());
  EXPECT_NE(nothing.left.at(0).find("is not begun"), std::string::npos) << nothing.left[0];
}

TEST_F(CancelTest, OfACaseAllExplainJobsAreCancelledThoseOfLaterImagesToo) {
  work_until_explaining();
  JobSelection of_case;
  of_case.cases = {1};
  cancel(of_case);
  rig_.restart();
  rig_.join("w", 1);
  work([] { return false; });
  EXPECT_EQ(rig_.state().selected(), undisturbed_.state().selected()) << "predictions went on";
  std::size_t of_it = 0;
  for (const auto& [id, job] : rig_.state().jobs().all()) {
    if (job.spec.kind != JobKind::kExplain) continue;
    const bool other = job.spec.case_index == 0;
    EXPECT_TRUE(job.state == JobState::kDone || !other) << rig_.state().name_of(job.spec);
    of_it += other ? 0 : 1;
    EXPECT_TRUE(job.state == JobState::kCancelled || other || job.spec.rank == 0);
  }
  EXPECT_GT(of_it, 3U);
  retry(of_case);
  work_to_the_end();
  EXPECT_EQ(outcome_of(rig_.state()), outcome_of(undisturbed_.state()));
}

TEST_F(CancelTest, AllThatIsLeftEndsTheSweepAndRetryTakesItUpAgain) {
  for (int jobs = 0; jobs < 40; jobs += 3) {
    Rig rig(plan_);
    rig.join("w", 1);
    for (int i = 0; i < jobs && !rig.state().finished(); ++i) {
      for (const wire::Job& job : rig.jobs_for("w")) rig.answer("w", job);
      rig.say("w", ready_for(1));
    }
    if (rig.state().finished()) break;
    rig.carry_out(plan_cancel(rig.state(), everything()).events);
    EXPECT_TRUE(rig.state().finished());
    EXPECT_EQ(rig.state().course(), Course::kCancelled);
    EXPECT_TRUE(plan_cancel(rig.state(), everything()).events.empty());
    rig.restart();
    EXPECT_TRUE(rig.state().finished()) << "a restart takes nothing up";
    rig.carry_out(plan_retry(rig.state(), everything()).events);
    EXPECT_EQ(rig.state().course(), Course::kOn);
    rig.finish("v");
    EXPECT_EQ(outcome_of(rig.state()), outcome_of(undisturbed_.state())) << jobs;
  }
}

TEST_F(CancelTest, OfACancelledSweepJobsThatNeedNoDecisionAreRetriedAlone) {
  work_until_explaining();
  rig_.jobs_for("w");
  cancel(everything());
  JobSelection one;
  one.jobs = {JobId{in_hand_.job()}};
  retry(one);
  rig_.say("w", ready_for(1));
  const auto jobs = rig_.jobs_for("w");
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_EQ(jobs[0].job(), in_hand_.job());
  EXPECT_EQ(jobs[0].attempt(), 2U);
  rig_.answer("w", jobs[0]);
  EXPECT_TRUE(rig_.state().finished());
  for (const auto& [id, job] : rig_.state().jobs().all())
    if (job.spec.kind == JobKind::kPredict && job.state == JobState::kCancelled) {
      JobSelection prediction;
      prediction.jobs = {id};
      const Retry nothing = plan_retry(rig_.state(), prediction);
      EXPECT_TRUE(nothing.events.empty());
      EXPECT_NE(nothing.left.at(0).find("the sweep is cancelled"), std::string::npos) << nothing.left[0];
      return;
    }
  FAIL() << "no prediction was cancelled";
}

TEST_F(CancelTest, WhatFailedIsRetriedWithoutWhatWasCancelled) {
  work_until_explaining();
  rig_.fail("w", in_hand_, "constant outputs", wire::Failure::DEGENERATE);
  const JobId failed{in_hand_.job()};
  rig_.say("w", ready_for(1));
  work_until_explaining();
  JobSelection one;
  one.jobs = {JobId{in_hand_.job()}};
  ASSERT_NE(*one.jobs.begin(), failed);
  cancel(one);
  JobSelection what_failed;
  what_failed.failed = true;
  retry(what_failed);
  EXPECT_EQ(rig_.state().jobs().at(failed).state, JobState::kWaiting);
  EXPECT_EQ(rig_.state().jobs().at(*one.jobs.begin()).state, JobState::kCancelled);
}

}  // namespace
}  // namespace wcam
