#include "coordinator/ledger/stored_results.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <utility>

#include "common/base/file.h"
#include "common/store/pack.h"
#include "common/store/segment.h"
#include "tests/coordinator/rig.h"

namespace wcam {
namespace {

// A sweep with one segment: the predictions of one image with one case, and the WCAM of its source.
class StoredResultsTest : public testing::Test {
 protected:
  StoredResultsTest() {
    const std::string image = state_.planned(0).path;
    for (std::size_t v = 0; v <= plan_.variants.size(); ++v) {
      PredictionRow row;
      row.job = predict_job_id(image, "case0");
      row.attempt = Attempt{1};
      row.image = image;
      row.perturbation = "corruptions";
      row.variant = plan_.variant_name(static_cast<std::uint16_t>(v));
      row.case_name = "case0";
      row.label = static_cast<std::int64_t>(v);
      predictions_.push_back(row);
    }
    profile_.job = explain_job_id(image, "source", "case0");
    profile_.attempt = Attempt{2};
    profile_.image = image;
    profile_.perturbation = "corruptions";
    profile_.variant = "source";
    profile_.case_name = "case0";
    const auto cells = static_cast<std::size_t>(plan_.wcam.grid) * static_cast<std::size_t>(plan_.wcam.grid);
    profile_.wcam.resize(cells);
    profile_.standard_error.resize(cells);
    profile_.outputs.resize(3);
    profile_.level_share.resize(static_cast<std::size_t>(plan_.wcam.levels) + 1);
    profile_.level_contributions = profile_.level_share;
    profile_.spectral_profile.resize(4);
    profile_.device = "cpu";
    profile_.estimator = "jansen-total";
    make_directories(sweep_.segments());
    write_file_atomically(sweep_.plan(), to_json_text(plan_));
  }

  void write(const std::string& name = "a.h5") const {
    write_store(sweep_.segments() / name, {state_.sweep(), plan_.wcam.grid, plan_.wcam.levels},
                std::span(&profile_, 1), predictions_, {});
  }
  StoredResults read() const { return read_stored_results(sweep_, state_); }

  TemporaryFolder folder_;
  const SweepDirectory sweep_{folder_.path()};
  const Plan plan_ = small_plan(2, 1, 1);
  const SweepState state_{plan_};
  std::vector<PredictionRow> predictions_;
  ProfileRow profile_;
};

TEST_F(StoredResultsTest, AreTheAnswersToJobs) {
  write();
  const StoredResults stored = read();
  EXPECT_TRUE(stored.damaged.empty());
  EXPECT_FALSE(stored.packed);
  ASSERT_EQ(stored.in_segments.size(), 2U);
  const StoredResult* predicted = stored.chosen(predictions_[0].job);
  ASSERT_NE(predicted, nullptr);
  EXPECT_EQ(predicted->labels, (Labels{0, 1, 2, 3, 4}));
  EXPECT_EQ(stored.name_of(*predicted), "a.h5");
  const StoredResult* explained = stored.chosen(profile_.job);
  ASSERT_NE(explained, nullptr);
  EXPECT_EQ(explained->attempt, Attempt{2});
  EXPECT_EQ(state_.job_id(explained->spec), profile_.job);
  EXPECT_EQ(explained->spec.role, Role::kSource);
}

TEST_F(StoredResultsTest, JobsAreCountedByWhatComputedTheAnswerThatCounts) {
  profile_.provenance = "A GPU";
  for (PredictionRow& row : predictions_) row.provenance = "A CPU";
  write();
  profile_.attempt = Attempt{3};  // answered once more, elsewhere
  profile_.provenance = "another GPU";
  predictions_.clear();
  write("b.h5");
  const std::map<std::string, std::size_t> expected{{"A CPU", 1}, {"A GPU", 1}};
  EXPECT_EQ(read().jobs_by_provenance(), expected);
  pack(sweep_.root);
  EXPECT_EQ(read().jobs_by_provenance(), expected) << "a packed job is the same job";
}

TEST_F(StoredResultsTest, ARowThatCannotBeMakesItsFileDamagedAndNoOther) {
  write("sound.h5");
  struct Row {
    const char* message;
    std::function<void(ProfileRow&, std::vector<PredictionRow>&)> change;
  };
  const std::vector<Row> table{
      {"image 'other.png', which is not in the plan",
       [](auto& profile, auto&) { profile.image = "other.png"; }},
      {"case 'case7', which is not in the plan",
       [](auto&, auto& predictions) { predictions[1].case_name = "case7"; }},
      {"variant 'x', which is not in the plan",
       [](auto&, auto& predictions) { predictions[1].variant = "x"; }},
      {"holds job 000000000000002a in the row of", [](auto& profile, auto&) { profile.job = JobId{42}; }},
      {"attempt 0 at", [](auto& profile, auto&) { profile.attempt = Attempt{0}; }},
      {"attempt 4000000000 at", [](auto& profile, auto&) { profile.attempt = Attempt{4'000'000'000}; }},
      {"label -3 of", [](auto&, auto& predictions) { predictions[2].label = -3; }},
      {"a logit or probability of", [](auto&, auto& predictions) { predictions[2].logit = NAN; }},
      {"a logit or probability of", [](auto&, auto& predictions) { predictions[0].probability = INFINITY; }},
      {"only some of the predictions of", [](auto&, auto& predictions) { predictions.pop_back(); }},
  };
  for (const Row& row : table) {
    const auto predictions = predictions_;
    const ProfileRow profile = profile_;
    row.change(profile_, predictions_);
    write("bad.h5");
    const StoredResults stored = read();
    ASSERT_EQ(stored.damaged.size(), 1U) << row.message;
    EXPECT_EQ(stored.damaged[0].file, sweep_.segments() / "bad.h5");
    EXPECT_NE(stored.damaged[0].why.find(row.message), std::string::npos) << stored.damaged[0].why;
    EXPECT_EQ(stored.in_segments.size(), 2U);
    predictions_ = predictions;
    profile_ = profile;
  }
}

TEST_F(StoredResultsTest, AWcamOfAClassThatIsNotPredictedIsDropped) {
  write("sound.h5");
  StoredResults sound = read();
  discard_unpredicted(sound, state_);
  EXPECT_TRUE(sound.damaged.empty());
  profile_.label = 3;
  profile_.attempt = Attempt{3};
  predictions_.clear();
  write("other.h5");
  StoredResults stored = read();
  ASSERT_TRUE(stored.damaged.empty());
  discard_unpredicted(stored, state_);
  ASSERT_EQ(stored.damaged.size(), 1U);
  EXPECT_EQ(stored.damaged[0].file.filename(), "other.h5");
  EXPECT_NE(stored.damaged[0].why.find(" for class 3, which is not predicted for source"), std::string::npos)
      << stored.damaged[0].why;
  EXPECT_EQ(stored.in_segments.at(profile_.job).size(), 1U);
}

TEST_F(StoredResultsTest, ResultsThatDifferFromTheirSegmentsAreDamaged) {
  write();
  pack(sweep_.root);
  EXPECT_TRUE(read().damaged.empty());
  ASSERT_TRUE(read().packed);
  EXPECT_EQ(read().packed->size(), 2U);
  profile_.label = 9;
  write();
  const StoredResults stored = read();
  ASSERT_EQ(stored.damaged.size(), 1U);
  EXPECT_NE(stored.damaged[0].why.find("results.h5 says otherwise than a.h5 of job"), std::string::npos)
      << stored.damaged[0].why;
  EXPECT_FALSE(stored.packed);
  EXPECT_EQ(stored.in_segments.size(), 2U);
}

TEST_F(StoredResultsTest, ResultsThatLackAJobOfTheirSegmentsAreDamaged) {
  const auto predictions = std::exchange(predictions_, {});
  write();
  pack(sweep_.root);
  predictions_ = predictions;
  write();
  const StoredResults stored = read();
  ASSERT_EQ(stored.damaged.size(), 1U);
  EXPECT_NE(stored.damaged[0].why.find("results.h5 lacks job"), std::string::npos) << stored.damaged[0].why;
}

TEST_F(StoredResultsTest, AFileOfAnotherSweepIsNone) {
  write_store(sweep_.segments() / "a.h5", {std::string(64, '0'), plan_.wcam.grid, plan_.wcam.levels}, {},
              predictions_, {});
  const StoredResults stored = read();
  ASSERT_EQ(stored.damaged.size(), 1U);
  EXPECT_NE(stored.damaged[0].why.find("belongs to another sweep"), std::string::npos);
}

}  // namespace
}  // namespace wcam
