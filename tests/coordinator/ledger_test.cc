#include "coordinator/ledger.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "common/error.h"
#include "common/file.h"
#include "tests/coordinator/rig.h"

namespace wcam {
namespace {

std::string refusal(const std::function<void()>& act) {
  try {
    act();
  } catch (const InputError& e) {
    return e.what();
  }
  return "accepted";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// What a child process does, and its exit status.
int in_child(const std::function<int()>& act) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(act());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::int64_t query(const std::filesystem::path& file, const std::string& sql) {
  return Database(file, Database::Access::kReadOnly).query_integer(sql);
}

class LedgerTest : public testing::Test {
 protected:
  std::filesystem::path file() const { return folder_.path() / "ledger.sqlite"; }
  // Events of a predict job that was added and handed out.
  std::vector<Event> begun(const SweepState& state, std::uint32_t image) const {
    JobSpec spec;
    spec.image = image;
    const JobId id = state.job_id(spec);
    return {WorkerJoined{WorkerId{0}, {"w", "here", "cpu", 1}}, JobEvent{JobAdded{id, spec}},
            JobEvent{JobHandedOut{id, Attempt{1}, WorkerId{0}}}};
  }
  TemporaryFolder folder_;
  const Plan plan_ = small_plan(3, 2, 2);
};

TEST_F(LedgerTest, ANewOneHoldsThePlanAndNothingDone) {
  {
    Ledger ledger(file());
    const SweepState state = ledger.load(plan_);
    EXPECT_TRUE(state == SweepState(plan_));
  }
  EXPECT_EQ(query(file(), "SELECT count(*) FROM images"), 3);
  EXPECT_EQ(query(file(), "SELECT count(*) FROM cases"), 2);
  EXPECT_EQ(query(file(), "SELECT count(*) FROM variants"), 5);
  EXPECT_EQ(query(file(), "PRAGMA user_version"), 1);
  Ledger ledger(file());
  EXPECT_TRUE(ledger.load(plan_) == SweepState(plan_));
}

TEST_F(LedgerTest, ASecondOneIsRefusedInWords) {
  const Ledger ledger(file());
  const std::string text = refusal([&] { Ledger second(file()); });
  EXPECT_TRUE(contains(text, file().string())) << text;
  EXPECT_TRUE(contains(text, "in use by another process")) << text;
}

TEST_F(LedgerTest, AnotherProcessIsRefusedToo) {
  const Ledger ledger(file());
  EXPECT_EQ(in_child([&] { return contains(refusal([&] { Ledger second(file()); }), "in use") ? 7 : 0; }), 7);
}

TEST_F(LedgerTest, AKilledProcessLeavesNoLockAndWhatItCommitted) {
  EXPECT_EQ(in_child([&]() -> int {
              Ledger ledger(file());
              const SweepState state = ledger.load(plan_);
              ledger.commit(begun(state, 0));
              return ::raise(SIGKILL);
            }),
            -1);
  Ledger ledger(file());
  const SweepState state = ledger.load(plan_);
  EXPECT_EQ(state.jobs().all().size(), 1U);
  EXPECT_EQ(state.workers().size(), 1U);
}

TEST_F(LedgerTest, ABatchIsWholeOrNotThere) {
  Ledger ledger(file());
  SweepState state = ledger.load(plan_);
  std::vector<Event> events = begun(state, 0);
  events.push_back(
      WorkerJoined{WorkerId{0}, {"w", "a second worker of that id", "cpu", 2}});  // violates the key
  EXPECT_TRUE(contains(refusal([&] { ledger.commit(events); }), "UNIQUE"));
  EXPECT_TRUE(ledger.load(plan_) == state);
  events.pop_back();
  ledger.commit(events);  // and the ledger still works
  for (const Event& event : events) state.apply(event);
  EXPECT_TRUE(ledger.load(plan_) == state);
}

TEST_F(LedgerTest, ATornLogEndsBeforeTheBatchThatWasTorn) {
  // A copy of the files as they lie while the process lives is what a power cut leaves.
  TemporaryFolder copy;
  const auto copy_of = [&](const char* suffix) {
    return copy.path() / ("ledger.sqlite" + std::string(suffix));
  };
  std::uintmax_t before = 0;
  SweepState first(plan_);
  {
    Ledger ledger(file());
    SweepState state = ledger.load(plan_);
    std::vector<Event> events = begun(state, 0);
    ledger.commit(events);
    for (const Event& event : events) first.apply(event);
    before = std::filesystem::file_size(file().string() + "-wal");
    events = begun(state, 1);
    events.erase(events.begin());
    ledger.commit(events);
    for (const char* suffix : {"", "-wal"})
      std::filesystem::copy_file(file().string() + suffix, copy_of(suffix));
  }
  const std::uintmax_t after = std::filesystem::file_size(copy_of("-wal"));
  ASSERT_GT(after, before);
  const std::string whole = read_file(copy_of("-wal"));
  const std::string main_file = read_file(copy_of(""));
  for (std::uintmax_t size = before; size < after; size += 997) {
    std::ofstream(copy_of("-wal"), std::ios::binary).write(whole.data(), static_cast<std::streamsize>(size));
    std::ofstream(copy_of(""), std::ios::binary)
        .write(main_file.data(), static_cast<std::streamsize>(main_file.size()));
    Ledger ledger(copy_of(""));
    EXPECT_TRUE(ledger.load(plan_) == first) << size << " bytes of the log";
  }
}

TEST_F(LedgerTest, AFullDiskIsSaidWithTheRemedyAndKeepsWhatWasCommitted) {
  {
    Ledger ledger(file());
    const SweepState state = ledger.load(plan_);
    ledger.commit(begun(state, 0));
  }
  const int status = in_child([&]() -> int {
    ::signal(SIGXFSZ, SIG_IGN);  // a write beyond the limit fails instead
    Ledger ledger(file());
    const SweepState state = ledger.load(plan_);
    const rlimit limit{40'000, 40'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::vector<Event> events;
    for (std::uint32_t i = 1; i < 2'000; ++i)
      events.emplace_back(WorkerJoined{WorkerId{i}, {"w" + std::to_string(i), "here", "cpu", 1}});
    const std::string text = refusal([&] { ledger.commit(events); });
    return contains(text, "free space") && contains(text, "run the same command again") ? 7 : 0;
  });
  EXPECT_EQ(status, 7);
  Ledger ledger(file());
  EXPECT_EQ(ledger.load(plan_).workers().size(), 1U);
}

TEST_F(LedgerTest, AnotherPlansLedgerIsRefusedNamingBoth) {
  { Ledger(file()).load(plan_); }
  Plan other = plan_;
  other.seed = 96;
  Ledger ledger(file());
  const std::string text = refusal([&] { ledger.load(other); });
  EXPECT_TRUE(contains(text, sweep_id(plan_))) << text;
  EXPECT_TRUE(contains(text, sweep_id(other))) << text;
}

TEST_F(LedgerTest, AnotherSchemaIsRefused) {
  { Ledger(file()).load(plan_); }
  Database(file(), Database::Access::kReadWriteCreate).execute("PRAGMA user_version = 9");
  EXPECT_TRUE(contains(refusal([&] { Ledger ledger(file()); }), "has schema 9, this version reads 1"));
}

TEST_F(LedgerTest, WhatIsNoLedgerIsRefused) {
  std::ofstream(file()) << std::string(4'096, 'x');
  EXPECT_TRUE(contains(refusal([&] { Ledger ledger(file()); }), "is no ledger"));
  EXPECT_TRUE(
      contains(refusal([&] { Ledger ledger(folder_.path() / "none/ledger.sqlite"); }), "none/ledger.sqlite"));
}

TEST_F(LedgerTest, ItsSchemaRefusesWhatNoJobCanBe) {
  { Ledger(file()).load(plan_); }
  Database database(file(), Database::Access::kReadWriteCreate);
  database.execute("PRAGMA foreign_keys = ON");
  const auto insert = [&](const std::string& values) {
    return refusal([&] {
      database.execute(
          "INSERT INTO jobs (id, kind, image, case_id, variant, role, role_index, label, state, worker) "
          "SELECT " +
          values + " FROM images LIMIT 1");
    });
  };
  EXPECT_TRUE(contains(insert("1, 'predict', 1, 0, NULL, NULL, NULL, NULL, 'waiting', NULL"), "FOREIGN KEY"));
  EXPECT_TRUE(contains(insert("1, 'predict', id, 0, NULL, NULL, NULL, NULL, 'sleeping', NULL"), "CHECK"));
  EXPECT_TRUE(contains(insert("1, 'predict', id, 0, NULL, NULL, NULL, NULL, 'leased', NULL"), "CHECK"));
  EXPECT_TRUE(contains(insert("1, 'explain', id, 0, NULL, NULL, NULL, NULL, 'waiting', NULL"), "CHECK"));
  EXPECT_EQ(insert("1, 'explain', id, 0, 1, 'altered', 0, 5, 'waiting', NULL"), "accepted");
}

TEST_F(LedgerTest, ItsSummaryIsTheStates) {
  EXPECT_FALSE(summarise_ledger(file()));
  SweepState state(plan_);
  {
    Ledger ledger(file());
    state = ledger.load(plan_);
    std::vector<Event> events = begun(state, 0);
    events.emplace_back(
        JobEvent{JobSetAside{std::get<JobAdded>(std::get<JobEvent>(events[1])).job, "cut off"}});
    events.emplace_back(ImageDecided{0, {ImageState::kSetAside, std::nullopt, "cut off"}});
    ledger.commit(events);
    for (const Event& event : events) state.apply(event);
  }
  const auto summary = summarise_ledger(file());
  ASSERT_TRUE(summary);
  EXPECT_TRUE(*summary == state.counts(true));
  EXPECT_EQ(summary->set_aside, std::vector<std::string>{"image " + state.planned(0).path + ": cut off"});
}

}  // namespace
}  // namespace wcam
