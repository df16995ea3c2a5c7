#include <gtest/gtest.h>

#include "tests/coordinator/rig.h"

namespace wcam {
namespace {

// Found by the simulation: the ledger of a coordinator that has just started had no room for a while.
TEST(Expiry, AWaitBeforeTheFirstLookIsNoSilenceOfTheWorkers) {
  Rig rig(small_plan(3, 1, 1));
  rig.join("w", 1);
  const Scheduler::TimePoint later = Scheduler::TimePoint{} + 2 * rig.options().lease;
  rig.scheduler().expire(later);
  EXPECT_EQ(rig.scheduler().workers(), 1U);
  for (int quarter = 1; quarter <= 5; ++quarter)
    rig.scheduler().expire(later + quarter * rig.options().lease / 4);
  EXPECT_EQ(rig.scheduler().workers(), 0U);
}

}  // namespace
}  // namespace wcam
