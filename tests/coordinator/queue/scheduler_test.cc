#include "coordinator/queue/scheduler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "common/base/sha256.h"
#include "tests/coordinator/rig.h"

namespace wcam {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Leases = std::set<std::pair<std::uint64_t, std::uint32_t>>;

Leases leases_of(const std::vector<wire::Job>& jobs) {
  Leases leases;
  for (const wire::Job& job : jobs) leases.emplace(job.job(), job.attempt());
  return leases;
}

// What a sweep comes to: image, rank, and the jobs done.
std::set<std::string> outcome_of(const SweepState& state) {
  std::set<std::string> lines;
  for (std::uint32_t i = 0; i < state.images().size(); ++i)
    lines.insert(state.planned(i).path + " " + to_string(state.images()[i].state) + " " +
                 std::to_string(state.images()[i].rank.value_or(999)));
  for (const auto& [id, job] : state.jobs().all()) lines.insert(to_string(id) + " " + to_string(job.state));
  return lines;
}

TEST(Scheduler, AWorkerIsWelcomedWithThePlanAndTheTimes) {
  Rig rig(small_plan(3, 2, 2));
  rig.say("w", hello_of("w"));
  const auto inbox = rig.inbox("w");
  ASSERT_EQ(inbox.size(), 1U);
  EXPECT_EQ(inbox[0].welcome().sweep_id(), sweep_id(rig.plan()));
  EXPECT_EQ(inbox[0].welcome().lease_ms(), 30'000U);
  EXPECT_EQ(inbox[0].welcome().heartbeat_ms(), 1'000U);
  EXPECT_EQ(sweep_id(plan_from_json_text(inbox[0].welcome().plan_json(), "welcome")), sweep_id(rig.plan()));
}

TEST(Scheduler, HandsOutAsManyJobsAsThereIsCredit) {
  Rig rig(small_plan(3, 2, 2));
  rig.join("w", 3);
  EXPECT_EQ(rig.jobs_for("w").size(), 3U);
  rig.say("w", ready_for(0));
  EXPECT_TRUE(rig.jobs_for("w").empty());
  rig.say("w", ready_for(100));
  EXPECT_EQ(rig.jobs_for("w").size(), 1U) << "four predict jobs in all, until an image is decided";
}

TEST(Scheduler, AJobSaysWhatToDo) {
  Rig rig(small_plan(3, 1, 1));
  rig.join("w", 1);
  const auto jobs = rig.jobs_for("w");
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_EQ(jobs[0].attempt(), 1U);
  EXPECT_EQ(jobs[0].case_name(), "case0");
  EXPECT_EQ(jobs[0].image_sha256(), std::string(64, 'a'));
  EXPECT_TRUE(jobs[0].has_predict());
  EXPECT_EQ(value(predict_job_id(jobs[0].image(), "case0")), jobs[0].job());
}

TEST(Scheduler, AsksForNoPredictionThatTheSampleCannotNeed) {
  Rig rig(small_plan(50, 2, 3));
  rig.join("w", 1'000);
  auto jobs = rig.jobs_for("w");
  std::set<std::string> images;
  for (const wire::Job& job : jobs) images.insert(job.image());
  EXPECT_EQ(images.size(), 3U);
  EXPECT_EQ(jobs.size(), 6U);
  for (const wire::Job& job : jobs) rig.answer("w", job);
  rig.say("w", leaving());
  rig.finish("w");
  // Every image that was predicted was decided.
  for (std::uint32_t i = 0; i < 50; ++i)
    EXPECT_EQ(i < rig.state().opened(), rig.state().images()[i].state != ImageState::kUndecided) << i;
  EXPECT_EQ(rig.state().selected(), 3U);
}

TEST(Scheduler, ImagesAreDecidedInTheSeededOrderWhoeverWasSlow) {
  Rig fast(small_plan(30, 2, 5));
  fast.finish("w");
  Rig slow(small_plan(30, 2, 5));
  // The predictions that are handed out first are answered last.
  slow.join("w", 1'000);
  for (int i = 0; i < 10'000 && !slow.state().finished(); ++i) {
    auto jobs = slow.jobs_for("w");
    std::reverse(jobs.begin(), jobs.end());
    for (const wire::Job& job : jobs) slow.answer("w", job);
    if (!slow.state().finished()) slow.say("w", ready_for(1'000));
  }
  EXPECT_EQ(outcome_of(slow.state()), outcome_of(fast.state()));
  EXPECT_EQ(fast.state().selected(), 5U);
}

TEST(Scheduler, ExplainsBeforePredictingMore) {
  Rig rig(small_plan(50, 1, 20));
  rig.join("w", 1);
  bool seen_explain = false;
  for (int i = 0; i < 60; ++i) {
    const auto jobs = rig.jobs_for("w");
    ASSERT_EQ(jobs.size(), 1U);
    const bool explains_wait = rig.state().jobs().tally(JobKind::kExplain)[JobState::kWaiting] > 0;
    EXPECT_TRUE(jobs[0].has_explain() || !explains_wait);
    seen_explain = seen_explain || jobs[0].has_explain();
    rig.answer("w", jobs[0]);
    rig.say("w", ready_for(1));
  }
  EXPECT_TRUE(seen_explain);
}

TEST(Scheduler, AWorkerKeepsItsModelAndWorkersSpreadOverModels) {
  Rig rig(small_plan(60, 2, 30));
  rig.say("first", hello_of("first"));
  rig.say("first", ready_for(0, {"case0"}));
  rig.join("second", 1);  // case0's first job is still there, and the most urgent one
  rig.say("first", ready_for(1));
  std::map<std::string, std::set<std::string>> cases;
  int explained = 0;
  // The second is twice as fast: it has none but predictions left, while explanations wait for the first.
  for (int round = 0; round < 12; ++round)
    for (const std::string worker : {"first", "second", "second"}) {
      const auto jobs = rig.jobs_for(worker);
      ASSERT_EQ(jobs.size(), 1U) << round;
      cases[worker].insert(jobs[0].case_name());
      explained += jobs[0].has_explain() ? 1 : 0;
      rig.answer(worker, jobs[0]);
      rig.say(worker, ready_for(1));
    }
  EXPECT_GT(explained, 12);
  EXPECT_EQ(cases["first"], std::set<std::string>{"case0"});
  EXPECT_EQ(cases["second"], std::set<std::string>{"case1"});
}

TEST(Scheduler, ACaseThatIsLoadedComesFirstTheMostRecentlyUsedOfThemBeforeOthers) {
  Rig rig(small_plan(20, 4, 10));
  rig.say("w", hello_of("w"));
  rig.say("w", ready_for(1, {"case2", "gone", "case3"}));
  EXPECT_EQ(rig.jobs_for("w").at(0).case_name(), "case2");
  rig.say("w", ready_for(0, {"case3", "case1"}));
  rig.say("other", hello_of("other"));
  rig.say("other", ready_for(1));
  EXPECT_EQ(rig.jobs_for("other").at(0).case_name(), "case0") << "the one that nobody has";
  // case2 is in front, since a job of it has been given: 9 more, then the others it has.
  std::vector<std::string> given;
  for (int i = 0; i < 12; ++i) {
    rig.say("w", ready_for(1, {"case3", "case1"}));
    for (const wire::Job& job : rig.jobs_for("w")) given.push_back(job.case_name());
  }
  EXPECT_EQ(std::count(given.begin(), given.begin() + 9, "case2"), 9);
  EXPECT_EQ(given.at(9), "case3");
}

TEST(Scheduler, APredictionOfALoadedCaseGoesBeforeAnExplanationThatNeedsALoad) {
  Rig rig(small_plan(50, 2, 20));
  rig.join("first", 1'000);
  rig.say("second", hello_of("second"));
  std::vector<wire::Job> kept;
  // The first worker answers all of case0 and enough of case1 for an image to be selected.
  for (const wire::Job& job : rig.jobs_for("first"))
    (job.case_name() == "case0" || rig.state().selected() == 0) ? rig.answer("first", job)
                                                                : kept.push_back(job);
  rig.say("first", leaving());
  ASSERT_GT(rig.state().jobs().tally(JobKind::kExplain)[JobState::kWaiting], 0U);
  ASSERT_FALSE(kept.empty());
  rig.say("second", ready_for(1, {"case1"}));
  std::vector<wire::Job> jobs = rig.jobs_for("second");
  while (jobs.at(0).case_name() == "case1" && jobs[0].has_explain()) {
    rig.answer("second", jobs[0]);
    rig.say("second", ready_for(1, {"case1"}));
    jobs = rig.jobs_for("second");
  }
  EXPECT_TRUE(jobs.at(0).has_predict());
  EXPECT_EQ(jobs.at(0).case_name(), "case1");
  EXPECT_TRUE(rig.state().jobs().head(JobKind::kExplain, 0)) << "which waits, since case0 is not loaded";
}

// Workers that keep two models of six, as worker/models/model_cache does. Seen: 38 loads for 593 jobs by one
// worker, 22 by three.
TEST(Scheduler, CasesThatDoNotFitTogetherAreLoadedFarLessOftenThanThereAreJobs) {
  Rig undisturbed(small_plan(60, 6, 20));
  undisturbed.finish("w");
  for (const std::size_t workers : {1U, 3U}) {
    Rig rig(small_plan(60, 6, 20));
    std::map<std::string, std::vector<std::string>> loaded;
    std::map<std::string, std::vector<wire::Job>> queues;  // one job ahead of the one that is computed
    std::size_t loads = 0, jobs = 0;
    for (std::size_t w = 0; w < workers; ++w)
      rig.say("w" + std::to_string(w), hello_of("w" + std::to_string(w)));
    for (int turn = 0; turn < 10'000 && !rig.state().finished(); ++turn) {
      const std::string worker = "w" + std::to_string(static_cast<std::size_t>(turn) % workers);
      auto& had = loaded[worker];
      auto& queue = queues[worker];
      rig.say(worker, ready_for(queue.empty() ? 2 : 1, had));
      for (const wire::Job& job : rig.jobs_for(worker)) queue.push_back(job);
      if (queue.empty()) continue;
      const wire::Job job = queue.front();
      queue.erase(queue.begin());
      const auto found = std::find(had.begin(), had.end(), job.case_name());
      loads += found == had.end() ? 1 : 0;
      if (found != had.end()) had.erase(found);
      had.insert(had.begin(), job.case_name());
      if (had.size() > 2) had.pop_back();
      ++jobs;
      rig.answer(worker, job);
    }
    ASSERT_TRUE(rig.state().finished());
    EXPECT_EQ(outcome_of(rig.state()), outcome_of(undisturbed.state()));
    EXPECT_LT(loads, jobs / 10) << workers << " workers";
  }
}

TEST(Scheduler, AWorkerThatWantsManyShortJobsIsNotLadenWithLongOnes) {
  Rig rig(small_plan(50, 1, 20));
  rig.say("w", hello_of("w"));
  wire::Envelope ready = ready_for(10);
  ready.mutable_ready()->set_explain_credit(2);
  std::size_t explained = 0;
  for (int i = 0; i < 40 && !rig.state().finished(); ++i) {
    rig.say("w", ready);
    const auto jobs = rig.jobs_for("w");
    const auto explain = static_cast<std::size_t>(
        std::count_if(jobs.begin(), jobs.end(), [](const wire::Job& job) { return job.has_explain(); }));
    EXPECT_LE(5 * explain + (jobs.size() - explain), 10U) << "an explain job takes as much room as 5 others";
    rig.say("w", ready_for(0));
    explained += explain;
    for (const wire::Job& job : jobs) rig.answer("w", job);
  }
  EXPECT_GT(explained, 20U);
}

TEST(Scheduler, APlanIsSentToFewAtOnceAndNotToThoseThatHaveIt) {
  const Plan plan = small_plan(1, 1, 1);
  SchedulerOptions options;
  options.plan_bytes = 5 * to_json_text(plan).size() / 2;  // two of them
  Rig rig(plan, options);
  const auto plans_for = [&](const std::string& worker) {
    int with = 0;
    for (const wire::Envelope& envelope : rig.inbox(worker))
      with += envelope.welcome().plan_json().empty() ? 0 : 1;
    return with;
  };
  for (const std::string worker : {"a", "b", "c"}) rig.say(worker, hello_of(worker));
  EXPECT_EQ(plans_for("a") + plans_for("b"), 2);
  EXPECT_TRUE(rig.inbox("c").empty());
  rig.say("a", hello_of("a"));
  EXPECT_TRUE(rig.inbox("a").empty()) << "it is on its way";
  rig.say("b", ready_for(0));
  EXPECT_EQ(plans_for("c"), 1) << "b has it, so c may";
  rig.pass(seconds{6});
  EXPECT_EQ(plans_for("a"), 0);
  rig.say("a", hello_of("a"));
  EXPECT_EQ(plans_for("a"), 1) << "the first was lost, with its connection";
  rig.pass(seconds{6});
  rig.say("a", hello_of("a"));
  EXPECT_EQ(plans_for("a"), 0) << "it may be a slow one";

  wire::Envelope hello = hello_of("d");
  hello.mutable_hello()->set_plan_sha256(sha256_of(to_json_text(plan)));
  rig.say("d", hello);
  const auto words = rig.inbox("d");
  ASSERT_EQ(words.size(), 1U);
  EXPECT_TRUE(words[0].has_welcome() && words[0].welcome().plan_json().empty());
}

TEST(Scheduler, WhoAskedForThePlanAndHasGoneTakesNobodysPlace) {
  const Plan plan = small_plan(1, 1, 1);
  SchedulerOptions options;
  options.plan_bytes = 1;
  Rig rig(plan, options);
  for (const std::string worker : {"a", "b"}) {
    rig.set_reachable(worker, false);
    rig.say(worker, hello_of(worker));
  }
  rig.say("c", hello_of("c"));
  EXPECT_FALSE(rig.inbox("c").empty());
}

TEST(Scheduler, TheLastJobsAreSpreadOverTheWorkers) {
  Rig rig(small_plan(1, 4, 1));
  rig.say("a", hello_of("a"));
  rig.say("b", hello_of("b"));
  rig.scheduler().on_message("a", ready_for(4), {});
  rig.scheduler().on_message("b", ready_for(4), {});
  rig.turn();
  EXPECT_EQ(rig.jobs_for("a").size(), 2U);
  EXPECT_EQ(rig.jobs_for("b").size(), 2U);
}

// Two workers; "busy" holds two explain jobs, the last there are, and "idle" none.
class LastJobs : public testing::Test {
 protected:
  explicit LastJobs(bool speculate = false) : rig_(small_plan(6, 1, 1), options(speculate)) {
    rig_.join("busy", 1);
    while (rig_.state().jobs().tally(JobKind::kExplain).all() == 0) {
      for (const wire::Job& job : rig_.jobs_for("busy")) rig_.answer("busy", job);
      if (rig_.state().jobs().tally(JobKind::kExplain).all() == 0) rig_.say("busy", ready_for(1));
    }
    rig_.say("busy", ready_for(1));
    auto jobs = rig_.jobs_for("busy");
    while (rig_.state().jobs().unfinished() > 2) {  // one job is measured: 2 s
      rig_.answer("busy", jobs.at(0));
      if (rig_.state().jobs().unfinished() > 2) rig_.say("busy", ready_for(1)), jobs = rig_.jobs_for("busy");
    }
    rig_.say("busy", ready_for(2));
    held_ = rig_.jobs_for("busy");
    rig_.say("idle", hello_of("idle"));
    rig_.say("idle", ready_for(2));
  }
  static SchedulerOptions options(bool speculate) {
    SchedulerOptions options;
    options.speculate = speculate;
    return options;
  }
  // A second, in which both are heard.
  void tick(const std::vector<wire::Job>& in_busy_hand) {
    rig_.pass(seconds{1});
    rig_.say("busy", lease(in_busy_hand));
    rig_.say("idle", lease({}));
  }

  Rig rig_;
  std::vector<wire::Job> held_;
};

TEST_F(LastJobs, OneThatHasNotBegunGoesFromABusyWorkerToAnIdleOne) {
  ASSERT_EQ(held_.size(), 2U);
  tick(held_);
  EXPECT_EQ(rig_.leases_for("busy", wire::Envelope::kRelease), leases_of({held_[1]}));
  EXPECT_TRUE(rig_.jobs_for("idle").empty()) << "it may have begun";
  rig_.pass(milliseconds{10});
  rig_.say("busy", lease({held_[0]}));
  const auto moved = rig_.jobs_for("idle");
  ASSERT_EQ(moved.size(), 1U);
  EXPECT_EQ(moved[0].job(), held_[1].job());
  EXPECT_EQ(rig_.job(moved[0]).failures + rig_.job(moved[0]).losses, 0U);
}

// A heartbeat that was under way when the job came again names the attempt before: taken for the new one, a
// job that never arrived would be asked back, and its absence from the next heartbeat taken as its return.
TEST_F(LastJobs, OneOfWhichOnlyAnEarlierAttemptWasNamedIsNotAskedBack) {
  wire::Job earlier = held_[1];
  earlier.set_attempt(held_[1].attempt() - 1);
  for (int i = 0; i < 2; ++i) {
    tick({held_[0], earlier});
    EXPECT_TRUE(rig_.leases_for("busy", wire::Envelope::kRelease).empty());
  }
  tick(held_);
  EXPECT_EQ(rig_.leases_for("busy", wire::Envelope::kRelease), leases_of({held_[1]}));
}

TEST_F(LastJobs, WhatHasBegunStaysWhereItIsAndIsAskedForOnce) {
  for (int i = 0; i < 20; ++i) {
    tick(held_);
    EXPECT_EQ(rig_.leases_for("busy", wire::Envelope::kRelease).size(), i == 0 ? 1U : 0U);
    EXPECT_TRUE(rig_.jobs_for("idle").empty());
  }
  for (const wire::Job& job : held_) EXPECT_EQ(rig_.job(job).attempts, 1U);
}

class Stragglers : public LastJobs {
 protected:
  Stragglers() : LastJobs(true) {
    for (int i = 0; i < 5 && second_.job() == 0; ++i) {
      tick(held_);
      const auto jobs = rig_.jobs_for("idle");
      if (!jobs.empty()) second_ = jobs[0], after_ = i + 1;
    }
    rig_.inbox("busy");
  }
  const Job& job() const { return rig_.job(second_); }

  wire::Job second_;
  int after_ = 0;  // seconds
};

TEST_F(Stragglers, AreTriedByAnIdleWorkerAfterTwiceTheUsualTime) {
  EXPECT_EQ(after_, 5) << "jobs take 2 s";
  EXPECT_EQ(second_.job(), held_[0].job());
  EXPECT_EQ(second_.attempt(), 2U);
  EXPECT_EQ(job().in_hand().size(), 2U);
}

TEST_F(Stragglers, TheFirstAnswerCountsAndTheOtherWorkerIsReleased) {
  rig_.answer("idle", second_);
  EXPECT_EQ(job().state, JobState::kDone);
  EXPECT_EQ(rig_.leases_for("busy", wire::Envelope::kRelease), leases_of({held_[0]}));
  rig_.say("idle", ready_for(2));
  rig_.jobs_for("idle");
  const std::size_t events = rig_.events();
  rig_.answer("busy", held_[0]);
  EXPECT_EQ(rig_.events(), events) << "a late answer changes nothing";
  EXPECT_EQ(rig_.scheduler().counters().duplicate_answers, 1U);
}

TEST_F(Stragglers, TheFirstWorkersAnswerCountsAsWell) {
  rig_.answer("busy", held_[0]);
  EXPECT_EQ(job().state, JobState::kDone);
  EXPECT_EQ(rig_.leases_for("idle", wire::Envelope::kRelease), leases_of({second_}));
}

// Its loss would else be laid to two workers' neighbours.
TEST_F(Stragglers, TheSecondAttemptHasNoCompany) {
  rig_.pass(milliseconds{10});
  rig_.say("busy", lease({held_[0]}));
  EXPECT_EQ(rig_.job(held_[1]).state, JobState::kWaiting);
  EXPECT_TRUE(rig_.jobs_for("idle").empty());
  rig_.answer("idle", second_);
  EXPECT_EQ(rig_.jobs_for("idle").at(0).job(), held_[1].job());
}

TEST_F(Stragglers, TheFailureOfOneAttemptCountsAndLeavesTheJobWithTheOther) {
  rig_.fail("idle", second_);
  EXPECT_EQ(job().failures, 1U);
  EXPECT_EQ(job().state, JobState::kLeased);
  EXPECT_EQ(job().in_hand().size(), 1U);
  rig_.say("idle", ready_for(2));
  for (const wire::Job& next : rig_.jobs_for("idle")) EXPECT_NE(next.job(), second_.job());
  rig_.fail("busy", held_[0]);
  EXPECT_EQ(job().failures, 2U);
  EXPECT_EQ(job().state, JobState::kWaiting);
}

TEST_F(Stragglers, TheLossOfOneWorkerLeavesTheJobWithTheOther) {
  for (int i = 0; i < 31; ++i) {
    rig_.pass(seconds{1});
    rig_.say("idle", lease({second_}));
  }
  EXPECT_EQ(rig_.scheduler().workers(), 1U);
  EXPECT_EQ(job().losses, 1U);
  EXPECT_EQ(job().state, JobState::kLeased);
  rig_.answer("idle", second_);
  EXPECT_EQ(job().state, JobState::kDone);
}

TEST_F(Stragglers, ARestartFindsBothAndKeepsTheLatestWithItsWorker) {
  rig_.restart();
  EXPECT_EQ(job().state, JobState::kWaiting);
  rig_.say("busy", hello_of("busy"));
  rig_.say("busy", lease(held_));
  rig_.say("idle", hello_of("idle"));
  rig_.say("idle", lease({second_}));
  ASSERT_EQ(job().in_hand().size(), 1U);
  EXPECT_EQ(job().in_hand()[0].attempt, 2U);
  rig_.answer("busy", held_[0]);
  EXPECT_EQ(job().state, JobState::kDone) << "what it went on with counts all the same";
}

TEST_F(Stragglers, AnImageThatIsBadTakesTheJobFromBoth) {
  rig_.fail("idle", second_, "not what was planned", wire::Failure::BAD_IMAGE);
  EXPECT_EQ(job().state, JobState::kSetAside);
  EXPECT_TRUE(rig_.leases_for("busy", wire::Envelope::kRelease).contains({held_[0].job(), 1}));
}

TEST(Scheduler, ALostWorkersJobGoesToTheNextWorkerOnce) {
  Rig rig(small_plan(1, 1, 1));
  rig.join("first", 1);
  const auto job = rig.jobs_for("first").at(0);
  rig.join("second", 1);
  EXPECT_TRUE(rig.jobs_for("second").empty());
  rig.pass(seconds{20});
  rig.say("second", lease({}));
  rig.pass(seconds{11});
  const auto again = rig.jobs_for("second");
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].job(), job.job());
  EXPECT_EQ(again[0].attempt(), 2U);
  EXPECT_EQ(rig.scheduler().workers(), 1U);
  EXPECT_EQ(rig.scheduler().counters().workers_lost, 1U);
}

TEST(Scheduler, AJobThatFailsOrIsLostGoesOutAgainLaterAndLater) {
  SchedulerOptions options;
  options.max_attempts = 10;
  Rig rig(small_plan(1, 1, 1), options);
  rig.join("w", 1);
  const auto fails_and_comes_back_after = [&](milliseconds pause) {
    const auto jobs = rig.jobs_for("w");
    ASSERT_EQ(jobs.size(), 1U);
    rig.fail("w", jobs[0]);
    rig.say("w", ready_for(1));
    rig.say("w", lease({}));
    rig.pass(pause - milliseconds{1});
    EXPECT_TRUE(rig.jobs_for("w").empty()) << pause.count();
    EXPECT_FALSE(rig.state().finished());
    rig.pass(milliseconds{1});
  };
  fails_and_comes_back_after(seconds{1});
  fails_and_comes_back_after(seconds{4});
  fails_and_comes_back_after(seconds{16});
  rig.say("w", lease({}));
  // Its fourth mishap is a loss.
  rig.pass(seconds{31});
  rig.join("other", 1);
  rig.pass(seconds{29});
  rig.say("other", lease({}));
  rig.pass(seconds{30});
  rig.say("other", lease({}));
  EXPECT_TRUE(rig.jobs_for("other").empty());
  rig.pass(seconds{1});
  EXPECT_EQ(rig.jobs_for("other").size(), 1U) << "no longer than a minute";
}

TEST(Scheduler, AJobThatFailedIsTriedByAnotherWorkerFirst) {
  Rig rig(small_plan(1, 2, 1));
  rig.join("first", 1);
  rig.join("second", 1);
  const auto failed = rig.jobs_for("first").at(0), other = rig.jobs_for("second").at(0);
  rig.fail("first", failed);
  rig.say("first", ready_for(1));
  EXPECT_TRUE(rig.jobs_for("first").empty()) << "the other is at work, and comes to it";
  rig.answer("second", other);
  rig.say("second", ready_for(1));
  auto again = rig.jobs_for("second");
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].job(), failed.job());
  // It fails there too: whoever is free may have it. Without the other it is the first one's again.
  rig.fail("second", again[0]);
  again = rig.jobs_for("first");
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].job(), failed.job());
  EXPECT_EQ(again[0].attempt(), 3U);
}

TEST(Scheduler, AFailedJobWaitsForNobodyWhoWillNotTakeIt) {
  for (const bool drained : {true, false}) {
    Rig rig(small_plan(1, 1, 1));
    rig.join("first", 1);
    rig.join("second", 0);
    const auto failed = rig.jobs_for("first").at(0);
    if (drained) {
      wire::Request drain;
      drain.mutable_drain()->set_worker("second");
      rig.apply_request(drain);
    } else {
      rig.say("second", leaving());
    }
    rig.fail("first", failed);
    rig.say("first", ready_for(1));
    EXPECT_EQ(rig.jobs_for("first").size(), 1U) << drained;
  }
}

// What a worker does with what it hears of its jobs: it is at the first of them for ever, gives back others,
// and wants one more.
class HungWorker {
 public:
  HungWorker(Rig& rig, std::string name) : rig_(rig), name_(std::move(name)) { rig_.join(name_, 1); }

  void go_on() {
    hear();
    rig_.say(name_, lease(held_));
    rig_.say(name_, ready_for(1));
    hear();
  }
  std::size_t given_back() const { return given_back_; }

 private:
  void hear() {
    for (const wire::Envelope& envelope : rig_.inbox(name_)) {
      for (const wire::Lease& lease : envelope.release().leases())
        given_back_ += std::erase_if(held_, [&](const wire::Job& job) {
          return job.job() == lease.job() && job.job() != held_[0].job();
        });
      held_.insert(held_.end(), envelope.assign().jobs().begin(), envelope.assign().jobs().end());
    }
  }

  Rig& rig_;
  const std::string name_;
  std::vector<wire::Job> held_;
  std::size_t given_back_ = 0;
};

TEST(Scheduler, AFailedJobDoesNotWaitForEverForAWorkerThatHangs) {
  SchedulerOptions options;
  options.speculate = true;
  Rig rig(small_plan(1, 6, 1), options);
  HungWorker hung(rig, "hung");
  rig.join("sound", 1);
  bool failed = false;
  for (int second = 0; second < 120 && !rig.state().finished(); ++second) {
    rig.say("sound", lease({}));
    rig.say("sound", ready_for(1));
    for (const wire::Job& job : rig.jobs_for("sound"))
      std::exchange(failed, true) ? rig.answer("sound", job) : rig.fail("sound", job);
    hung.go_on();
    rig.pass(seconds{1});
  }
  EXPECT_TRUE(rig.state().finished());
  EXPECT_FALSE(rig.state().anything_set_aside());
}

TEST(Scheduler, OnlyWhatAnIdleWorkerMayHaveIsAskedBackForIt) {
  Rig rig(small_plan(1, 4, 1));
  rig.join("idle", 1);
  const auto failed = rig.jobs_for("idle").at(0);
  HungWorker busy(rig, "busy");
  for (int i = 0; i < 3; ++i) busy.go_on();  // it has the others
  rig.fail("idle", failed);
  busy.go_on();
  std::size_t moved = 0;
  for (int second = 0; second < 25; ++second) {
    rig.pass(seconds{1});
    rig.say("idle", lease({}));
    rig.say("idle", ready_for(1));
    const auto jobs = rig.jobs_for("idle");
    for (const wire::Job& job : jobs) {
      EXPECT_NE(job.job(), failed.job()) << "within a lease";
      rig.answer("idle", job);
    }
    moved += jobs.size();
    busy.go_on();
  }
  EXPECT_EQ(moved, 2U) << "all that the other has not begun";
  EXPECT_LE(busy.given_back(), 3U);
}

TEST(Scheduler, WhoFailsSomeJobsGoesOnWithOthers) {
  Rig rig(small_plan(1'000, 1, 1'000));
  rig.join("away", 0);  // long at a WCAM
  rig.join("w", 1);
  int failed = 0, done = 0;
  for (int turn = 0; turn < 300; ++turn) {
    const auto jobs = rig.jobs_for("w");
    ASSERT_EQ(jobs.size(), 1U) << "turn " << turn << ", after " << failed << " failures";
    const bool fails = jobs[0].has_predict() && done > failed;
    fails ? rig.fail("w", jobs[0]) : rig.answer("w", jobs[0]);
    ++(fails ? failed : done);
    rig.say("w", ready_for(1));
  }
  EXPECT_GT(failed, 64);
}

// Fails its jobs faster than any other can do them.
class BrokenWorker : public testing::Test {
 protected:
  BrokenWorker() : rig_(small_plan(40, 1, 40), SchedulerOptions{}) {
    rig_.join("sound", 1);
    held_ = rig_.jobs_for("sound");
    rig_.join("broken", 2);
  }

  // It fails whatever it has, and asks for more; how many that were.
  std::size_t fail_all() {
    std::size_t failed = 0;
    for (auto jobs = rig_.jobs_for("broken"); !jobs.empty(); jobs = rig_.jobs_for("broken")) {
      for (const wire::Job& job : jobs) rig_.fail("broken", job, "the GPU has\nfallen off its bus");
      failed += jobs.size();
      rig_.say("broken", ready_for(2));
    }
    return failed;
  }
  void let_a_second_pass() {
    rig_.pass(seconds{1});
    rig_.say("broken", lease({}));
    rig_.say("sound", lease(held_));
  }

  Rig rig_;
  std::vector<wire::Job> held_;
};

TEST_F(BrokenWorker, GetsFewerAndFewerJobsAndSetsNoneAside) {
  EXPECT_LE(fail_all(), 4U);
  ASSERT_EQ(rig_.scheduler().troubles().size(), 1U);
  EXPECT_NE(rig_.scheduler().troubles()[0].find("worker broken (cpu of pid 1 on here) failed the last "),
            std::string::npos);
  EXPECT_NE(rig_.scheduler().troubles()[0].find("from time to time: the GPU has"), std::string::npos);
  std::size_t failed = 0;
  for (int second = 0; second < 600; ++second) {
    let_a_second_pass();
    failed += fail_all();
  }
  EXPECT_GE(failed, 10U) << "once a minute it may show that it is of use again";
  EXPECT_LE(failed, 13U);
  EXPECT_EQ(rig_.state().jobs().set_aside().size(), 0U);
}

TEST_F(BrokenWorker, OneSuccessShowsThatItIsOfUseAgain) {
  fail_all();
  std::vector<wire::Job> jobs;
  for (int second = 0; second < 5 && jobs.empty(); ++second) {
    let_a_second_pass();
    jobs = rig_.jobs_for("broken");
  }
  ASSERT_EQ(jobs.size(), 1U) << "one at a time";
  rig_.answer("broken", jobs[0]);
  EXPECT_TRUE(rig_.scheduler().troubles().empty());
  rig_.say("broken", ready_for(2));
  EXPECT_GE(rig_.jobs_for("broken").size(), 2U);
}

TEST_F(BrokenWorker, IsNotToBlameWhereAllFail) {
  fail_all();
  rig_.say("sound", leaving());
  for (int second = 0; second < 120; ++second) {
    rig_.pass(seconds{1});
    rig_.say("broken", lease({}));
    fail_all();
  }
  EXPECT_TRUE(rig_.scheduler().troubles().empty());
  EXPECT_TRUE(rig_.state().finished());
  EXPECT_EQ(rig_.state().jobs().set_aside().size(), 40U);
}

TEST(Scheduler, WhatARestartFindsOrAWorkerGivesBackGoesOutAtOnce) {
  Rig rig(small_plan(1, 1, 1), SchedulerOptions{});
  rig.join("w", 1);
  rig.fail("w", rig.jobs_for("w").at(0));
  rig.say("w", ready_for(1));
  EXPECT_TRUE(rig.jobs_for("w").empty());
  rig.restart();
  rig.join("w", 1);
  EXPECT_EQ(rig.jobs_for("w").at(0).attempt(), 2U) << "backoff is forgotten";
  rig.say("w", leaving());
  rig.join("other", 1);
  EXPECT_EQ(rig.jobs_for("other").at(0).attempt(), 3U);
}

TEST(Scheduler, ASilentWorkerWhoseProcessHasEndedIsLostAtOnce) {
  SchedulerOptions options;
  options.has_ended = [](const WorkerInfo& worker) { return worker.name == "dead"; };
  Rig rig(small_plan(1, 1, 1), options);
  rig.join("dead", 1);
  rig.join("quiet", 0);
  rig.scheduler().expire(Scheduler::TimePoint{} + seconds{2});
  EXPECT_EQ(rig.scheduler().workers(), 2U);
  rig.scheduler().expire(Scheduler::TimePoint{} + seconds{4});
  EXPECT_EQ(rig.scheduler().workers(), 1U);
  rig.turn();
}

TEST(Scheduler, NobodyIsLostBecauseTheCoordinatorWasAway) {
  Rig rig(small_plan(1, 1, 1));
  rig.join("w", 1);
  rig.scheduler().expire(Scheduler::TimePoint{} + seconds{1});
  rig.scheduler().expire(Scheduler::TimePoint{} + seconds{3'600});  // suspended for an hour
  EXPECT_EQ(rig.scheduler().workers(), 1U);
  rig.scheduler().expire(Scheduler::TimePoint{} + seconds{3'610});
  EXPECT_EQ(rig.scheduler().workers(), 1U);
}

TEST(Scheduler, AWorkerThatWasLostIsAskedToSayHelloAgain) {
  Rig rig(small_plan(1, 1, 1));
  rig.join("w", 1);
  rig.pass(seconds{31});
  rig.inbox("w");
  rig.say("w", lease({}));
  const auto inbox = rig.inbox("w");
  ASSERT_EQ(inbox.size(), 1U);
  EXPECT_TRUE(inbox[0].refused().again());
}

TEST(Scheduler, ALateSuccessOfAnOlderAttemptCountsAndTheNewerHolderIsReleased) {
  Rig rig(small_plan(1, 2, 1));
  rig.join("slow", 1);
  const auto job = rig.jobs_for("slow").at(0);
  rig.pass(seconds{31});
  rig.join("second", 1);
  const auto again = rig.jobs_for("second").at(0);
  ASSERT_EQ(again.job(), job.job());
  rig.say("slow", hello_of("slow"));
  rig.answer("slow", job);
  EXPECT_EQ(rig.leases_for("slow", wire::Envelope::kAcknowledge), leases_of({job}));
  EXPECT_EQ(rig.leases_for("second", wire::Envelope::kRelease), leases_of({again}));
  EXPECT_EQ(rig.job(job).state, JobState::kDone);
  // The second answer changes nothing and is acknowledged too.
  const std::size_t events = rig.events();
  rig.answer("second", again);
  EXPECT_EQ(rig.events(), events);
  EXPECT_EQ(rig.leases_for("second", wire::Envelope::kAcknowledge), leases_of({again}));
  EXPECT_EQ(rig.scheduler().counters().duplicate_answers, 1U);
}

TEST(Scheduler, AnAnswerSentTwiceChangesNothingAndIsAcknowledgedTwice) {
  Rig rig(small_plan(2, 1, 2));
  rig.join("w", 2);
  const auto jobs = rig.jobs_for("w");
  rig.answer("w", jobs[0]);
  EXPECT_EQ(rig.leases_for("w", wire::Envelope::kAcknowledge), leases_of({jobs[0]}));
  rig.say("w", ready_for(0));
  const std::size_t events = rig.events();
  rig.answer("w", jobs[0]);
  EXPECT_EQ(rig.leases_for("w", wire::Envelope::kAcknowledge), leases_of({jobs[0]}));
  EXPECT_EQ(rig.events(), events);
}

TEST(Scheduler, AFailureSentTwiceCountsOnce) {
  Rig rig(small_plan(1, 1, 1));
  rig.join("w", 1);
  const auto job = rig.jobs_for("w").at(0);
  rig.fail("w", job);
  rig.fail("w", job);
  EXPECT_EQ(rig.job(job).failures, 1U);
  EXPECT_EQ(rig.job(job).state, JobState::kWaiting);
}

TEST(Scheduler, AnAnswerThatWasNeverAskedForIsAcknowledgedAndCounted) {
  Rig rig(small_plan(1, 1, 1));
  rig.join("w", 1);
  auto job = rig.jobs_for("w").at(0);
  const std::size_t events = rig.events();
  job.set_attempt(2);
  rig.answer("w", job);
  job.set_attempt(0);
  rig.answer("w", job);
  job.set_attempt(1);
  job.set_job(12345);
  rig.answer("w", job);
  EXPECT_EQ(rig.events(), events);
  EXPECT_EQ(rig.scheduler().counters().unknown_answers, 3U);
  EXPECT_EQ(rig.leases_for("w", wire::Envelope::kAcknowledge).size(), 3U);
}

TEST(Scheduler, AWorkerCanAnswerOnlyForItself) {
  Rig rig(small_plan(1, 1, 1));
  rig.join("w", 1);
  rig.join("thief", 0);
  const auto job = rig.jobs_for("w").at(0);
  std::uint64_t refused = 0;
  const auto steal = [&] {
    rig.answer("thief", job);
    rig.fail("thief", job, "bad", wire::Failure::BAD_IMAGE);
    refused += 2;
    EXPECT_EQ(rig.scheduler().counters().unknown_answers, refused);
    EXPECT_FALSE(rig.job(job).finished());
    EXPECT_EQ(rig.job(job).failures, 0U);
    rig.inbox("thief");
    rig.say("thief", lease({job}));
    EXPECT_EQ(rig.leases_for("thief", wire::Envelope::kRelease), leases_of({job})) << "nor take it over";
  };
  steal();  // in the other's hand
  rig.restart();
  refused = 0;
  rig.join("thief", 0);
  steal();  // in nobody's, and its holder may come back
  rig.pass(seconds{5});
  rig.join("third", 1);
  ASSERT_EQ(rig.jobs_for("third").at(0).attempt(), 2U);
  steal();  // an earlier attempt's
  rig.join("w", 0);
  rig.answer("w", job);
  EXPECT_EQ(rig.job(job).state, JobState::kDone) << "whose it was is believed, however late";
}

TEST(Scheduler, AnAnswerThatDoesNotFitThePlanIsAFailureWithTheReason) {
  const auto text_of = [](const std::function<void(wire::Outcome&)>& spoil) {
    SchedulerOptions options;
    options.max_attempts = 1;
    Rig rig(small_plan(1, 1, 1), options);
    rig.join("w", 1);
    const auto job = rig.jobs_for("w").at(0);
    wire::Outcome outcome = success(rig.plan(), job);
    spoil(outcome);
    rig.say("w", answering({outcome}));
    EXPECT_EQ(rig.job(job).state, JobState::kSetAside);
    return rig.job(job).text;
  };
  EXPECT_NE(
      text_of([](auto& o) { o.mutable_predictions()->add_label(1); }).find("6 predictions, the plan has 5"),
      std::string::npos);
  EXPECT_NE(
      text_of([](auto& o) { o.mutable_predictions()->mutable_logit()->RemoveLast(); }).find("4 predictions"),
      std::string::npos);
  EXPECT_NE(text_of([](auto& o) { o.mutable_predictions()->set_label(0, -1); }).find("below 0"),
            std::string::npos);
  for (const float value : {NAN, -INFINITY}) {
    EXPECT_NE(text_of([&](auto& o) { o.mutable_predictions()->set_logit(4, value); }).find("not finite"),
              std::string::npos);
    EXPECT_NE(
        text_of([&](auto& o) { o.mutable_predictions()->set_probability(0, value); }).find("not finite"),
        std::string::npos);
  }
  EXPECT_NE(text_of([](auto& o) { o.mutable_profile(); }).find("other kind"), std::string::npos);
  for (const std::string segment : {"../../etc/passwd", "/etc/passwd", "..", ".", ".hidden.h5", "a/b.h5"})
    EXPECT_NE(text_of([&](auto& o) { o.set_segment(segment); }).find("segment '" + segment + "'"),
              std::string::npos);
  EXPECT_NE(text_of([](auto& o) { o.clear_segment(); }).find("segment ''"), std::string::npos);
}

TEST(Scheduler, AJobThatFailsThreeTimesIsSetAsideWithItsTextAndTheSweepGoesOn) {
  Rig rig(small_plan(2, 1, 2));
  rig.finish("w");
  Rig other(small_plan(2, 1, 2));
  other.join("w", 1);
  // The first explain job fails whenever it is tried.
  std::uint64_t hopeless = 0;
  for (int i = 0; i < 1'000 && !other.state().finished(); ++i) {
    for (const wire::Job& job : other.jobs_for("w")) {
      if (job.has_explain() && hopeless == 0) hopeless = job.job();
      if (job.job() == hopeless)
        other.fail("w", job, "outputs are not finite");
      else
        other.answer("w", job);
    }
    if (!other.state().finished()) other.say("w", ready_for(1));
  }
  ASSERT_TRUE(other.state().finished());
  const Job& job = other.state().jobs().at(JobId{hopeless});
  EXPECT_EQ(job.state, JobState::kSetAside);
  EXPECT_EQ(job.attempts, 3U);
  EXPECT_EQ(job.text, "outputs are not finite (cpu of pid 1 on here)");
  EXPECT_TRUE(other.state().anything_set_aside());
  EXPECT_FALSE(rig.state().anything_set_aside());
  EXPECT_EQ(other.state().counts(true).set_aside.size(), 1U);
}

TEST(Scheduler, ADegenerateJobIsSetAsideAtOnceAndItsImageIsNot) {
  Rig rig(small_plan(10, 1, 1));
  rig.join("w", 1);
  wire::Job explain;
  for (int i = 0; i < 100 && !explain.has_explain(); ++i) {
    explain = rig.jobs_for("w").at(0);
    if (explain.has_explain()) break;
    rig.answer("w", explain);
    rig.say("w", ready_for(1));
  }
  rig.fail("w", explain, "constant outputs", wire::Failure::DEGENERATE);
  EXPECT_EQ(rig.job(explain).state, JobState::kSetAside);
  EXPECT_EQ(rig.job(explain).attempts, 1U);
  EXPECT_EQ(rig.state().counts(true).images_set_aside, 0U);
  rig.finish("w");
  EXPECT_EQ(rig.state().counts(true).explain[JobState::kSetAside], 1U);
}

TEST(Scheduler, ABadImageIsSetAsideWithItsOtherJobsAndSkipped) {
  Rig rig(small_plan(10, 3, 10));
  rig.join("w", 1);
  rig.join("other", 1);
  const auto job = rig.jobs_for("w").at(0);
  const auto held = rig.jobs_for("other").at(0);
  ASSERT_EQ(job.image(), held.image());
  rig.fail("w", job, "i0.png is cut off", wire::Failure::BAD_IMAGE);
  EXPECT_EQ(rig.job(job).state, JobState::kSetAside);
  EXPECT_EQ(rig.job(held).state, JobState::kCancelled);
  EXPECT_EQ(rig.leases_for("other", wire::Envelope::kRelease), leases_of({held}));
  EXPECT_EQ(rig.state().images()[0].state, ImageState::kSetAside);
  EXPECT_EQ(rig.state().next_undecided(), 1U);
  // A late answer of a cancelled job changes nothing.
  rig.answer("other", held);
  EXPECT_EQ(rig.job(held).state, JobState::kCancelled);
  rig.say("other", leaving());
  rig.finish("w");
  EXPECT_EQ(rig.state().counts(true).set_aside,
            std::vector<std::string>{"image " + job.image() + ": i0.png is cut off (cpu of pid 1 on here)"});
}

TEST(Scheduler, AnImageThatGoesBadAfterItWasSelectedKeepsItsRank) {
  Rig rig(small_plan(10, 2, 1));
  rig.join("w", 1);
  for (int i = 0; i < 100; ++i) {
    const auto job = rig.jobs_for("w").at(0);
    if (job.has_explain()) {
      rig.fail("w", job, "gone", wire::Failure::BAD_IMAGE);
      break;
    }
    rig.answer("w", job);
    rig.say("w", ready_for(1));
  }
  EXPECT_TRUE(rig.state().finished()) << "the sample stays as it was drawn";
  EXPECT_EQ(rig.state().selected(), 1U);
  EXPECT_EQ(rig.state().counts(true).images_set_aside, 1U);
}

TEST(Scheduler, APredictionThatCannotBeHadSetsItsImageAside) {
  Rig rig(small_plan(10, 2, 2));
  rig.join("w", 1);
  const auto first = rig.jobs_for("w").at(0);
  rig.fail("w", first);
  for (int i = 0; i < 2; ++i) {
    rig.say("w", ready_for(1));
    const auto again = rig.jobs_for("w").at(0);
    ASSERT_EQ(again.job(), first.job());
    rig.fail("w", again);
  }
  EXPECT_EQ(rig.state().images()[0].state, ImageState::kSetAside);
  rig.finish("w");
  EXPECT_EQ(rig.state().selected(), 2U);
}

// A job that kills its worker: it is found after three workers, and no other job is set aside for having been
// there.
TEST(Scheduler, APoisonJobIsSetAsideAloneAfterThreeWorkers) {
  Rig rig(small_plan(4, 1, 4));
  std::uint64_t poison = 0;
  int workers = 0;
  for (int i = 0; i < 100 && !rig.state().finished(); ++i) {
    const std::string worker = "w" + std::to_string(workers);
    rig.join(worker, 2);
    for (bool alive = true; alive && !rig.state().finished();) {
      const auto jobs = rig.jobs_for(worker);
      ASSERT_FALSE(jobs.empty());
      if (poison == 0) poison = jobs[1].job();
      for (const wire::Job& job : jobs) alive = alive && job.job() != poison;
      if (!alive) break;
      for (const wire::Job& job : jobs) rig.answer(worker, job);
      rig.say(worker, ready_for(2));
    }
    if (rig.state().finished()) break;
    rig.pass(seconds{31});
    ++workers;
  }
  ASSERT_TRUE(rig.state().finished());
  EXPECT_EQ(workers, 3);
  const Job& job = rig.state().jobs().at(JobId{poison});
  EXPECT_EQ(job.state, JobState::kSetAside);
  EXPECT_EQ(job.losses, 3U);
  EXPECT_NE(job.text.find("was lost after 3"), std::string::npos) << job.text;
  for (const auto& [id, other] : rig.state().jobs().all())
    EXPECT_EQ(other.state == JobState::kSetAside, value(id) == poison);
}

TEST(Scheduler, ASuspectIsHandedOutAlone) {
  Rig rig(small_plan(10, 1, 10));
  rig.join("first", 2);
  const auto lost = rig.jobs_for("first");
  ASSERT_EQ(lost.size(), 2U);
  rig.pass(seconds{31});
  rig.join("second", 5);
  const auto alone = rig.jobs_for("second");
  ASSERT_EQ(alone.size(), 1U);
  EXPECT_TRUE(rig.job(alone[0]).suspect());
  rig.answer("second", alone[0]);
  const auto next = rig.jobs_for("second");
  ASSERT_EQ(next.size(), 1U) << "the other one that was in the lost worker's hand, alone as well";
  EXPECT_TRUE(rig.job(next[0]).suspect());
  rig.answer("second", next[0]);
  EXPECT_GT(rig.jobs_for("second").size(), 1U);
}

TEST(Scheduler, ASuspectIsNotGivenToAWorkerThatMayStillBeAtAnotherJob) {
  Rig rig(small_plan(10, 1, 10));
  rig.join("stopped", 2);
  const auto lost = rig.jobs_for("stopped");
  ASSERT_EQ(lost.size(), 2U);
  rig.pass(seconds{31});
  rig.join("other", 1);
  ASSERT_EQ(rig.jobs_for("other").at(0).job(), lost[0].job());
  // It comes back and still computes the one that the other has by now.
  rig.say("stopped", hello_of("stopped"));
  rig.say("stopped", lease({lost[0]}));
  rig.say("stopped", ready_for(1));
  const auto next = rig.jobs_for("stopped");
  ASSERT_EQ(next.size(), 1U);
  EXPECT_FALSE(rig.job(next[0]).suspect());
}

TEST(Scheduler, ASuspectIsNotGivenToAWorkerWhoseJobWasReleasedJustNow) {
  Rig rig(small_plan(10, 1, 10));
  rig.join("lost", 2);
  const auto suspects = rig.jobs_for("lost");
  rig.pass(seconds{31});
  rig.join("w", 2);
  ASSERT_EQ(rig.jobs_for("w").at(0).job(), suspects[0].job());
  rig.say("lost", hello_of("lost"));
  rig.answer("lost", suspects[0]);  // released from "w"
  const auto next = rig.jobs_for("w");
  ASSERT_EQ(next.size(), 1U);
  EXPECT_FALSE(rig.job(next[0]).suspect());
}

TEST(Scheduler, ALostWorkersJobsOfOneImageAreSetAsideTogether) {
  SchedulerOptions options = without_backoff();
  options.max_attempts = 1;
  Rig rig(small_plan(1, 2, 1), options);
  rig.join("w", 2);
  ASSERT_EQ(rig.jobs_for("w").size(), 2U);
  rig.pass(seconds{31});
  EXPECT_TRUE(rig.state().finished());
  EXPECT_EQ(rig.state().counts(true).images_set_aside, 1U);
}

TEST(Scheduler, GoodbyeFreesJobsAtOnceAndBlamesNobody) {
  Rig rig(small_plan(1, 1, 1));
  rig.join("first", 1);
  const auto job = rig.jobs_for("first").at(0);
  rig.join("second", 1);
  rig.say("first", leaving());
  const auto again = rig.jobs_for("second");
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].attempt(), 2U);
  EXPECT_EQ(rig.job(job).losses, 0U);
}

TEST(Scheduler, AJobThatNeverArrivedGoesOutAgainAfterThreeHeartbeats) {
  Rig rig(small_plan(1, 1, 1));
  rig.join("w", 1);
  const auto job = rig.jobs_for("w").at(0);
  rig.pass(milliseconds{2'900});
  rig.say("w", lease({}));
  EXPECT_EQ(rig.job(job).state, JobState::kLeased);
  rig.pass(milliseconds{200});
  rig.say("w", lease({}));
  EXPECT_EQ(rig.job(job).state, JobState::kWaiting);
  EXPECT_TRUE(rig.jobs_for("w").empty()) << "a worker that is stopping asks for none";
  rig.say("w", ready_for(1));
  const auto again = rig.jobs_for("w");
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].attempt(), 2U);
  EXPECT_EQ(rig.job(job).losses, 0U);
}

TEST(Scheduler, AJobInHandStaysLeasedHoweverLongItTakes) {
  Rig rig(small_plan(1, 1, 1));
  rig.join("w", 1);
  const auto jobs = rig.jobs_for("w");
  for (int i = 0; i < 200; ++i) {
    rig.pass(seconds{1});
    rig.say("w", lease(jobs));
  }
  EXPECT_EQ(rig.job(jobs[0]).state, JobState::kLeased);
  EXPECT_EQ(rig.job(jobs[0]).attempts, 1U);
}

TEST(Scheduler, AHeartbeatIsAnsweredAndUnknownLeasesAreReleased) {
  Rig rig(small_plan(2, 1, 2));
  rig.join("w", 1);
  const auto jobs = rig.jobs_for("w");
  auto unknown = jobs[0];
  unknown.set_job(999);
  rig.scheduler().on_message("w", lease({jobs[0], unknown}), {});
  rig.turn();
  const auto inbox = rig.inbox("w");
  ASSERT_EQ(inbox.size(), 2U);
  EXPECT_TRUE(inbox[0].has_acknowledge());
  EXPECT_EQ(inbox[0].acknowledge().leases_size(), 0);
  ASSERT_EQ(inbox[1].release().leases_size(), 1);
  EXPECT_EQ(inbox[1].release().leases(0).job(), 999U);
}

TEST(Scheduler, AfterARestartAWorkerKeepsWhatItHasInHand) {
  Rig rig(small_plan(4, 1, 4));
  rig.join("w", 2);
  const auto jobs = rig.jobs_for("w");
  rig.restart();
  EXPECT_EQ(rig.job(jobs[0]).state, JobState::kWaiting);
  rig.say("w", hello_of("w"));
  rig.say("w", lease(jobs));
  for (const wire::Job& job : jobs) {
    EXPECT_EQ(rig.job(job).state, JobState::kLeased);
    EXPECT_EQ(rig.job(job).attempts, 1U);
  }
  EXPECT_TRUE(rig.leases_for("w", wire::Envelope::kRelease).empty());
  rig.answer("w", jobs[0]);
  EXPECT_EQ(rig.job(jobs[0]).state, JobState::kDone);
}

TEST(Scheduler, AfterARestartWhatWasInHandWaitsForItsWorkerForAWhile) {
  SchedulerOptions options;
  options.has_ended = [](const WorkerInfo& worker) { return worker.name == "dead"; };
  Rig rig(small_plan(2, 1, 2), options);
  rig.join("slow", 1);
  rig.join("dead", 1);
  const auto slow = rig.jobs_for("slow"), dead = rig.jobs_for("dead");
  ASSERT_EQ(slow.size(), 1U);
  rig.restart();
  rig.join("first to come back", 2);
  const auto given = rig.jobs_for("first to come back");
  ASSERT_EQ(given.size(), 1U) << "the one whose worker has ended";
  EXPECT_EQ(given[0].job(), dead.at(0).job());
  rig.pass(milliseconds{4'900});
  EXPECT_TRUE(rig.jobs_for("first to come back").empty());
  rig.pass(milliseconds{100});
  EXPECT_EQ(rig.jobs_for("first to come back").at(0).job(), slow[0].job());
}

TEST(Scheduler, AfterARestartALateAnswerIsAcceptedWithoutAHeartbeat) {
  Rig rig(small_plan(4, 1, 4));
  rig.join("w", 1);
  const auto job = rig.jobs_for("w").at(0);
  rig.restart();
  rig.say("w", hello_of("w"));
  rig.answer("w", job);
  EXPECT_EQ(rig.job(job).state, JobState::kDone);
  EXPECT_EQ(rig.leases_for("w", wire::Envelope::kAcknowledge), leases_of({job}));
}

TEST(Scheduler, AnAssignmentThatCannotBeDeliveredIsFreeAgain) {
  Rig rig(small_plan(1, 1, 1));
  rig.set_reachable("w", false);
  rig.join("w", 1);
  const auto waiting = [&] { return rig.state().jobs().tally(JobKind::kPredict)[JobState::kWaiting]; };
  EXPECT_EQ(waiting(), 1U);
  rig.set_reachable("w", true);
  rig.turn();
  EXPECT_TRUE(rig.jobs_for("w").empty()) << "not before it speaks again";
  EXPECT_EQ(waiting(), 1U);
  rig.say("w", ready_for(1));
  const auto jobs = rig.jobs_for("w");
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_EQ(jobs[0].attempt(), 2U);
}

TEST(Scheduler, AWorkerThatDidNotHearStopIsToldAgain) {
  Rig rig(small_plan(4, 1, 4));
  rig.join("w", 1);
  const auto jobs = rig.jobs_for("w");
  rig.set_reachable("w", false);
  rig.scheduler().stop("told to");
  rig.turn();
  rig.set_reachable("w", true);
  rig.say("w", lease(jobs));
  const auto inbox = rig.inbox("w");
  EXPECT_TRUE(std::any_of(inbox.begin(), inbox.end(), [](const auto& e) { return e.has_stop(); }));
}

TEST(Scheduler, WhenStoppingNothingIsHandedOutAndAnswersStillCount) {
  Rig rig(small_plan(4, 1, 4));
  rig.join("w", 1);
  const auto job = rig.jobs_for("w").at(0);
  rig.scheduler().stop("told to");
  rig.turn();
  ASSERT_EQ(rig.inbox("w").back().stop().reason(), "told to");
  rig.say("w", ready_for(3));
  EXPECT_TRUE(rig.jobs_for("w").empty());
  rig.answer("w", job);
  EXPECT_EQ(rig.job(job).state, JobState::kDone);
  rig.say("late", hello_of("late"));
  EXPECT_TRUE(rig.inbox("late").back().has_stop());
}

TEST(Scheduler, RestartedAfterEveryAnswerTheSweepComesToTheSame) {
  Rig undisturbed(small_plan(12, 2, 3));
  undisturbed.finish("w");
  Rig rig(small_plan(12, 2, 3));
  for (int i = 0; i < 1'000 && !rig.state().finished(); ++i) {
    const std::string worker = "w" + std::to_string(i);
    rig.join(worker, 1);
    const auto jobs = rig.jobs_for(worker);
    ASSERT_FALSE(jobs.empty());
    for (const wire::Job& job : jobs) rig.answer(worker, job);
    rig.restart();
  }
  EXPECT_EQ(outcome_of(rig.state()), outcome_of(undisturbed.state()));
}

// Whatever happens in whatever order, the sweep ends with the same images and the same jobs done. Workers
// join, answer late, twice or never, leave, fall silent; messages are lost; the coordinator restarts. Jobs
// lost by chance must not be set aside, hence the high max_attempts.
TEST(Scheduler, RandomMishapsChangeNothingInTheOutcome) {
  SchedulerOptions options = without_backoff();
  options.speculate = true;
  options.max_attempts = 1'000;
  Rig undisturbed(small_plan(10, 2, 3), options);
  undisturbed.finish("w");
  for (std::uint32_t seed = 0; seed < 12; ++seed) {
    std::mt19937 random(seed);
    const auto chance = [&](unsigned n) { return static_cast<std::size_t>(random() % n); };
    Rig rig(small_plan(10, 2, 3), options);
    std::map<std::string, std::vector<wire::Job>> hands;
    for (int i = 0; i < 150 && !rig.state().finished(); ++i) {
      const std::string worker = "w" + std::to_string(chance(4));
      auto& hand = hands[worker];
      for (const wire::Job& job : rig.jobs_for(worker))
        if (chance(5) != 0) hand.push_back(job);  // or it never arrives
      switch (chance(10)) {
        case 0:
          rig.join(worker, static_cast<std::uint32_t>(chance(4)));
          break;
        case 1:
          rig.say(worker, hello_of(worker));
          break;
        case 2:
          rig.say(worker, lease(hand));
          break;
        case 3:
          rig.pass(seconds{chance(40)});
          break;
        case 4:
          rig.say(worker, ready_for(static_cast<std::uint32_t>(chance(4))));
          break;
        case 5:
          chance(4) == 0 ? rig.restart() : rig.pass(seconds{1});
          break;
        case 6:
          if (rig.scheduler().workers() > 1) rig.say(worker, hello_of(worker)), rig.say(worker, leaving());
          break;
        default:
          if (hand.empty()) break;
          const std::size_t which = chance(static_cast<unsigned>(hand.size()));
          if (chance(6) == 0)
            rig.fail(worker, hand[which]);
          else
            rig.answer(worker, hand[which]);
          if (chance(3) != 0) hand.erase(hand.begin() + static_cast<std::ptrdiff_t>(which));
      }
      ASSERT_FALSE(testing::Test::HasFatalFailure()) << "seed " << seed;
    }
    rig.pass(seconds{40});
    rig.finish("last");
    EXPECT_EQ(outcome_of(rig.state()), outcome_of(undisturbed.state())) << "seed " << seed;
  }
}

wire::Envelope in_trouble(const std::string& why) {
  wire::Envelope envelope = ready_for(0);
  envelope.mutable_ready()->set_trouble(why);
  return envelope;
}

TEST(Scheduler, WhoCanStoreNothingKeepsItsJobsForALeaseAndThenUntilAnotherHasNothingElseToDo) {
  Rig rig(small_plan(1, 2, 1));
  rig.join("full", 2);
  const auto held = rig.jobs_for("full");
  ASSERT_EQ(held.size(), 2U);
  rig.say("full", in_trouble("No space left\non device"));
  EXPECT_EQ(rig.scheduler().troubles(),
            std::vector<std::string>{
                "worker full (cpu of pid 1 on here) can store nothing: No space left on device"});
  rig.join("other", 1);
  EXPECT_TRUE(rig.jobs_for("other").empty());
  std::vector<wire::Job> taken;
  for (int second = 1; second <= 40; ++second) {
    rig.pass(seconds{1});
    rig.say("full", lease(held));
    rig.say("other", lease(taken));
    const auto more = rig.jobs_for("other");
    taken.insert(taken.end(), more.begin(), more.end());
    if (second < 30) {
      ASSERT_TRUE(taken.empty()) << second;
    }
  }
  ASSERT_EQ(taken.size(), 1U) << "as many as it has asked for";
  rig.inbox("full");
  rig.say("full", lease(held));
  EXPECT_EQ(rig.leases_for("full", wire::Envelope::kRelease).size(), 1U);
  // It stores again: both of its results count, the one that was taken from it too.
  rig.say("full", ready_for(0));
  EXPECT_TRUE(rig.scheduler().troubles().empty());
  for (const wire::Job& job : held) {
    rig.answer("full", job);
    EXPECT_EQ(rig.job(job).state, JobState::kDone);
  }
  EXPECT_EQ(rig.leases_for("other", wire::Envelope::kRelease).size(), 1U);
}

TEST(Scheduler, WhatComputedAResultIsKnownOfTheWorkersThatHaveOne) {
  Rig rig(small_plan(2, 1, 1));
  for (const char* name : {"a", "b"}) {
    wire::Envelope hello = hello_of(name);
    hello.mutable_hello()->set_provenance(std::string("CPU of ") + name);
    rig.say(name, hello);
  }
  EXPECT_TRUE(rig.state().counts(false).provenances.empty()) << "nothing is done";
  rig.say("b", ready_for(1));
  rig.answer("b", rig.jobs_for("b").at(0));
  const std::map<std::string, std::size_t> expected{{"CPU of b", 1}};
  EXPECT_EQ(rig.state().counts(false).provenances, expected);
  rig.restart();
  EXPECT_EQ(rig.state().counts(false).provenances, expected) << "the ledger knows it";
}

TEST(Scheduler, AJobLostWithItsWorkerIsSetAsideWithHowThatEndedAndTheEndOfItsLog) {
  SchedulerOptions options = without_backoff();
  options.max_attempts = 1;
  std::vector<std::string> asked;
  options.ending_of = [&](const WorkerInfo& worker, const std::string& log) {
    asked.push_back(worker.name + " " + log);
    return WorkerEnding{"worker-1 was killed by signal 9 (Killed)", "one\ntwo"};
  };
  Rig rig(small_plan(1, 1, 1), options);
  wire::Envelope hello = hello_of("w");
  hello.mutable_hello()->set_log("worker-1.log");
  rig.say("w", hello);
  rig.say("w", ready_for(1));
  const wire::Job job = rig.jobs_for("w").at(0);
  rig.pass(seconds{40});
  EXPECT_EQ(asked, std::vector<std::string>{"w worker-1.log"});
  const std::string& text = rig.job(job).text;
  EXPECT_TRUE(text.ends_with(" with this job in hand: worker-1 was killed by signal 9 (Killed)\none\ntwo"))
      << text;
  for (const std::string& line : rig.state().counts(true).set_aside)
    EXPECT_TRUE(line.ends_with("(Killed)")) << line << ": one line is for lists";
}

}  // namespace
}  // namespace wcam
