#include "analysis/indices/noise_floor.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <string>

#include "analysis/indices/subset_indices.h"
#include "analysis/statistics/random_numbers.h"

namespace wcam {
namespace {

// A stand-in for a classifier whose cells matter differently and interact in pairs: sum_i w_i x_i +
// sum_i v_i x_i x_j. Its outputs on the samples of a Monte Carlo design, in the order of plan.rows.
class Classifier {
 public:
  explicit Classifier(int cells, std::uint64_t seed) : random_(seed) {
    for (int i = 0; i < cells; ++i) {
      own_.push_back(std::pow(random_.uniform(), 6) * 4);
      shared_.push_back(std::pow(random_.uniform(), 6) * 2);
    }
  }

  std::vector<float> outputs(const ForwardPlan& plan, int nb_design) {
    const std::size_t cells = own_.size(), n = static_cast<std::size_t>(nb_design);
    std::vector<float> found(plan.rows.size());
    for (std::size_t point = 0; point < n; ++point) {
      std::vector<double> a, b;
      for (std::size_t i = 0; i < cells; ++i) a.push_back(random_.uniform()), b.push_back(random_.uniform());
      found[point] = logit(a);
      for (std::size_t i = 0; i < cells; ++i) {
        std::swap(a[i], b[i]);
        found[(i + 1) * n + point] = logit(a);
        std::swap(a[i], b[i]);
      }
    }
    return found;
  }

 private:
  float logit(const std::vector<double>& x) const {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
      sum += own_[i] * x[i] + shared_[i] * x[i] * x[(i + 7) % x.size()];
    return static_cast<float>(sum);
  }

  RandomNumbers random_;
  std::vector<double> own_, shared_;
};

struct Floors {
  double replicates = 0, halves = 0, cautious = 0;
};

// The same floor both ways: between maps of independent designs, and from the halves of each design alone.
Floors floors(Measure measure, int nb_design, int replicates) {
  WcamSettings settings;
  settings.grid = 8;
  settings.nb_design = nb_design;
  const ForwardPlan plan = forward_plan(settings, 64);
  const auto areas = level_areas(8, 3, 64);
  Classifier classifier(64, 5);
  std::vector<std::vector<float>> maps;
  Floors found;
  std::vector<int> all;
  for (int point = 0; point < nb_design; ++point) all.push_back(point);
  for (int replicate = 0; replicate < replicates; ++replicate) {
    const auto outputs = classifier.outputs(plan, nb_design);
    maps.push_back(subset_indices(outputs, plan, settings, all));
    const auto splits = split_halves(outputs, plan, settings);
    EXPECT_EQ(splits->size(), nb_design == 4 ? 3U : 35U);
    const auto floor = floor_from_halves(measure, *splits, areas);
    found.halves += floor->value / replicates;
    found.cautious += floor->cautious / replicates;
  }
  const auto floor = floor_from_replicates(measure, maps, areas);
  EXPECT_EQ(floor->pairs, replicates * (replicates - 1) / 2);
  found.replicates = floor->value;
  std::printf("measure %d, %2d points: replicates %.3f, halves %.3f\n", static_cast<int>(measure), nb_design,
              found.replicates, found.halves);
  return found;
}

TEST(NoiseFloor, HalvesComeCloseToReplicates) {
  for (const Measure measure : kMeasures)
    for (const int nb_design : {4, 8, 16}) {
      SCOPED_TRACE(std::to_string(static_cast<int>(measure)) + " at " + std::to_string(nb_design));
      const Floors found = floors(measure, nb_design, 80);
      EXPECT_EQ(found.cautious < found.replicates, is_similarity(measure));
      EXPECT_NEAR(found.halves, found.replicates, is_similarity(measure) ? 0.05 : 0.12 * found.replicates);
    }
}

TEST(NoiseFloor, OfEqualReplicatesIsNone) {
  const std::vector<std::vector<float>> maps(3, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
  const auto areas = level_areas(4, 1, 8);
  EXPECT_NEAR(floor_from_replicates(Measure::kTransport, maps, areas)->value, 0, 1e-9);
  EXPECT_NEAR(floor_from_replicates(Measure::kSpearman, maps, areas)->value, 1, 1e-12);
}

TEST(NoiseFloor, IsNotStatedWithoutReplicatesOrHalves) {
  const auto areas = level_areas(2, 1, 8);
  EXPECT_EQ(floor_from_replicates(Measure::kCosine, std::vector<std::vector<float>>(1, {1, 2, 3, 4}), areas)
                .why_not(),
            "one map alone: run with --replicates 2 or more");
  WcamSettings settings;
  settings.grid = 2;
  settings.levels = 1;
  settings.nb_design = 2;
  ForwardPlan plan = forward_plan(settings, 8);
  EXPECT_EQ(split_halves(std::vector<float>(10), plan, settings).why_not(),
            "2 design points cannot be halved: it takes 4, or --replicates 2");
  settings.nb_design = 4;
  plan = forward_plan(settings, 8);
  std::vector<float> outputs(plan.rows.size(), 1);
  outputs[0] = 2;
  EXPECT_EQ(
      split_halves(outputs, plan, settings).why_not(),
      "of half the design points the output is constant (1.000000 at all 2 design points): Sobol indices are "
      "undefined");
}

}  // namespace
}  // namespace wcam
