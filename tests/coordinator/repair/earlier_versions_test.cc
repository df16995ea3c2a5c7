// Sweeps of earlier versions (tests/fixtures) go on with this one.
#include <gtest/gtest.h>

#include <filesystem>

#include "common/base/error.h"
#include "common/base/format_version.h"
#include "common/store/pack.h"
#include "common/store/results.h"
#include "coordinator/ledger/ledger.h"
#include "coordinator/ledger/ledger_reader.h"
#include "coordinator/ledger/schema.h"
#include "coordinator/repair/check_sweep.h"
#include "coordinator/sweep/status.h"
#include "coordinator/sweep/sweep_folder.h"
#include "tests/temporary_folder.h"

namespace fs = std::filesystem;

namespace wcam {
namespace {

class EarlierVersion : public testing::TestWithParam<const char*> {
 protected:
  EarlierVersion() : sweep_{folder_.path() / "sweep"} {
    fs::copy(fs::path(WCAM_SOURCE_DIR) / "tests/fixtures" / GetParam(), sweep_.root,
             fs::copy_options::recursive);
  }

  void expect_sound() {
    const LockedSweep held = lock_and_check(sweep_);
    EXPECT_EQ(held.found.problem, "");
    EXPECT_EQ(held.check.ledger_problems, std::vector<std::string>{});
    for (const DamagedFile& file : held.check.stored.damaged) ADD_FAILURE() << file.why;
    EXPECT_TRUE(held.check.lost.empty());
    EXPECT_EQ(held.check.stored.in_segments.size(), 8U);
    EXPECT_EQ(held.check.stored.jobs_by_provenance(), (std::map<std::string, std::size_t>{{"", 8}}));
  }

  TemporaryFolder folder_;
  SweepDirectory sweep_;
};

TEST_P(EarlierVersion, IsReadAsItIs) {
  expect_sound();
  const Status status = read_status(sweep_.root);
  EXPECT_EQ(status.done(), 8U);
  EXPECT_EQ(status.total(), 12U);
  EXPECT_EQ(status.counts.provenances, (std::map<std::string, std::size_t>{{"", 1}}));
}

TEST_P(EarlierVersion, IsBroughtUpToDateByWhoWritesIt) {
  const Plan plan = plan_of(sweep_);
  std::optional<SweepState> before;
  {
    Database ledger(sweep_.ledger(), Database::Access::kReadOnly);
    ASSERT_LT(schema_of(ledger), kSchemaVersion);
    before.emplace(read_ledger(ledger, plan));
  }
  {
    Ledger ledger(sweep_.ledger());
    EXPECT_LT(schema_of(ledger.database()), kSchemaVersion)
        << "a command that is refused now leaves it as it is";
    SweepState state = ledger.load(plan);
    EXPECT_EQ(schema_of(ledger.database()), kSchemaVersion);
    EXPECT_TRUE(state == *before);
    const WorkerId next{static_cast<std::uint32_t>(state.workers().size())};
    ledger.commit(std::vector<Event>{WorkerJoined{next, {"w", "node2", "cpu", 1, false, "A CPU"}}});
  }
  Database ledger(sweep_.ledger(), Database::Access::kReadOnly);
  EXPECT_EQ(read_ledger(ledger, plan).workers().back().provenance, "A CPU");
  expect_sound();
}

TEST_P(EarlierVersion, ResultsArePackedWithAnEmptyProvenance) {
  pack(sweep_.root);
  const Results results = Results::open(sweep_.results());
  ASSERT_EQ(results.profiles().size(), 4U);
  for (const ProfileRow& row : results.profiles()) EXPECT_EQ(row.provenance, "");
  expect_sound();
}

INSTANTIATE_TEST_SUITE_P(Fixtures, EarlierVersion, testing::Values("sweep-0.1.0"),
                         [](const auto&) { return std::string("Sweep010"); });

TEST(NewerSweep, IsNotTakenForADamagedOne) {
  const TemporaryFolder folder;
  const SweepDirectory sweep{folder.path() / "sweep"};
  fs::copy(fs::path(WCAM_SOURCE_DIR) / "tests/fixtures/sweep-0.1.0", sweep.root, fs::copy_options::recursive);
  Database(sweep.ledger(), Database::Access::kReadWriteCreate)
      .execute("PRAGMA user_version = " + std::to_string(kSchemaVersion + 1));
  EXPECT_THROW(lock_and_check(sweep), NewerFormat) << "and so no repair makes the ledger anew";
}

TEST(NewerLedger, IsRefusedNamingWhatIsNeeded) {
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "ledger.sqlite";
  {
    Database ledger(file, Database::Access::kReadWriteCreate);
    ledger.execute("PRAGMA user_version = " + std::to_string(kSchemaVersion + 1));
  }
  try {
    Ledger ledger(file);
    ADD_FAILURE() << "opened";
  } catch (const InputError& e) {
    const std::string text = e.what();
    EXPECT_NE(text.find("has schema 6, this is wcam "), std::string::npos) << text;
    EXPECT_TRUE(text.ends_with(", which reads 3 to 5: use the version of wcam that wrote it or a later one"))
        << text;
  }
}

}  // namespace
}  // namespace wcam
