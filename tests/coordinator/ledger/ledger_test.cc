#include "coordinator/ledger/ledger.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/message_text.h"
#include "coordinator/ledger/ledger_reader.h"
#include "coordinator/ledger/row_rules.h"
#include "coordinator/ledger/schema.h"
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
  const Plan plan_ = small_plan(3, 1, 2);
};

TEST_F(LedgerTest, ANewOneHoldsThePlanAndNothingDone) {
  {
    Ledger ledger(file());
    const SweepState state = ledger.load(plan_);
    EXPECT_TRUE(state == SweepState(plan_));
  }
  EXPECT_EQ(query(file(), "SELECT count(*) FROM images"), 3);
  EXPECT_EQ(query(file(), "SELECT count(*) FROM cases"), 1);
  EXPECT_EQ(query(file(), "SELECT count(*) FROM variants"), 5);
  EXPECT_EQ(query(file(), "PRAGMA user_version"), kSchemaVersion);
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
    return contains(text, "free space") && contains(text, "what was acknowledged is in the ledger") ? 7 : 0;
  });
  EXPECT_EQ(status, 7);
  Ledger ledger(file());
  EXPECT_EQ(ledger.load(plan_).workers().size(), 1U);
}

TEST_F(LedgerTest, WhatFoundNoRoomIsWrittenWhenItIsTriedAgain) {
  std::vector<Event> events = begun(SweepState(plan_), 0);
  for (std::uint32_t i = 1; i < 2'000; ++i)
    events.emplace_back(WorkerJoined{WorkerId{i}, {"w" + std::to_string(i), "here", "cpu", 1}});
  const int status = in_child([&]() -> int {
    ::signal(SIGXFSZ, SIG_IGN);
    Ledger ledger(file());
    (void)ledger.load(plan_);
    const rlimit little{40'000, RLIM_INFINITY}, enough{RLIM_INFINITY, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &little);
    EXPECT_THROW(ledger.commit(events), NoRoomError);
    EXPECT_THROW(ledger.commit(events), NoRoomError);
    ::setrlimit(RLIMIT_FSIZE, &enough);
    ledger.commit(events);
    return testing::Test::HasFailure() ? 1 : 7;
  });
  EXPECT_EQ(status, 7);
  SweepState expected(plan_);
  for (const Event& event : events) expected.apply(event);
  Ledger ledger(file());
  EXPECT_TRUE(ledger.load(plan_) == expected);
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
  EXPECT_TRUE(
      contains(refusal([&] { Ledger ledger(file()); }),
               "which reads " + std::to_string(kOldestSchema) + " to " + std::to_string(kSchemaVersion)));
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
          "INSERT INTO jobs (id, kind, image, case_id, variant, role, role_index, label, explained, state) "
          "SELECT " +
          values + " FROM images LIMIT 1");
    });
  };
  EXPECT_TRUE(contains(insert("1, 'predict', 1, 0, NULL, NULL, NULL, NULL, NULL, 'waiting'"), "FOREIGN KEY"));
  EXPECT_TRUE(contains(insert("1, 'predict', id, 0, NULL, NULL, NULL, NULL, NULL, 'sleeping'"), "CHECK"));
  EXPECT_TRUE(contains(insert("1, 'explain', id, 0, NULL, NULL, NULL, NULL, NULL, 'waiting'"), "CHECK"));
  EXPECT_TRUE(contains(insert("1, 'explain', id, 0, 1, 'altered', 0, 5, NULL, 'waiting'"), "CHECK"));
  EXPECT_EQ(insert("1, 'explain', id, 0, 1, 'altered', 0, 5, 'predicted', 'waiting'"), "accepted");
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

TEST_F(LedgerTest, AResultThatIsLostIsForgottenWithItsLabels) {
  Ledger ledger(file());
  SweepState state = ledger.load(plan_);
  std::vector<Event> events = begun(state, 0);
  const JobId id = state.job_id({});
  events.emplace_back(JobEvent{JobDone{id, Attempt{1}, "a.h5", 0, {1, 2, 3, 4, 5}}});
  events.emplace_back(JobEvent{JobUndone{id, "a.h5 is gone"}});
  for (const Event& event : events) state.apply(event);
  ledger.commit(events);
  EXPECT_TRUE(ledger.load(plan_) == state);
  EXPECT_EQ(state.jobs().at(id).state, JobState::kWaiting);
  events = {JobEvent{JobHandedOut{id, Attempt{2}, WorkerId{0}}},
            JobEvent{JobDone{id, Attempt{2}, "b.h5", 0, {1, 2, 3, 4, 5}}}};
  for (const Event& event : events) state.apply(event);
  ledger.commit(events);
  EXPECT_TRUE(ledger.load(plan_) == state);
}

// What SQLite cannot know to be wrong is refused too, and named: no row makes the program abort.
TEST_F(LedgerTest, RowsThatCannotBeAreDamage) {
  const SweepState state(plan_);
  const JobId id = state.job_id({});
  {
    Ledger ledger(file());
    SweepState loaded = ledger.load(plan_);
    std::vector<Event> events = begun(loaded, 0);
    events.emplace_back(JobEvent{JobDone{id, Attempt{1}, "a.h5", 0, {1, 2, 3, 4, 5}}});
    ledger.commit(events);
  }
  const std::string whole = read_file(file());
  struct Row {
    const char* sql;
    const char* message;
  };
  const Row table[] = {
      {"UPDATE jobs SET case_id = 7", "case 7 of 1"},
      {"UPDATE jobs SET case_id = -1", "case -1 of 1"},
      {"UPDATE jobs SET image = 5", "image 5, which is not in the plan"},
      {"UPDATE jobs SET attempts = -3", "attempts -3"},
      {"UPDATE jobs SET state = 'leased'", "is leased and in no hand"},
      {"UPDATE jobs SET state = 'leased'; UPDATE attempts SET outcome = NULL, worker = 9", "worker 9 of 1"},
      {"UPDATE jobs SET kind = 'explain', variant = 9, role = 'source', role_index = 0, label = 0, explained "
       "= 'source'",
       "variant 9 of 5"},
      {"UPDATE jobs SET kind = 'explain', variant = 0, role = 'source', role_index = 0, label = 0, explained "
       "= 'source'",
       "which has no rank"},
      {"UPDATE jobs SET kind = 'expnain'", "|expnain|"},
      {"UPDATE jobs SET kind = 'explain'",
       "of jobs, against CHECK ((kind = 'explain') = (variant IS NOT NULL"},
      {"UPDATE jobs SET role = 'mource'", "of jobs, against CHECK (role = 'source' OR"},
      {"UPDATE jobs SET state = 'dnne'", "of jobs, against CHECK ( state = 'waiting' OR"},
      {"UPDATE attempts SET outcome = 'donf'",
       "|donf|a.h5|0.0| of attempts, against CHECK ( outcome = 'done' OR"},
      {"UPDATE images SET state = 'skiqped'", "of images, against CHECK (state IN ('undecided'"},
      {"UPDATE plan SET course = 'of'", "of plan, against CHECK (course IN ('on', "},
      {"PRAGMA user_version = 4", "schema 4 and a table jobs of another version"},
      {"PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'command TEXT', 'colmand "
       "TEXT') WHERE name = 'runs'; PRAGMA writable_schema = RESET",
       "a column runs.colmand TEXT, not null, unlike schema 5"},
      {"ALTER TABLE cases DROP COLUMN cancelled",
       "no column cases.cancelled INTEGER, not null, default 0, unlike schema 5"},
      {"UPDATE predictions SET labels = '[1,2'", "that are no list of classes"},
      {"UPDATE predictions SET labels = '[1,2]'", "2 labels of 'predict "},
      {"UPDATE images SET state = 'selected' WHERE path = 'i0.png'", "without a rank"},
      {"UPDATE images SET rank = -4, state = 'selected' WHERE path = 'i0.png'", "rank -4"},
      {"UPDATE workers SET id = 3", "worker 3 after 0 others"},
      {"DELETE FROM plan", "no plan"},
  };
  for (const Row& row : table) {
    write_file_atomically(file(), whole);
    Database database(file(), Database::Access::kReadWriteCreate);
    database.execute("PRAGMA journal_mode = DELETE");
    database.execute("PRAGMA ignore_check_constraints = ON");
    database.execute(row.sql);
    try {
      check_schema(database);
      read_ledger(database, plan_);
      ADD_FAILURE() << row.sql << ": accepted";
    } catch (const DamageError& e) {
      EXPECT_TRUE(contains(e.what(), row.message)) << row.sql << ": " << e.what();
      EXPECT_TRUE(contains(e.what(), "`wcam repair`")) << e.what();
    }
  }
}

// A sweep of which some is done and some waits, and whose ledger is then changed by hand.
class ChangedLedger : public testing::Test {
 protected:
  ChangedLedger() : rig_(small_plan(8, 2, 5)) {
    rig_.join("w", 1);
    while (rig_.state().selected() < 3) {
      for (const wire::Job& job : rig_.jobs_for("w")) rig_.answer("w", job);
      rig_.say("w", ready_for(1));
    }
    std::filesystem::copy(rig_.ledger_file(), file());
    std::filesystem::copy(rig_.ledger_file().string() + "-wal", file().string() + "-wal");
    Database(file(), Database::Access::kReadWriteCreate).execute("PRAGMA journal_mode = DELETE");
    whole_ = read_file(file());
  }

  // What reading says of the ledger after these statements.
  std::string read_after(const std::string& sql) {
    write_file_atomically(file(), whole_);
    Database database(file(), Database::Access::kReadWriteCreate);
    database.execute("PRAGMA ignore_check_constraints = ON");
    database.execute(sql);
    EXPECT_TRUE(sql.empty() || database.changes() > 0) << sql;
    return refusal([&] { read_ledger(database, rig_.plan()); });
  }

  // What is said of rows that can be read, and that nobody wrote.
  std::string impossible_after(const std::string& sql) {
    EXPECT_EQ(read_after(sql), "accepted") << sql;
    Database database(file(), Database::Access::kReadOnly);
    return joined(impossible_rows(database));
  }

  std::filesystem::path file() const { return folder_.path() / "ledger.sqlite"; }

  TemporaryFolder folder_;
  Rig rig_;
  std::string whole_;
};

TEST_F(ChangedLedger, IsRefusedWhereItDoesNotFollowFromPlanAndPredictions) {
  EXPECT_EQ(read_after(""), "accepted");
  struct Change {
    const char* sql;
    const char* message;
  };
  const char* const kWaiting = "(SELECT max(number) FROM jobs WHERE kind = 'explain' AND state = 'waiting')";
  const Change table[] = {
      {"UPDATE jobs SET label = label + 1 WHERE number = WAITING", "which its predictions make "},
      {"UPDATE jobs SET role = 'source' WHERE number = WAITING", "which its predictions make "},
      {"UPDATE jobs SET role_index = 1 - role_index WHERE number = WAITING", "which its predictions make "},
      {"DELETE FROM jobs WHERE number = WAITING", "which its predictions ask for"},
      {"DELETE FROM jobs WHERE number = 1", "job number 2 after 1 others"},
      {"DELETE FROM jobs WHERE number = (SELECT max(number) FROM jobs WHERE kind = 'predict')", " others"},
      {"UPDATE jobs SET image = (SELECT max(id) FROM images) WHERE number = WAITING", "which has no rank"},
      {"UPDATE jobs SET case_id = 1 - case_id WHERE number = WAITING", ", which is "},
      {"UPDATE jobs SET id = id + 1 WHERE number = WAITING", ", which is "},
      {"UPDATE jobs SET state = 'done' WHERE number = WAITING", "1 done job without one attempt"},
      {"UPDATE predictions SET labels = replace(labels, '8', '9') WHERE job = 0", "its predictions"},
      {"UPDATE predictions SET labels = replace(labels, '8', '7') WHERE job = 0", "its predictions"},
      {"DELETE FROM predictions WHERE job = 0", " predictions of "},
      {"UPDATE predictions SET labels = '[-3,7,7,7,7]' WHERE job = 0", "no list of classes"},
      {"UPDATE images SET rank = 9 WHERE rank = 0; UPDATE images SET rank = 0 WHERE rank = 2; "
       "UPDATE images SET rank = 2 WHERE rank = 9",
       "before its turn"},
      {"UPDATE images SET rank = 9 WHERE rank = 2", "with rank 9 of 3"},
      {"UPDATE images SET state = 'skipped' WHERE id = (SELECT max(id) FROM images WHERE state = 'undecided' "
       "AND id IN (SELECT image FROM jobs))",
       "which was not predicted"},
      {"UPDATE images SET path = 'other.png' WHERE rank = 0", "where the plan has 'i"},
      {"UPDATE images SET sha256 = 'cc' WHERE rank = 0", "where the plan has 'i"},
      {"DELETE FROM images WHERE id = (SELECT max(id) FROM images)", "7 images of 8"},
      {"UPDATE cases SET sha256 = 'cc' WHERE id = 1", "row 1 of cases, 'case1' cc, which is not the plan's"},
      {"UPDATE variants SET name = 'x' WHERE id = 3", "row 3 of variants, 'x' , which is not the plan's"},
      {"UPDATE plan SET json = replace(json, '\"grid\": 28', '\"grid\": 16')",
       "a copy of the plan that is not"},
      {"UPDATE plan SET json = 'v'", "a copy of the plan that is not"},
  };
  for (const Change& change : table) {
    std::string sql = change.sql;
    if (const auto at = sql.find("WAITING"); at != std::string::npos) sql.replace(at, 7, kWaiting);
    const std::string said = read_after(sql);
    EXPECT_TRUE(contains(said, change.message)) << sql << ": " << said;
    EXPECT_TRUE(contains(said, "`wcam repair`")) << sql << ": " << said;
  }
}

TEST_F(ChangedLedger, WhatNobodyWritesIsFoundByWhoLooksForIt) {
  EXPECT_EQ(impossible_after(""), "");
  struct Change {
    const char* sql;
    const char* message;
  };
  const Change table[] = {
      {"UPDATE plan SET created = 'noon'", "of plan, with a time that is none"},
      {"UPDATE plan SET created = replace(created, '20', '21')", "or is before the sweep was made"},
      {"UPDATE images SET decided = '2' WHERE rank = 0", "of images, with a time that is none"},
      {"UPDATE images SET decided = NULL WHERE rank = 0", "of images, decided and without the time of it"},
      {"UPDATE images SET text = 'x' WHERE rank = 0", "of images, with a reason why it was left out"},
      {"UPDATE cases SET cancelled = 2", "of cases, cancelled or not is 1 or 0"},
      {"UPDATE workers SET joined = replace(joined, ':', ';')", "of workers, with a time that is none"},
      {"UPDATE workers SET drained = ''", "of workers, with a time that is none"},
      {"UPDATE workers SET pid = x'33'", "of workers, with a value of another type than its column"},
      {"UPDATE jobs SET text = 'x' WHERE state = 'done'", "of jobs, with a reason why it was set aside"},
      {"UPDATE jobs SET label = 1 WHERE kind = 'predict'",
       "of jobs, a predict job with what only an explain"},
      {"UPDATE jobs SET variant = 0 WHERE kind = 'predict'", "of jobs, with the source by number"},
      {"UPDATE jobs SET control_of = 0 WHERE number = 0", "of jobs, "},
      {"UPDATE jobs SET attempts = 2 WHERE number = 0", "of jobs, which has other attempts than it counts"},
      {"UPDATE attempts SET attempt = 0 WHERE job = 0", "of jobs, which has other attempts than it counts"},
      {"UPDATE attempts SET handed_out = date(handed_out, '-4 years')",
       "of attempts, with a time that is none"},
      {"UPDATE attempts SET handed_out = replace(handed_out, '-', '-0')", "of attempts, with a time that is"},
      {"UPDATE attempts SET ended = strftime('%Y-%m-%dT%H:%M:%fZ', ended, '-4 years')",
       "or is before the sweep"},
      {"UPDATE attempts SET handed_out = strftime('%Y-%m-%dT%H:%M:%fZ', ended, '+2 days') WHERE job = 0",
       "of attempts, which ends before it begins"},
      {"UPDATE attempts SET ended = NULL WHERE outcome = 'done'",
       "of attempts, which has ended or has an outcome"},
      {"UPDATE attempts SET seconds = -1 WHERE outcome = 'done'",
       "of attempts, with a result and no segment or seconds"},
      {"UPDATE attempts SET segment = 'a.h5' WHERE outcome IS NULL",
       "of attempts, with a segment or seconds, and no result"},
      {"UPDATE attempts SET text = '' WHERE outcome = 'done'", "of attempts, done, with a reason why not"},
      {"INSERT INTO runs VALUES ('?', NULL, '', '', '')", "of runs, with a time that is none"},
  };
  for (const Change& change : table) {
    const std::string said = impossible_after(change.sql);
    EXPECT_TRUE(contains(said, change.message)) << change.sql << ": " << said;
    EXPECT_TRUE(said.starts_with(file().string() + " holds row ")) << change.sql << ": " << said;
  }
}

TEST_F(ChangedLedger, AClockThatWasSetBackIsNoDamage) {
  EXPECT_EQ(impossible_after("UPDATE attempts SET ended = strftime('%Y-%m-%dT%H:%M:%fZ', ended, '-20 hours') "
                             "WHERE ended IS NOT NULL"),
            "");
}

}  // namespace
}  // namespace wcam
