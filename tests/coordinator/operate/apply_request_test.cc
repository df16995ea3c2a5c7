#include "coordinator/operate/apply_request.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "tests/coordinator/rig.h"

namespace wcam {
namespace {

wire::Request pausing() {
  wire::Request request;
  request.mutable_pause();
  return request;
}

wire::Request resuming() {
  wire::Request request;
  request.mutable_resume();
  return request;
}

wire::Request draining(const std::string& worker) {
  wire::Request request;
  request.mutable_drain()->set_worker(worker);
  return request;
}

wire::Request cancelling_all() {
  wire::Request request;
  request.mutable_cancel()->mutable_choice()->set_all(true);
  return request;
}

std::string refusal(const SweepState& state, const wire::Request& request) {
  try {
    apply_request(state, request);
  } catch (const UsageError& e) {
    return e.what();
  }
  return "accepted";
}

bool is_told_to_stop(Rig& rig, const std::string& worker) {
  bool told = false;
  for (const wire::Envelope& envelope : rig.inbox(worker)) told |= envelope.has_stop();
  return told;
}

class OperateTest : public testing::Test {
 protected:
  Rig rig_{small_plan(8, 2, 4)};
};

TEST_F(OperateTest, NothingIsHandedOutWhilePausedAlsoByTheNextCoordinator) {
  rig_.join("w", 1);
  const auto first = rig_.jobs_for("w");
  ASSERT_EQ(first.size(), 1U);
  const wire::Report report = rig_.apply_request(pausing());
  EXPECT_TRUE(report.changed());
  EXPECT_EQ(report.summary(), "paused: nothing more is handed out; 1 job in hand");
  EXPECT_FALSE(rig_.apply_request(pausing()).changed());
  rig_.answer("w", first[0]);
  EXPECT_EQ(rig_.job(first[0]).state, JobState::kDone) << "what is in hand is finished";
  rig_.say("w", ready_for(5));
  EXPECT_TRUE(rig_.jobs_for("w").empty());
  rig_.restart();
  rig_.join("w", 5);
  EXPECT_TRUE(rig_.jobs_for("w").empty());
  EXPECT_EQ(rig_.state().counts(false).course, Course::kPaused);
  EXPECT_TRUE(rig_.apply_request(resuming()).changed());
  EXPECT_EQ(rig_.jobs_for("w").size(), 5U);
  EXPECT_FALSE(rig_.apply_request(resuming()).changed());
}

TEST_F(OperateTest, WhatAWorkerComesBackWithIsLeftWithItWhilePaused) {
  rig_.join("w", 1);
  const auto jobs = rig_.jobs_for("w");
  rig_.apply_request(pausing());
  rig_.restart();
  rig_.join("w", 1);
  rig_.say("w", lease(jobs));
  EXPECT_EQ(rig_.job(jobs[0]).state, JobState::kLeased);
}

TEST_F(OperateTest, ADrainedWorkerGetsNothingMoreAndIsToldToStopUntilItLeaves) {
  rig_.join("one", 1);
  rig_.join("two", 1);
  const auto jobs = rig_.jobs_for("one");
  ASSERT_EQ(jobs.size(), 1U);
  rig_.inbox("two");
  const wire::Report report = rig_.apply_request(draining("on"));
  EXPECT_EQ(report.summary(),
            "worker one (cpu of pid 1 on here) gets no more jobs; it hands in what it has begun (1 job in "
            "hand) and ends");
  EXPECT_TRUE(is_told_to_stop(rig_, "one"));
  EXPECT_FALSE(is_told_to_stop(rig_, "two"));
  rig_.say("one", ready_for(3));
  rig_.say("one", lease(jobs));
  EXPECT_TRUE(is_told_to_stop(rig_, "one")) << "the first word may be lost";
  rig_.restart();
  rig_.say("one", hello_of("one"));
  EXPECT_TRUE(is_told_to_stop(rig_, "one")) << "the next coordinator knows";
  rig_.say("one", ready_for(3));
  EXPECT_TRUE(rig_.jobs_for("one").empty());
  rig_.answer("one", jobs[0]);
  EXPECT_EQ(rig_.job(jobs[0]).state, JobState::kDone);
  EXPECT_EQ(rig_.apply_request(draining("one")).summary(),
            "worker one (cpu of pid 1 on here) is drained already");
}

TEST_F(OperateTest, AWorkerIsNamedByABeginningOfItsNameThatIsItsOwn) {
  for (const char* name : {"node7.aa11", "node7.aa22", "worker.aa33"}) rig_.join(name, 0);
  const std::string several = refusal(rig_.state(), draining("node7"));
  EXPECT_EQ(several,
            "'node7' begins the names of 2 workers, such as node7.aa11, node7.aa22: give more of it");
  EXPECT_NE(refusal(rig_.state(), draining("aa")).find("3 workers"), std::string::npos);
  for (const char* nobody : {"x", "11", "worker.aa1", ""})
    EXPECT_NE(refusal(rig_.state(), draining(nobody)).find("no worker's name begins with"), std::string::npos)
        << nobody;
  EXPECT_NE(rig_.apply_request(draining("aa3")).summary().find("worker.aa33"), std::string::npos);
  rig_.apply_request(draining("node7.aa11"));
  EXPECT_NE(rig_.apply_request(draining("node7")).summary().find("node7.aa22"), std::string::npos)
      << "the one that is left";
}

TEST_F(OperateTest, ACancelledSweepIsNeitherPausedNorResumed) {
  rig_.apply_request(cancelling_all());
  for (const wire::Request& request : {pausing(), resuming()})
    EXPECT_NE(refusal(rig_.state(), request).find("the sweep is cancelled; `wcam retry`"), std::string::npos);
}

TEST_F(OperateTest, MistakesAreRefusedWithWhatIsThere) {
  wire::Request request;
  EXPECT_NE(refusal(rig_.state(), request).find("does not know"), std::string::npos);
  wire::JobSelector& choice = *request.mutable_cancel()->mutable_choice();
  EXPECT_EQ(refusal(rig_.state(), request), "say which jobs: --job, --case, --image or --all");
  choice.add_cases("vit");
  EXPECT_EQ(refusal(rig_.state(), request), "no case 'vit' in this sweep; known: case0, case1");
  choice.set_all(true);
  EXPECT_EQ(refusal(rig_.state(), request), "--all and --case do not go together: one says which jobs");
  choice.Clear();
  choice.add_images("i0.png");
  EXPECT_EQ(refusal(rig_.state(), request), "accepted");
  choice.add_images("photos/i0.png");
  EXPECT_NE(refusal(rig_.state(), request).find("no image 'photos/i0.png'"), std::string::npos);
  choice.Clear();
  choice.add_images("i0.pgn");
  EXPECT_EQ(refusal(rig_.state(), request), "no image 'i0.pgn' in this sweep; did you mean 'i0.png'?");
  choice.Clear();
  choice.add_jobs("xyz");
  EXPECT_NE(refusal(rig_.state(), request).find("hex digits"), std::string::npos);
}

}  // namespace
}  // namespace wcam
