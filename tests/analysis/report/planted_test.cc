// That the generator of planted truths plants what it says, and that reports find some of it. All of it, on
// many sweeps: planted_truths, whose figures are in benchmarks/RESULTS.md.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/study/forward_plan.h"
#include "common/study/indices.h"
#include "tests/analysis/report/planted_sweep.h"
#include "tests/analysis/report/planted_verdicts.h"
#include "tests/temporary_folder.h"

namespace wcam::planted {
namespace {

TEST(Planted, ManyDesignPointsFindTheKnownIndices) {
  WcamSettings settings;
  settings.grid = 4;
  settings.levels = 2;
  settings.nb_design = 4096;
  std::vector<double> v;
  for (int cell = 0; cell < 16; ++cell) v.push_back(0.2 / (1 + cell));
  const auto known = total_indices(v);
  const auto found = indices_from(outputs(v, settings, 7), forward_plan(settings, 64), settings).values;
  double sum = 0;
  for (std::size_t cell = 0; cell < 16; ++cell) {
    EXPECT_NEAR(found[cell], known[cell], 0.02) << cell;  // four standard errors of the largest
    sum += known[cell];
  }
  EXPECT_GT(sum, 1);  // interactions count in each cell that joins them
}

TEST(Planted, IndicesOfAnAdditiveFunctionAreTheirPartsOfTheVariance) {
  const auto known = total_indices({1e-6, 3e-6});
  EXPECT_NEAR(known[0], 0.25, 1e-5);
  EXPECT_NEAR(known[1], 0.75, 1e-5);
}

// One sweep of each claim, of a fixed seed; a small one where variants are explained, which takes seconds.
TEST(Planted, ReportsSayWhatIsSo) {
  for (const Claim& claim : claims()) {
    Truth truth = claim.truth;
    if (truth.altered > 0) truth.images = 24;
    truth.seed = 5;
    const TemporaryFolder folder;
    const std::string said = answer(folder.path() / "sweep", truth, claim.section);
    EXPECT_TRUE(says(said, claim)) << claim.name << ": " << said;
  }
}

// The same truth as where all is seen, and nothing may be asserted.
TEST(Planted, NothingIsAssertedOfSevenImages) {
  for (const Claim& claim : claims()) {
    Truth truth = claim.truth;
    truth.images = 7;
    const TemporaryFolder folder;
    const std::string said = answer(folder.path() / "sweep", truth, claim.section);
    EXPECT_EQ(said.rfind("Nothing is asserted of ", 0), 0U) << claim.name << ": " << said;
  }
}

}  // namespace
}  // namespace wcam::planted
