#include "analysis/indices/split_halves.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "analysis/indices/subset_indices.h"
#include "analysis/maps/comparison.h"
#include "analysis/maps/level_shares.h"
#include "analysis/statistics/random_numbers.h"

namespace wcam {
namespace {

// Outputs whose halves all differ.
std::vector<float> some_outputs(const ForwardPlan& plan) {
  RandomNumbers random(5);
  std::vector<float> outputs;
  for (std::size_t row = 0; row < plan.rows.size(); ++row)
    outputs.push_back(static_cast<float>(random.uniform()));
  return outputs;
}

// Of 4 points all three ways, of 8 all 35, of 16 as many drawn ones. Each half is the map of its points.
TEST(SplitHalves, ShareNoDesignPoint) {
  for (const auto& [points, splits] : {std::pair(4, 3U), {8, 35U}, {16, 35U}}) {
    WcamSettings settings;
    settings.grid = 2;
    settings.levels = 1;
    settings.nb_design = points;
    const ForwardPlan plan = forward_plan(settings, 8);
    const std::vector<float> outputs = some_outputs(plan);
    const auto halves = split_halves(outputs, plan, settings);
    ASSERT_EQ(halves->size(), splits);
    std::map<std::vector<float>, unsigned> of_points;
    for (unsigned chosen = 0; chosen < 1U << static_cast<unsigned>(points); ++chosen) {
      std::vector<int> half;
      for (int point = 0; point < points; ++point)
        if ((chosen >> static_cast<unsigned>(point) & 1U) != 0) half.push_back(point);
      if (half.size() * 2 == static_cast<std::size_t>(points))
        of_points.emplace(subset_indices(outputs, plan, settings, half), chosen);
    }
    std::set<unsigned> seen;
    for (const Halves& split : *halves) {
      const unsigned first = of_points.at(split.first), second = of_points.at(split.second);
      EXPECT_EQ(first ^ second, (1U << static_cast<unsigned>(points)) - 1);
      seen.insert(std::min(first, second));
    }
    EXPECT_TRUE(points > 8 || seen.size() == splits) << points << ": " << seen.size();
  }
}

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

// Why halves are compared with halves: by every measure they are further apart than maps of all points are.
TEST(SplitHalves, HaveMoreNoiseThanReplicates) {
  constexpr int kReplicates = 40;
  const auto areas = level_areas(8, 3, 64);
  for (const int nb_design : {4, 16}) {
    WcamSettings settings;
    settings.grid = 8;
    settings.nb_design = nb_design;
    const ForwardPlan plan = forward_plan(settings, 64);
    Classifier classifier(64, 5);
    std::vector<int> all;
    for (int point = 0; point < nb_design; ++point) all.push_back(point);
    std::vector<std::vector<float>> maps;
    std::vector<Halves> halves;
    for (int replicate = 0; replicate < kReplicates; ++replicate) {
      const auto outputs = classifier.outputs(plan, nb_design);
      maps.push_back(subset_indices(outputs, plan, settings, all));
      halves.push_back(split_halves(outputs, plan, settings)->front());
    }
    for (const Measure measure : kMeasures) {
      double of_maps = 0, of_halves = 0;
      for (int i = 0; i < kReplicates; ++i)
        for (int j = 0; j < i; ++j)
          of_maps +=
              *compare(measure, maps[static_cast<std::size_t>(i)], maps[static_cast<std::size_t>(j)], areas) *
              2 / kReplicates / (kReplicates - 1);
      for (const Halves& split : halves)
        of_halves += *compare(measure, split.first, split.second, areas) / kReplicates;
      EXPECT_EQ(of_halves < of_maps, is_similarity(measure))
          << static_cast<int>(measure) << " at " << nb_design << ": " << of_halves << ", " << of_maps;
    }
  }
}

TEST(SplitHalves, AreNotStatedOfFewPointsOrConstantOutputs) {
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
