#include "analysis/report/observations.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "analysis/indices/split_halves.h"
#include "analysis/maps/level_shares.h"
#include "common/base/error.h"
#include "common/store/segment.h"
#include "common/study/forward_plan.h"
#include "tests/analysis/report/planted_sweep.h"
#include "tests/temporary_folder.h"

namespace wcam {
namespace {

constexpr double kRounding = 1e-9;  // transport rounds amounts to 1e-12, each moved by up to 14 cells

// A small planted sweep, what was observed of it, and its profiles with arrays, by all that names them.
struct Observed {
  explicit Observed(const planted::Truth& truth) {
    planted::write_sweep(folder.path() / "sweep", truth);
    const Study results(Results::open(folder.path() / "sweep"));
    found = observe(results);
    for (std::size_t i = 0; i < results.profiles().size(); ++i) {
      ProfileRow row = results.read_profile(i);
      rows.emplace(std::tuple(row.image, row.case_name, row.variant, row.label, row.replicate), row);
    }
    results.for_each_prediction(
        [&](PredictionRow&& row, const StudyPart&) { predictions.push_back(std::move(row)); });
    areas = level_areas(truth.grid, 3, 224);
  }
  const ProfileRow& row(const Shift& shift, bool source, std::int64_t label, std::uint32_t replicate) const {
    return rows.at({found.images[shift.image], found.case_name(shift.case_index),
                    found.plan.variant_name(source ? std::uint16_t{0} : shift.variant), label, replicate});
  }

  TemporaryFolder folder;
  Observations found;
  std::map<std::tuple<std::string, std::string, std::string, std::int64_t, std::uint32_t>, ProfileRow> rows;
  std::vector<PredictionRow> predictions;
  LevelAreas areas;
};

planted::Truth small() {
  planted::Truth truth;
  truth.moves = planted::Moves::kFlip;
  truth.images = 3;
  return truth;
}

double distance(std::size_t m, const ProfileRow& a, const ProfileRow& b, const LevelAreas& areas) {
  const double value = *compare(kMeasures[m], a.wcam, b.wcam, areas);
  return is_similarity(kMeasures[m]) ? 1 - value : value;
}

TEST(Observations, ShiftsAreBetweenMapsOfDifferentDesigns) {
  const Observed observed(small());
  EXPECT_EQ(observed.found.noise, NoiseFrom::kReplicates);
  ASSERT_GT(observed.found.shifts.size(), 10U);
  for (const Shift& shift : observed.found.shifts) {
    // The planted source is of class 0; an altered variant is predicted to be of class 1.
    const bool altered = shift.role == Role::kAltered;
    const std::int64_t label = altered && shift.kind == LabelKind::kPredicted ? 1 : 0;
    for (std::size_t m = 0; m < kMeasureCount; ++m) {
      const auto of = [&](bool source, std::uint32_t replicate) {
        return observed.row(shift, source, source ? 0 : label, replicate);
      };
      EXPECT_NEAR(shift.distance[m],
                  (distance(m, of(true, 0), of(false, 1), observed.areas) +
                   distance(m, of(true, 1), of(false, 0), observed.areas)) /
                      2,
                  kRounding);
      EXPECT_NEAR(shift.source_floor[m], distance(m, of(true, 0), of(true, 1), observed.areas), kRounding);
      EXPECT_NEAR(shift.variant_floor[m], distance(m, of(false, 0), of(false, 1), observed.areas), kRounding);
    }
    double before = 0, after = 0;
    for (std::uint32_t r = 0; r < 2; ++r) {
      before += level_shares(observed.row(shift, true, 0, r).wcam, observed.areas)[2] / 2;
      after += level_shares(observed.row(shift, false, label, r).wcam, observed.areas)[2] / 2;
    }
    EXPECT_NEAR(shift.share_change[2], after - before, kRounding);
  }
}

TEST(Observations, WithoutReplicatesHalvesOfTheDesignStandForThem) {
  planted::Truth truth = small();
  truth.replicates = 1;
  const Observed observed(truth);
  EXPECT_EQ(observed.found.noise, NoiseFrom::kHalves);
  const WcamSettings& wcam = observed.found.plan.wcam;
  const ForwardPlan forwards = forward_plan(wcam, 224);
  for (const Shift& shift : observed.found.shifts) {
    const std::int64_t label = shift.role == Role::kAltered && shift.kind == LabelKind::kPredicted ? 1 : 0;
    const auto source = split_halves(observed.row(shift, true, 0, 0).outputs, forwards, wcam);
    const auto variant = split_halves(observed.row(shift, false, label, 0).outputs, forwards, wcam);
    ASSERT_EQ(source->size(), 3U);
    double across = 0, within = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      across +=
          (1 - *compare(Measure::kSpearman, (*source)[k].first, (*variant)[k].second, observed.areas)) / 3;
      within +=
          (1 - *compare(Measure::kSpearman, (*source)[k].first, (*source)[k].second, observed.areas)) / 3;
    }
    EXPECT_NEAR(shift.distance[0], across, kRounding);
    EXPECT_NEAR(shift.source_floor[0], within, kRounding);
  }
}

// Three replicates make three pairs.
TEST(Observations, TheFloorIsTheMeanDistanceOfAllPairsOfAMap) {
  planted::Truth truth = small();
  truth.replicates = 3;
  const Observed three(truth);
  for (const Shift& shift : three.found.shifts)
    for (std::size_t m = 0; m < kMeasureCount; ++m) {
      double mean = 0;
      for (const auto& [i, j] : {std::pair(0U, 1U), {0U, 2U}, {1U, 2U}})
        mean += distance(m, three.row(shift, true, 0, i), three.row(shift, true, 0, j), three.areas) / 3;
      EXPECT_NEAR(shift.source_floor[m], mean, kRounding);
    }
}

TEST(Observations, TwoDesignPointsTellNoNoiseButDistances) {
  planted::Truth truth = small();
  truth.replicates = 1;
  truth.nb_design = 2;
  const Observed observed(truth);
  EXPECT_EQ(observed.found.noise, NoiseFrom::kNothing);
  for (const Shift& shift : observed.found.shifts) {
    EXPECT_TRUE(std::isnan(shift.source_floor[0]));
    const std::int64_t label = shift.role == Role::kAltered && shift.kind == LabelKind::kPredicted ? 1 : 0;
    EXPECT_NEAR(
        shift.distance[0],
        distance(0, observed.row(shift, true, 0, 0), observed.row(shift, false, label, 0), observed.areas),
        kRounding);
  }
}

TEST(Observations, EachVariantIsComparedForEachKindOfLabel) {
  const Observed observed(small());
  std::map<std::pair<Role, LabelKind>, int> count;
  for (const Shift& shift : observed.found.shifts) ++count[{shift.role, shift.kind}];
  EXPECT_GT((count[{Role::kAltered, LabelKind::kSource}]), 0);
  EXPECT_EQ((count[{Role::kAltered, LabelKind::kSource}]), (count[{Role::kAltered, LabelKind::kPredicted}]));
  EXPECT_EQ((count[{Role::kUnaffected, LabelKind::kSource}]),
            (count[{Role::kUnaffected, LabelKind::kPredicted}]));
  EXPECT_EQ((count[{Role::kAltered, LabelKind::kTrue}]), 0);
}

TEST(Observations, ControlsKnowWhatTheyAreMatchedWith) {
  const Observed observed(small());
  int controls = 0;
  for (const Shift& shift : observed.found.shifts) {
    if (shift.role == Role::kAltered) {
      EXPECT_EQ(shift.control_of, -1);
      EXPECT_TRUE(std::isnan(shift.severity_difference));
      continue;
    }
    ++controls;
    const auto& variants = observed.found.variants;
    ASSERT_GT(shift.control_of, 0);
    EXPECT_EQ(shift.severity_difference, variants[shift.variant].severity -
                                             variants[static_cast<std::size_t>(shift.control_of)].severity);
  }
  EXPECT_GT(controls, 0);
}

TEST(Observations, PredictionsAreComparedWithSourceAndTruth) {
  const Observed observed(small());
  EXPECT_TRUE(observed.found.labels_known);
  EXPECT_TRUE(observed.found.five_known);
  ASSERT_EQ(observed.found.predictions.size(), 3U * 2 * 11);
  std::size_t flipped = 0, expected = 0;
  for (const Prediction& one : observed.found.predictions) {
    flipped += one.flipped ? 1 : 0;
    EXPECT_EQ(one.wrong, one.flipped);  // all sources are right
    EXPECT_FALSE(one.beyond);           // of two classes
  }
  for (const PredictionRow& row : observed.predictions) expected += row.label == 1 ? 1 : 0;
  EXPECT_EQ(flipped, expected);
  EXPECT_GT(flipped, 0U);
}

// Grid 14, whose cells straddle levels: mean over the replicates' maps.
TEST(Observations, SourcesKnowWhatOtherSplitsOfStraddlingCellsGive) {
  planted::Truth truth = small();
  truth.grid = 14;
  const Observed observed(truth);
  const Plan& plan = observed.found.plan;
  const auto areas = level_areas(14, plan.wcam.levels, plan.input_size());
  std::size_t sources = 0;
  for (const ExplainedMap& map : observed.found.maps) {
    EXPECT_EQ(map.bounds.low.empty(), map.role != Role::kSource);
    if (map.role != Role::kSource) continue;
    ++sources;
    std::vector<double> low(observed.found.shares());
    for (const auto& [key, row] : observed.rows)
      if (row.role == Role::kSource && row.image == observed.found.images[map.image] &&
          row.case_name == observed.found.case_name(map.case_index))
        for (std::size_t k = 0; k < low.size(); ++k) low[k] += level_share_bounds(row.wcam, areas).low[k] / 2;
    for (std::size_t k = 0; k < low.size(); ++k) {
      EXPECT_NEAR(map.bounds.low[k], low[k], 1e-12);
      EXPECT_LE(map.bounds.low[k], map.shares[k] + 1e-12);
      EXPECT_GE(map.bounds.high[k], map.shares[k] - 1e-12);
    }
    EXPECT_LT(map.bounds.low[0], map.shares[0]);
  }
  EXPECT_EQ(sources, 6U);  // three images, two cases
}

TEST(Observations, CountReplicatesImagesAndMarks) {
  const Observed observed(small());
  EXPECT_EQ(observed.found.explained_images, 3U);
  EXPECT_EQ(observed.found.profiles, observed.rows.size());
  std::size_t profiles = 0;
  int above = 0, expected = 0, doubtful = 0, expected_doubtful = 0, uncertain = 0, expected_uncertain = 0;
  double errors = 0, expected_errors = 0;
  for (const ExplainedMap& map : observed.found.maps) {
    EXPECT_EQ(map.replicates, 2);
    EXPECT_EQ(map.independent_shares.size(), 2U);
    profiles += static_cast<std::size_t>(map.replicates);
    above += map.above_one;
    doubtful += map.doubtful;
    const auto marked = map.doubts.find("a standard error above the largest index");
    uncertain += marked == map.doubts.end() ? 0 : marked->second;
    errors += map.largest_error * map.replicates;
  }
  for (const auto& [key, row] : observed.rows) {
    const float largest = *std::max_element(row.wcam.begin(), row.wcam.end());
    const float error = *std::max_element(row.standard_error.begin(), row.standard_error.end());
    expected += largest > 1.0001F ? 1 : 0;
    expected_uncertain += error > largest ? 1 : 0;
    expected_doubtful += row.doubts.empty() ? 0 : 1;
    expected_errors += static_cast<double>(error);
  }
  EXPECT_EQ(uncertain, expected_uncertain);
  EXPECT_GT(uncertain, 0);
  EXPECT_EQ(doubtful, expected_doubtful);
  EXPECT_NEAR(errors, expected_errors, 1e-9);
  EXPECT_EQ(profiles, observed.rows.size());
  EXPECT_EQ(above, expected);
  EXPECT_GT(above, 0);
}

TEST(Observations, AFileWithoutAPlanIsRefused) {
  const TemporaryFolder folder;
  write_store(folder.path() / "lone.h5", {"", 8, 3}, {}, {}, {});
  try {
    observe(Study(Results::open(folder.path() / "lone.h5")));
    FAIL();
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("lone.h5 has no plan"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace wcam
