#include "analysis/statistics/variance_components.h"

#include <gtest/gtest.h>

#include <boost/math/distributions/normal.hpp>
#include <cmath>

#include "analysis/statistics/random_numbers.h"
#include "tests/analysis/statistics_golden.h"

namespace wcam {
namespace {

using test::Numbers;
using Groups = std::vector<Numbers>;

TEST(VarianceComponents, AgreeWithScipysAnalysisOfVariance) {
  for (const auto& stored : test::golden_statistics("intraclass")) {
    const auto found = variance_components(stored.at("values").get<Groups>());
    EXPECT_NEAR(found->between, stored.at("between"), 1e-12);
    EXPECT_NEAR(found->within, stored.at("within"), 1e-12);
    EXPECT_NEAR(found->intraclass.estimate, stored.at("icc"), 1e-12);
    EXPECT_NEAR(found->intraclass.low, stored.at("low"), 1e-9);
    EXPECT_NEAR(found->intraclass.high, stored.at("high"), 1e-9);
  }
}

class Simulated {
 public:
  explicit Simulated(std::uint64_t seed) : random_(seed) {}
  double normal() {
    return boost::math::quantile(boost::math::normal_distribution<>(), (random_.uniform() + 0x1p-54));
  }
  // Deviations 2 between and 3 within; unequal numbers of replicates unless `replicates` says how many.
  Groups groups(std::size_t images, std::size_t replicates = 0) {
    Groups groups(images);
    for (std::size_t i = 0; i < images; ++i) {
      const double image = 2 * normal();
      for (std::size_t j = 0; j < (replicates == 0 ? 1 + i % 4 : replicates); ++j)
        groups[i].push_back(image + 3 * normal());
    }
    return groups;
  }

 private:
  RandomNumbers random_;
};

TEST(VarianceComponents, AreUnbiasedForUnequalGroupsToo) {
  Simulated simulated(4);
  double between = 0, within = 0;
  constexpr int kStudies = 3000;
  for (int study = 0; study < kStudies; ++study) {
    const auto found = variance_components(simulated.groups(12));
    between += found->between / kStudies;
    within += found->within / kStudies;
  }
  EXPECT_NEAR(between, 4, 0.4);
  EXPECT_NEAR(within, 9, 0.3);
}

// What a pilot with 2 replicates predicts for a study of another size is what such studies have.
TEST(PredictedStandardError, IsThatOfStudiesOfTheSize) {
  Simulated simulated(5);
  const auto pilot = variance_components(simulated.groups(20'000, 2));
  double squares = 0;
  constexpr int kStudies = 4000;
  for (int study = 0; study < kStudies; ++study) {
    double mean = 0;
    for (const Numbers& values : simulated.groups(10, 5))
      for (const double value : values) mean += value / 50;
    squares += mean * mean / kStudies;
  }
  EXPECT_NEAR(std::sqrt(squares), predicted_standard_error(*pilot, 10, 5), 0.03);
  EXPECT_NEAR(predicted_standard_error(*pilot, 10, 5), std::sqrt((4 + 9 / 5.0) / 10), 0.02);
}

TEST(VarianceComponents, SayWhyTheyAreNotStated) {
  EXPECT_EQ(variance_components(Groups(8, Numbers{1})).why_not(),
            "no image has two replicates: run with --replicates 2 or more");
  EXPECT_EQ(variance_components(Groups(8, Numbers{0.1, 0.1})).why_not(),
            "all values are equal, so there is no variance to split");
  EXPECT_FALSE(variance_components(Groups(7, Numbers{1, 2})));
  EXPECT_THROW((void)variance_components(Groups(8)), std::invalid_argument);
}

TEST(VarianceComponents, PerfectAgreementIsOne) {
  Groups groups;
  for (int i = 0; i < 8; ++i) groups.push_back(Numbers(2, i));
  const auto found = variance_components(groups);
  EXPECT_EQ(found->within, 0);
  EXPECT_EQ(found->intraclass.estimate, 1);
  EXPECT_EQ(found->intraclass.low, 1);
}

}  // namespace
}  // namespace wcam
