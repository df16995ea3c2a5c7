#include "worker/jobs/outbox.h"

#include <gtest/gtest.h>

#include "common/store/results.h"
#include "tests/temporary_folder.h"

using std::chrono::seconds;

namespace wcam {
namespace {

constexpr Outbox::Clock::time_point kNow{std::chrono::hours{1}};
constexpr Outbox::Clock::duration kNone{0};

JobResult profile_of(std::uint64_t job) {
  JobResult result;
  result.outcome.set_job(job);
  result.outcome.set_attempt(1);
  result.outcome.mutable_profile()->set_seconds(1);
  ProfileRow row;
  row.job = JobId{job};
  row.attempt = Attempt{1};
  row.image = "a.png";
  row.variant = "source";
  row.case_name = "baseline";
  row.wcam.assign(4, 0.25F);
  row.standard_error.assign(4, 0);
  row.outputs.assign(20, 1);
  row.level_share = row.level_contributions = {1, 0};
  row.spectral_profile = {1};
  result.profile = row;
  result.image = ImageRow{"a.png", "source", 2, std::vector<std::uint8_t>(12, 7)};
  return result;
}

JobResult prediction_of(std::uint64_t job) {
  JobResult result;
  result.outcome.set_job(job);
  result.outcome.mutable_predictions()->add_label(1);
  PredictionRow row;
  row.job = JobId{job};
  row.image = "a.png";
  row.variant = "source";
  row.case_name = "baseline";
  result.predictions = {row};
  return result;
}

class OutboxTest : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  // Long enough at work for the patience that it was given.
  void work_for_a_while() {
    outbox_.add(profile_of(1'000), kNow - seconds{300});
    outbox_.store();
  }
  Outbox outbox_{folder_.path(), {std::string(64, 'a'), 2, 1}, seconds{30}};
};

TEST_F(OutboxTest, AtFirstAResultWaitsAQuarterOfTheTimeOrTwoSeconds) {
  outbox_.add(profile_of(1), kNow);
  EXPECT_FALSE(outbox_.due(kNow + seconds{1}, false, kNone));
  EXPECT_TRUE(outbox_.due(kNow + seconds{2}, false, kNone));
  outbox_.store();
  outbox_.add(profile_of(2), kNow + seconds{30});
  EXPECT_FALSE(outbox_.due(kNow + seconds{39}, false, kNone));
  EXPECT_TRUE(outbox_.due(kNow + seconds{40}, false, kNone));
}

TEST_F(OutboxTest, WaitsForCompanyButNotForLong) {
  EXPECT_FALSE(outbox_.due(kNow, true, kNone));  // nothing to hand in
  work_for_a_while();
  outbox_.add(profile_of(1), kNow);
  EXPECT_FALSE(outbox_.due(kNow + seconds{29}, false, kNone));
  EXPECT_TRUE(outbox_.due(kNow + seconds{30}, false, kNone));
  EXPECT_TRUE(outbox_.due(kNow, true, kNone));  // nothing left to compute
}

TEST_F(OutboxTest, DoesNotWaitThroughALongJob) {
  work_for_a_while();
  outbox_.add(profile_of(1), kNow);
  EXPECT_FALSE(outbox_.due(kNow, false, seconds{29}));
  EXPECT_TRUE(outbox_.due(kNow, false, seconds{600}));
}

TEST_F(OutboxTest, PredictionsWaitTwoSecondsAndFailuresNotAtAll) {
  outbox_.add(prediction_of(1), kNow);
  EXPECT_FALSE(outbox_.due(kNow + seconds{1}, false, kNone));
  EXPECT_TRUE(outbox_.due(kNow + seconds{2}, false, kNone));
  JobResult failure;
  failure.outcome.mutable_failure()->set_text("no");
  outbox_.add(std::move(failure), kNow);
  EXPECT_TRUE(outbox_.due(kNow, false, kNone));
}

TEST_F(OutboxTest, SixtyFourResultsAreEnough) {
  for (std::uint64_t job = 1; job < 64; ++job) outbox_.add(profile_of(job), kNow);
  EXPECT_FALSE(outbox_.due(kNow, false, kNone));
  outbox_.add(profile_of(64), kNow);
  EXPECT_TRUE(outbox_.due(kNow, false, kNone));
}

TEST_F(OutboxTest, ReportsWhatIsInTheSegmentItNames) {
  outbox_.add(profile_of(1), kNow);
  outbox_.add(profile_of(2), kNow);
  outbox_.add(prediction_of(3), kNow);
  const auto outcomes = outbox_.store();
  ASSERT_EQ(outcomes.size(), 3U);
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome.segment(), outcomes[0].segment());
  const Results stored = Results::open(folder_.path() / outcomes[0].segment());
  EXPECT_EQ(stored.profiles().size(), 2U);
  EXPECT_EQ(stored.read_predictions().size(), 1U);
  EXPECT_EQ(stored.read_pixels("a.png", "source").pixels.size(), 12U);
  EXPECT_TRUE(outbox_.store().empty());
}

TEST_F(OutboxTest, AFailureAloneNeedsNoSegment) {
  JobResult failure;
  failure.outcome.mutable_failure()->set_text("no");
  outbox_.add(std::move(failure), kNow);
  const auto outcomes = outbox_.store();
  ASSERT_EQ(outcomes.size(), 1U);
  EXPECT_EQ(outcomes[0].segment(), "");
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(OutboxTest, KeepsEverythingWhenTheSegmentCannotBeWritten) {
  Outbox nowhere(folder_.path() / "missing", {std::string(64, 'a'), 2, 1}, seconds{30});
  nowhere.add(profile_of(1), kNow);
  EXPECT_THROW(nowhere.store(), InputError);
  std::filesystem::create_directory(folder_.path() / "missing");
  EXPECT_EQ(nowhere.store().size(), 1U);
}

}  // namespace
}  // namespace wcam
