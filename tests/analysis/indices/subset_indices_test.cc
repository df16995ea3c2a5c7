#include "analysis/indices/subset_indices.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

#include "analysis/maps/level_shares.h"
#include "analysis/statistics/jackknife.h"
#include "common/study/estimator.h"
#include "tests/golden.h"

namespace wcam {
namespace {

constexpr int kSide = 224;

std::vector<int> all_points(const WcamSettings& settings) {
  std::vector<int> points(static_cast<std::size_t>(settings.nb_design));
  std::iota(points.begin(), points.end(), 0);
  return points;
}

// A group of tests/analysis/golden/profiles.h5, which `wcam explain` wrote.
struct StoredProfile {
  std::string name;
  WcamSettings settings;
  std::vector<float> column(const std::string& dataset) const {
    return test::read_golden<float>(WCAM_SOURCE_DIR "/tests/analysis/golden/profiles.h5",
                                    name + "/" + dataset);
  }
};

void PrintTo(const StoredProfile& profile, std::ostream* out) { *out << profile.name; }

const StoredProfile kProfiles[] = {
    {"published", {.grid = 14, .design = {}}},
    {"eight_points", {.grid = 10, .nb_design = 8, .design = {}}},
    {"glen_drop",
     {.grid = 10, .approximation = Approximation::kDrop, .estimator = Estimator::kGlen, .design = {}}},
    {"janon_keep",
     {.grid = 9,
      .levels = 2,
      .approximation = Approximation::kKeep,
      .estimator = Estimator::kJanon,
      .design = {}}},
    {"saltelli_corrected",
     {.grid = 8, .nb_design = 8, .mode = Mode::kCorrected, .estimator = Estimator::kSaltelli, .design = {}}},
    {"homma_corrected_first_keep",
     {.grid = 10,
      .nb_design = 8,
      .mode = Mode::kCorrected,
      .approximation = Approximation::kKeep,
      .estimator = Estimator::kHomma,
      .order = Order::kFirst,
      .design = {}}},
    {"jansen_corrected_first",
     {.grid = 7, .levels = 4, .mode = Mode::kCorrected, .order = Order::kFirst, .design = {}}},
};

class StoredProfiles : public testing::TestWithParam<StoredProfile> {
 protected:
  const WcamSettings& settings_ = GetParam().settings;
  const ForwardPlan plan_ = forward_plan(settings_, kSide);
  const std::vector<float> outputs_ = GetParam().column("outputs"), wcam_ = GetParam().column("wcam");
};

TEST_P(StoredProfiles, AllPointsGiveTheStoredMap) {
  const auto map = subset_indices(outputs_, plan_, settings_, all_points(settings_));
  ASSERT_EQ(map.size(), wcam_.size());
  // The machine that stored it may have rounded differently.
  for (std::size_t i = 0; i < map.size(); ++i)
    EXPECT_NEAR(map[i], wcam_[i], 1e-6 * std::max(1.0F, std::abs(wcam_[i]))) << i;
}

TEST_P(StoredProfiles, MapsWithoutEachPointGiveTheStoredStandardErrors) {
  const auto maps = delete_one_maps(outputs_, plan_, settings_);
  ASSERT_EQ(maps.size(), static_cast<std::size_t>(settings_.nb_design));
  const auto stored = GetParam().column("standard_error");
  for (std::size_t i = 0; i < stored.size(); ++i) {
    std::vector<double> without;
    for (const auto& map : maps) without.push_back(static_cast<double>(map[i]));
    EXPECT_NEAR(jackknife_standard_error(without), stored[i], 1e-5 * std::max(1.0F, stored[i])) << i;
  }
}

TEST_P(StoredProfiles, LevelSharesAreTheStoredOnes) {
  const auto areas = level_areas(settings_.grid, settings_.levels, kSide, settings_.approximation);
  const auto shares = level_shares(wcam_, areas);
  const auto stored = GetParam().column("level_share");
  ASSERT_EQ(shares.size(), stored.size());
  for (std::size_t level = 0; level < shares.size(); ++level)
    EXPECT_NEAR(shares[level], stored[level], 2e-6 * std::max(1.0F, std::abs(stored[level]))) << level;
  for (const double error : level_share_errors(delete_one_maps(outputs_, plan_, settings_), areas))
    EXPECT_TRUE(std::isfinite(error));
}

// A map from some of the points is the map that as many points alone would have given.
TEST_P(StoredProfiles, ASubsetIsAStudyOfFewerPoints) {
  const std::vector<int> points{3, 0, 2};
  std::vector<float> fewer;
  for (std::size_t sample = 0; sample < outputs_.size();
       sample += static_cast<std::size_t>(settings_.nb_design))
    for (const int point : points) fewer.push_back(outputs_[sample + static_cast<std::size_t>(point)]);
  WcamSettings three = settings_;
  three.nb_design = 3;
  EXPECT_EQ(subset_indices(outputs_, plan_, settings_, points),
            subset_indices(fewer, forward_plan(three, kSide), three, all_points(three)));
}

INSTANTIATE_TEST_SUITE_P(Every, StoredProfiles, testing::ValuesIn(kProfiles),
                         [](const auto& profile) { return profile.param.name; });

// The published program's own indices of its own logits (tests/golden/README.md), which has B evaluated too.
TEST(SubsetIndices, GiveThePublishedIndicesOfPublishedLogits) {
  for (const auto& [run, nb_design] :
       {std::pair<std::string, int>{"g28_n4_approx", 4}, {"g8_n8_approx", 8}}) {
    WcamSettings settings;
    settings.nb_design = nb_design;
    settings.grid = run.starts_with("g8") ? 8 : 28;
    const auto logits =
        test::read_golden<float>(WCAM_SOURCE_DIR "/tests/golden/wcam.h5", run + "/logits_of_label");
    const auto published = test::read_golden<float>(WCAM_SOURCE_DIR "/tests/golden/wcam.h5", run + "/sti");
    const ForwardPlan plan = forward_plan(settings, kSide);
    std::vector<float> outputs(logits.begin(), logits.begin() + nb_design);
    outputs.insert(outputs.end(), logits.begin() + 2 * nb_design,
                   logits.begin() + static_cast<std::ptrdiff_t>(plan.rows.size()) + nb_design);
    const auto map = subset_indices(outputs, plan, settings, all_points(settings));
    for (std::size_t i = 0; i < map.size(); ++i) ASSERT_NEAR(map[i], published[i], 1e-6) << run << " " << i;
  }
}

TEST(SubsetIndices, RefuseWhatIsNotThere) {
  const StoredProfile& profile = kProfiles[0];
  const ForwardPlan plan = forward_plan(profile.settings, kSide);
  const auto outputs = profile.column("outputs");
  for (const std::vector<int>& points : {std::vector<int>{0}, {0, 4}, {-1, 2}, {1, 1}})
    EXPECT_THROW((void)subset_indices(outputs, plan, profile.settings, points), std::invalid_argument);
  EXPECT_THROW(
      (void)subset_indices(std::span(outputs).first(100), plan, profile.settings, std::vector<int>{0, 1}),
      std::invalid_argument);
}

TEST(DeleteOneMaps, AreNoneWhereASubsetHasNoIndices) {
  WcamSettings settings;
  settings.grid = 2;
  settings.nb_design = 2;
  settings.levels = 1;
  ForwardPlan plan = forward_plan(settings, 8);
  EXPECT_TRUE(delete_one_maps(std::vector<float>(plan.rows.size()), plan, settings).empty());
  settings.nb_design = 4;
  plan = forward_plan(settings, 8);
  std::vector<float> outputs(plan.rows.size(), 1);  // without point 2 the outputs on A are constant
  outputs[2] = 5;
  EXPECT_TRUE(delete_one_maps(outputs, plan, settings).empty());
}

}  // namespace
}  // namespace wcam
