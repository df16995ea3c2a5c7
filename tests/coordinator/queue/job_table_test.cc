#include "coordinator/queue/job_table.h"

#include <gtest/gtest.h>

#include <functional>

namespace wcam {
namespace {

constexpr JobId kJob{42};
constexpr WorkerId kFirst{0}, kSecond{1};

JobSpec predict_spec() { return {}; }
JobSpec explain_spec() {
  JobSpec spec;
  spec.kind = JobKind::kExplain;
  spec.variant = 3;
  spec.role = Role::kAltered;
  return spec;
}

const JobEvent kHandedOut1 = JobHandedOut{kJob, Attempt{1}, kFirst};
const JobEvent kHandedOut2 = JobHandedOut{kJob, Attempt{2}, kSecond};
const JobEvent kAdopted1 = JobAdopted{kJob, Attempt{1}, kSecond};
const JobEvent kFailed1 = JobReturned{kJob, Attempt{1}, Cause::kFailed, "no luck"};
const JobEvent kLost1 = JobReturned{kJob, Attempt{1}, Cause::kLost, "silent"};
const JobEvent kGivenBack1 = JobReturned{kJob, Attempt{1}, Cause::kGivenBack, "leaves"};
const JobEvent kNotReceived1 = JobReturned{kJob, Attempt{1}, Cause::kNotReceived, ""};
const JobEvent kRestart1 = JobReturned{kJob, Attempt{1}, Cause::kRestart, ""};
const JobEvent kFailed2 = JobReturned{kJob, Attempt{2}, Cause::kFailed, "no luck"};
const JobEvent kLost2 = JobReturned{kJob, Attempt{2}, Cause::kLost, "silent"};
const JobEvent kGivenBack2 = JobReturned{kJob, Attempt{2}, Cause::kGivenBack, "leaves"};
const JobEvent kDone1 = JobDone{kJob, Attempt{1}, "s.h5", 1, {}};
const JobEvent kDone2 = JobDone{kJob, Attempt{2}, "s.h5", 1, {}};
const JobEvent kSetAside = JobSetAside{kJob, "hopeless"};
const JobEvent kCancelled = JobCancelled{kJob, "not needed"};
const JobEvent kRetried = JobRetried{kJob};
const JobEvent kUndone = JobUndone{kJob, "its segment is gone"};
const JobEvent kAddedAgain = JobAdded{kJob, {}};

JobTable table_after(const JobSpec& spec, const std::vector<JobEvent>& events) {
  JobTable table(2);
  table.apply(JobAdded{kJob, spec});
  for (const JobEvent& event : events) {
    table.apply(event);
    table.check_invariants();
  }
  return table;
}

struct Legal {
  const char* name;
  std::vector<JobEvent> events;
  JobState state;
  std::uint32_t attempts, failures, losses;
  bool open;
};

TEST(JobTable, AppliesEveryTransitionOfTheTableInLedgerMd) {
  const std::vector<Legal> table{
      {"added", {}, JobState::kWaiting, 0, 0, 0, false},
      {"handed out", {kHandedOut1}, JobState::kLeased, 1, 0, 0, true},
      {"done", {kHandedOut1, kDone1}, JobState::kDone, 1, 0, 0, false},
      {"failed", {kHandedOut1, kFailed1}, JobState::kWaiting, 1, 1, 0, false},
      {"lost", {kHandedOut1, kLost1}, JobState::kWaiting, 1, 0, 1, true},
      {"given back", {kHandedOut1, kGivenBack1}, JobState::kWaiting, 1, 0, 0, false},
      {"not received", {kHandedOut1, kNotReceived1}, JobState::kWaiting, 1, 0, 0, true},
      {"restart", {kHandedOut1, kRestart1}, JobState::kWaiting, 1, 0, 0, true},
      {"found in a hand again", {kHandedOut1, kRestart1, kAdopted1}, JobState::kLeased, 1, 0, 0, true},
      {"failed after it was lost", {kHandedOut1, kLost1, kFailed1}, JobState::kWaiting, 1, 1, 1, false},
      {"done after it was lost", {kHandedOut1, kLost1, kDone1}, JobState::kDone, 1, 0, 1, false},
      {"an older attempt done", {kHandedOut1, kLost1, kHandedOut2, kDone1}, JobState::kDone, 2, 0, 1, false},
      {"the newer attempt done", {kHandedOut1, kLost1, kHandedOut2, kDone2}, JobState::kDone, 2, 0, 1, false},
      {"set aside", {kHandedOut1, kFailed1, kSetAside}, JobState::kSetAside, 1, 1, 0, false},
      {"set aside while leased", {kHandedOut1, kSetAside}, JobState::kSetAside, 1, 0, 0, false},
      {"done after all", {kHandedOut1, kLost1, kSetAside, kDone1}, JobState::kDone, 1, 0, 1, false},
      {"set aside after it was lost", {kHandedOut1, kLost1, kSetAside}, JobState::kSetAside, 1, 0, 1, true},
      {"retried", {kHandedOut1, kFailed1, kSetAside, kRetried}, JobState::kWaiting, 1, 0, 0, false},
      {"retried after it was lost",
       {kHandedOut1, kLost1, kSetAside, kRetried},
       JobState::kWaiting,
       1,
       0,
       0,
       true},
      {"retried and handed out",
       {kHandedOut1, kFailed1, kSetAside, kRetried, kHandedOut2},
       JobState::kLeased,
       2,
       0,
       0,
       true},
      {"retried once more", {kCancelled, kRetried, kCancelled, kRetried}, JobState::kWaiting, 0, 0, 0, false},
      {"undone, which an older attempt did",
       {kHandedOut1, kLost1, kHandedOut2, JobReturned{kJob, Attempt{2}, Cause::kLost, ""}, kDone1, kUndone},
       JobState::kWaiting,
       2,
       0,
       2,
       true},
      {"undone", {kHandedOut1, kDone1, kUndone}, JobState::kWaiting, 1, 0, 0, false},
      {"undone and done again",
       {kHandedOut1, kDone1, kUndone, kHandedOut2, kDone2},
       JobState::kDone,
       2,
       0,
       0,
       false},
      {"in two hands", {kHandedOut1, kHandedOut2}, JobState::kLeased, 2, 0, 0, true},
      {"the first of two lost", {kHandedOut1, kHandedOut2, kLost1}, JobState::kLeased, 2, 0, 1, true},
      {"the second of two failed", {kHandedOut1, kHandedOut2, kFailed2}, JobState::kLeased, 2, 1, 0, false},
      {"the second of two lost", {kHandedOut1, kHandedOut2, kLost2}, JobState::kLeased, 2, 0, 1, true},
      {"the second of two lost, and failed",
       {kHandedOut1, kHandedOut2, kLost2, kFailed2},
       JobState::kLeased,
       2,
       1,
       1,
       false},
      {"both failed", {kHandedOut1, kHandedOut2, kFailed2, kFailed1}, JobState::kWaiting, 2, 2, 0, false},
      {"the second given back, the first lost",
       {kHandedOut1, kHandedOut2, kGivenBack2, kLost1},
       JobState::kWaiting,
       2,
       0,
       1,
       false},
      {"the first of two done", {kHandedOut1, kHandedOut2, kDone1}, JobState::kDone, 2, 0, 0, false},
      {"the first done, the second lost before",
       {kHandedOut1, kHandedOut2, kLost2, kDone1},
       JobState::kDone,
       2,
       0,
       1,
       true},
      {"a third hand after the second",
       {kHandedOut1, kHandedOut2, kLost1, JobHandedOut{kJob, Attempt{3}, kFirst}},
       JobState::kLeased,
       3,
       0,
       1,
       true},
      {"set aside in two hands", {kHandedOut1, kHandedOut2, kSetAside}, JobState::kSetAside, 2, 0, 0, false},
      {"cancelled", {kCancelled}, JobState::kCancelled, 0, 0, 0, false},
      {"cancelled while leased", {kHandedOut1, kCancelled}, JobState::kCancelled, 1, 0, 0, false},
      {"cancelled and done all the same", {kHandedOut1, kCancelled, kDone1}, JobState::kDone, 1, 0, 0, false},
  };
  for (const Legal& row : table) {
    const Job job = table_after(explain_spec(), row.events).at(kJob);
    EXPECT_EQ(job.state, row.state) << row.name;
    EXPECT_EQ(job.attempts, row.attempts) << row.name;
    EXPECT_EQ(job.failures, row.failures) << row.name;
    EXPECT_EQ(job.losses, row.losses) << row.name;
    EXPECT_EQ(job.open, row.open) << row.name;
  }
}

struct Illegal {
  std::vector<JobEvent> before;
  JobEvent event;
  const char* message;
};

TEST(JobTableDeathTest, AbortsOnEveryOtherTransitionSayingWhich) {
  GTEST_FLAG_SET(death_test_style, "fast");
  const std::vector<Illegal> table{
      {{}, kAddedAgain, "added twice"},
      {{}, kHandedOut2, "'handed out' does not apply to .*waiting, attempts 0"},
      {{kHandedOut1}, JobHandedOut{kJob, Attempt{2}, kFirst}, "'handed out' does not apply to .*leased"},
      {{kHandedOut1, kHandedOut2}, JobHandedOut{kJob, Attempt{3}, WorkerId{2}}, "'handed out' does not"},
      {{kHandedOut1, kHandedOut2, kLost2}, kLost2, "'returned' does not apply"},
      {{kHandedOut1, kHandedOut2, kLost1}, kFailed1, "'returned' does not apply"},
      {{}, kAdopted1, "'adopted' does not apply"},
      {{kHandedOut1}, kAdopted1, "'adopted' does not apply to .*leased"},
      {{kHandedOut1, kFailed1}, kAdopted1, "'adopted' does not apply"},
      {{}, kFailed1, "'returned' does not apply"},
      {{kHandedOut1, kFailed1}, kFailed1, "'returned' does not apply"},
      {{kHandedOut1, kLost1}, kLost1, "'returned' does not apply"},
      {{kHandedOut1, kLost1, kHandedOut2}, kFailed1, "'returned' does not apply"},
      {{kHandedOut1, kDone1}, kFailed1, "'returned' does not apply to .*done"},
      {{}, kDone1, "'done' does not apply"},
      {{kHandedOut1}, kDone2, "'done' does not apply"},
      {{kHandedOut1, kDone1}, kDone1, "'done' does not apply to .*done"},
      {{kHandedOut1, kDone1}, kHandedOut2, "'handed out' does not apply to .*done"},
      {{kHandedOut1, kDone1}, kSetAside, "'set aside' does not apply to .*done"},
      {{kHandedOut1, kDone1}, kCancelled, "'cancelled' does not apply to .*done"},
      {{kHandedOut1}, kUndone, "'undone' does not apply to .*leased"},
      {{kSetAside}, kUndone, "'undone' does not apply to .*set_aside"},
      {{}, kRetried, "'retried' does not apply to .*waiting"},
      {{kHandedOut1}, kRetried, "'retried' does not apply to .*leased"},
      {{kHandedOut1, kDone1}, kRetried, "'retried' does not apply to .*done"},
      {{kSetAside}, kSetAside, "'set aside' does not apply to .*set_aside"},
  };
  for (const Illegal& row : table) {
    JobTable jobs = table_after(explain_spec(), row.before);
    EXPECT_DEATH(jobs.apply(row.event), row.message);
  }
  // The image of a predict job that is set aside has been passed over: its answer comes too late.
  JobTable jobs = table_after(predict_spec(), {kHandedOut1, kSetAside});
  EXPECT_DEATH(jobs.apply(kDone1), "'done' does not apply to predict job .*set_aside");
  EXPECT_DEATH(jobs.apply(JobCancelled{JobId{1}, ""}), "which is not there");
}

TEST(JobTable, HeadsAreByRankRoleAndRoleIndexAndByImage) {
  JobTable table(2);
  const auto add = [&](std::uint64_t id, JobSpec spec) { table.apply(JobAdded{JobId{id}, spec}); };
  const auto explain = [](std::uint32_t rank, Role role, std::uint16_t role_index) {
    JobSpec spec = explain_spec();
    spec.rank = rank;
    spec.role = role;
    spec.role_index = role_index;
    return spec;
  };
  add(1, explain(1, Role::kSource, 0));
  add(2, explain(0, Role::kUnaffected, 0));
  add(3, explain(0, Role::kAltered, 1));
  add(4, explain(0, Role::kAltered, 0));
  JobSpec predict;
  for (const std::uint32_t image : {9U, 4U, 6U}) {
    predict.image = image;
    add(100 + image, predict);
  }
  std::vector<std::uint64_t> order;
  std::uint32_t n = 0;
  for (const JobKind kind : {JobKind::kExplain, JobKind::kPredict})
    while (const auto head = table.head(kind, 0)) {
      order.push_back(value(head->job));
      table.apply(JobHandedOut{head->job, Attempt{1}, WorkerId{n++}});
    }
  EXPECT_EQ(order, (std::vector<std::uint64_t>{4, 3, 2, 1, 104, 106, 109}));
  EXPECT_FALSE(table.head(JobKind::kExplain, 1));
  table.check_invariants();
}

TEST(JobTable, AJobThatWasLostIsSuspectAndLeavesTheQueueOfItsCase) {
  const JobTable table = table_after(explain_spec(), {kHandedOut1, kLost1});
  EXPECT_FALSE(table.head(JobKind::kExplain, 0));
  EXPECT_EQ(table.waiting_suspect(), kJob);
  EXPECT_FALSE(table.leases_suspect(kSecond));
}

TEST(JobTable, WhoHoldsASuspectIsKnownUntilItIsAnswered) {
  JobTable table = table_after(explain_spec(), {kHandedOut1, kLost1});
  table.apply(JobHandedOut{kJob, Attempt{2}, kSecond});
  EXPECT_TRUE(table.leases_suspect(kSecond));
  EXPECT_FALSE(table.leases_suspect(kFirst));
  table.check_invariants();
  table.apply(JobDone{kJob, Attempt{2}, "s", 0, {}});
  EXPECT_FALSE(table.leases_suspect(kSecond));
  table.check_invariants();
}

TEST(JobTable, AJobInTwoHandsIsHeldByBothUntilItIsDone) {
  JobTable table = table_after(explain_spec(), {kHandedOut1, kHandedOut2});
  EXPECT_EQ(table.leased_to(kFirst), std::set<JobId>{kJob});
  EXPECT_EQ(table.leased_to(kSecond), std::set<JobId>{kJob});
  EXPECT_EQ(table.at(kJob).lease_with(kSecond)->attempt, 2U);
  EXPECT_EQ(table.tally(JobKind::kExplain)[JobState::kLeased], 1U);
  table.apply(kLost1);
  EXPECT_TRUE(table.leased_to(kFirst).empty());
  EXPECT_EQ(table.leased_to(kSecond), std::set<JobId>{kJob});
  table.apply(kDone2);
  EXPECT_TRUE(table.leased_to(kSecond).empty());
  table.check_invariants();
}

TEST(JobTable, AJobThatRestsIsNotOfferedBeforeItsTime) {
  using std::chrono::seconds;
  const JobTable::TimePoint start{};
  JobTable table = table_after(explain_spec(), {kHandedOut1, kFailed1});
  table.rest(kJob, start + seconds{3});
  table.rest(kJob, start + seconds{5});
  table.check_invariants();
  EXPECT_EQ(table.resting(), 1U);
  table.wake(start + seconds{4});
  EXPECT_FALSE(table.head(JobKind::kExplain, 0));
  table.wake(start + seconds{5});
  EXPECT_EQ(table.head(JobKind::kExplain, 0)->job, kJob);
  table.check_invariants();
  // One that is finished meanwhile, or that is found in a hand, rests no more.
  table.rest(kJob, start + seconds{9});
  table.apply(kDone1);
  table.check_invariants();
  EXPECT_EQ(table.resting(), 0U);
  table.wake(start + seconds{9});
}

TEST(JobTable, CountsAndHoldingsFollow) {
  JobTable table(1);
  for (std::uint64_t id = 1; id <= 3; ++id) table.apply(JobAdded{JobId{id}, explain_spec()});
  table.apply(JobHandedOut{JobId{1}, Attempt{1}, kSecond});
  table.apply(JobHandedOut{JobId{2}, Attempt{1}, kSecond});
  EXPECT_EQ(table.leased_to(kSecond), (std::set<JobId>{JobId{1}, JobId{2}}));
  EXPECT_TRUE(table.leased_to(kFirst).empty());
  EXPECT_EQ(table.unfinished(), 3U);
  table.apply(JobDone{JobId{1}, Attempt{1}, "s", 0, {}});
  table.apply(JobSetAside{JobId{2}, "x"});
  EXPECT_EQ(table.tally(JobKind::kExplain)[JobState::kDone], 1U);
  EXPECT_EQ(table.set_aside(), std::set<JobId>{JobId{2}});
  EXPECT_EQ(table.unfinished(), 1U);
  EXPECT_TRUE(table.leased_to(kSecond).empty());
}

}  // namespace
}  // namespace wcam
