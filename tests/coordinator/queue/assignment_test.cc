#include "coordinator/queue/assignment.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/coordinator/rig.h"

namespace wcam {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(PauseAfter, IsFourTimesAsLongEachTimeAndAMinuteAtMost) {
  const milliseconds expected[] = {seconds{1}, seconds{1}, seconds{4}, seconds{16}, seconds{60}, seconds{60}};
  for (std::uint32_t failures = 0; failures < std::size(expected); ++failures)
    EXPECT_EQ(pause_after(failures, seconds{1}), expected[failures]) << failures;
  EXPECT_EQ(pause_after(9, seconds{0}), seconds{0});
}

// Workers and jobs as a test says; a predict job of each image and case waits.
class AssignmentTest : public testing::Test {
 protected:
  AssignmentTest() {
    for (std::uint32_t image = 0; image < 4; ++image)
      for (std::uint16_t c = 0; c < 2; ++c)
        state_.apply(JobEvent{JobAdded{predict(image, c), spec_of(image, c)}});
  }

  static JobSpec spec_of(std::uint32_t image, std::uint16_t case_index) {
    JobSpec spec;
    spec.image = image;
    spec.case_index = case_index;
    return spec;
  }
  JobId predict(std::uint32_t image, std::uint16_t case_index) const {
    return state_.job_id(spec_of(image, case_index));
  }
  Link& join(const std::string& name, Credit credit = {8, 8}) {
    const WorkerId id{static_cast<std::uint32_t>(state_.workers().size())};
    state_.apply(WorkerJoined{id, {name, "here", "cpu", 1}});
    roster_.meet(name, id);
    Link& link = roster_.connect(name);
    link.credit = credit;
    return link;
  }
  void give(Link& link, JobId job) {
    state_.apply(JobEvent{JobHandedOut{job, Attempt{state_.jobs().at(job).attempts + 1}, link.id}});
    roster_.add_lease(link, job, state_.jobs().at(job).spec.case_index, now_);
    link.leases.at(job).arrived = true;
  }
  void fail(const Link& link, int times) {
    for (int i = 0; i < times; ++i)
      failures_.failed(JobId{std::uint64_t{900} + static_cast<std::uint64_t>(i)}, link.id, now_, "no luck");
  }
  Assignment assignment() const { return {state_, roster_, failures_, options_, now_}; }
  std::string hungry() const {
    std::string names;
    for (const Link* link : assignment().hungry()) names += link->name;
    return names;
  }

  SweepState state_{small_plan(4, 2, 4)};
  Roster roster_{state_};
  FailureRecord failures_;
  SchedulerOptions options_;
  Roster::TimePoint now_{seconds{1'000}};
};

TEST_F(AssignmentTest, WhoHasLeastIsFirstAndWhoMayGetNothingIsLeftOut) {
  Link& a = join("a");
  Link& b = join("b");
  join("c", {});
  Link& d = join("d");
  EXPECT_EQ(hungry(), "abd");
  give(a, predict(0, 0));
  give(a, predict(1, 0));
  give(b, predict(2, 0));
  EXPECT_EQ(hungry(), "dba");
  state_.apply(WorkerDrained{d.id});
  EXPECT_EQ(hungry(), "ba");
  b.others_in_hand = true;  // counts as one in hand
  EXPECT_EQ(hungry(), "ab");
}

TEST_F(AssignmentTest, AWorkerThatFailsEverythingIsHeldBackWhereOthersDoNot) {
  Link& a = join("a");
  fail(a, 3);
  EXPECT_EQ(hungry(), "a") << "alone, the jobs are to blame";
  Link& b = join("b");
  EXPECT_EQ(hungry(), "b");
  EXPECT_FALSE(assignment().next_job(a));
  now_ += seconds{1};  // the pause after the third
  EXPECT_EQ(hungry(), "ab");
  fail(b, 3);
  EXPECT_EQ(hungry(), "ab") << "all fail";
}

TEST_F(AssignmentTest, TheLoadedCaseComesFirstThenTheOneThatFewestHave) {
  Link& a = join("a");
  Link& b = join("b");
  EXPECT_EQ(assignment().next_job(a), predict(0, 0));
  roster_.set_cases(a, {1}, -1);
  EXPECT_EQ(assignment().next_job(a), predict(0, 1));
  EXPECT_EQ(assignment().next_job(b), predict(0, 0));
  roster_.set_cases(a, {0}, -1);
  EXPECT_EQ(assignment().next_job(b), predict(0, 1));
  b.credit = {0, 8};
  EXPECT_FALSE(assignment().next_job(b)) << "nothing is to be explained yet";
}

TEST_F(AssignmentTest, WhatFailedHereIsForOthersForALease) {
  Link& a = join("a");
  Link& b = join("b");
  give(a, predict(0, 0));
  state_.apply(JobEvent{JobReturned{predict(0, 0), Attempt{1}, Cause::kFailed, "no luck"}});
  a.leases.clear();
  roster_.set_cases(a, {}, -1);
  failures_.failed(predict(0, 0), a.id, now_, "no luck");
  EXPECT_EQ(assignment().next_job(b), predict(0, 0));
  EXPECT_NE(assignment().next_job(a), predict(0, 0));
  now_ += options_.lease;
  EXPECT_EQ(assignment().next_job(a), predict(0, 0));
}

TEST_F(AssignmentTest, AWorkerThatCanStoreNothingKeepsItsJobsForALease) {
  Link& a = join("a");
  Link& b = join("b");
  give(a, predict(0, 0));
  a.trouble = "full";
  a.trouble_since = now_;
  now_ += options_.lease - milliseconds{1};
  EXPECT_FALSE(assignment().take_over(b));
  now_ += milliseconds{1};
  const auto taken = assignment().take_over(b);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->job, predict(0, 0));
  EXPECT_EQ(taken->attempt, Attempt{1});
  EXPECT_EQ(taken->why, "its worker can store no result: full");
  b.credit = {};
  EXPECT_FALSE(assignment().take_over(b));
}

TEST_F(AssignmentTest, WhoHasMostIsAskedForWhatItWouldBeginLast) {
  Link& a = join("a");
  Link& b = join("b");
  Link& idle = join("c");
  for (const std::uint32_t image : {0U, 1U, 2U}) give(a, predict(image, 0));
  for (const std::uint32_t image : {0U, 1U}) give(b, predict(image, 1));
  EXPECT_TRUE(assignment().ask_backs({&idle}).empty()) << "it has only just arrived there";
  now_ += options_.heartbeat;
  const auto asked = assignment().ask_backs({&idle});
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].link, &a);
  EXPECT_EQ(asked[0].job, predict(2, 0));
  EXPECT_EQ(assignment().ask_backs({&idle, &idle}).size(), 2U);
  a.leases.at(predict(2, 0)).asked_back = now_;
  EXPECT_TRUE(assignment().ask_backs({&idle}).empty()) << "one is on its way";
  now_ += 2 * options_.heartbeat;
  const auto next = assignment().ask_backs({&idle});
  ASSERT_EQ(next.size(), 1U);
  EXPECT_EQ(next[0].link, &b);
}

TEST_F(AssignmentTest, ASecondAttemptIsForWhatIsLateAndForWhoWantsThatKind) {
  Link& a = join("a");
  Link& b = join("b", {0, 8});
  Link& c = join("c");
  give(a, predict(0, 0));
  std::array<JobTimes, 2> times;
  now_ += seconds{10};
  EXPECT_TRUE(assignment().second_attempts({&b, &c}, times, {}).empty()) << "nobody knows how long it takes";
  times[static_cast<std::size_t>(JobKind::kPredict)].add(5);
  EXPECT_TRUE(assignment().second_attempts({&b, &c}, times, {}).empty()) << "twice the usual time";
  now_ += milliseconds{1};
  const auto attempts = assignment().second_attempts({&b, &c}, times, {});
  ASSERT_EQ(attempts.size(), 1U);
  EXPECT_EQ(attempts[0].link, &c);
  EXPECT_EQ(attempts[0].job, predict(0, 0));
  EXPECT_TRUE(assignment().second_attempts({&b}, times, {}).empty());
  EXPECT_TRUE(assignment().second_attempts({&c}, times, {predict(0, 0)}).empty()) << "it had one";
}

}  // namespace
}  // namespace wcam
