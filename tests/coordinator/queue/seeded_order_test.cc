#include "coordinator/queue/seeded_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "common/base/sha256.h"
#include "tests/coordinator/rig.h"

namespace wcam {
namespace {

std::vector<std::string> paths_in_order(const Plan& plan) {
  std::vector<std::string> paths;
  for (const KeyedImage& image : taking_order(plan)) paths.push_back(plan.images[image.index].path);
  return paths;
}

// Computed with Python: int(hashlib.sha256(b"95\0cats/a.png\0order\0\0").hexdigest()[:16], 16) >> 1
TEST(Draw, IsTheSha256OfWhatIsDrawnOnAnyMachine) {
  EXPECT_EQ(seeded_key(95, "cats/a.png", "order"), 2209675711530452694U);
  EXPECT_EQ(seeded_key(95, "cats/a.png", "altered", "corruptions/jpeg/3"), 8740058722451682885U);
}

TEST(Draw, TextsThatRunIntoEachOtherDrawDifferently) {
  EXPECT_NE(seeded_key(1, "ab", "c"), seeded_key(1, "a", "bc"));
  EXPECT_NE(seeded_key(11, "a", "c"), seeded_key(1, "1a", "c"));
}

TEST(TakingOrder, HoldsEveryImageOnceWithDrawsAscending) {
  const Plan plan = small_plan(200, 1, 1);
  const auto order = taking_order(plan);
  std::set<std::uint32_t> seen;
  for (const KeyedImage& image : order) seen.insert(image.index);
  EXPECT_EQ(seen.size(), 200U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end(),
                             [](const KeyedImage& a, const KeyedImage& b) { return a.key < b.key; }));
  EXPECT_NE(paths_in_order(plan)[0], plan.images[0].path) << "seed 95 does shuffle";
}

TEST(TakingOrder, AddingImagesDoesNotReshuffleTheOthers) {
  const Plan plan = small_plan(50, 1, 1);
  Plan larger = plan;
  for (int i = 0; i < 50; ++i)
    larger.images.push_back({"new/" + std::to_string(i) + ".png", std::string(64, 'c')});
  std::vector<std::string> kept = paths_in_order(larger);
  std::erase_if(kept, [](const std::string& path) { return path.starts_with("new/"); });
  EXPECT_EQ(kept, paths_in_order(plan));
}

TEST(TakingOrder, AnotherSeedGivesAnotherOrder) {
  Plan plan = small_plan(50, 1, 1);
  const auto before = paths_in_order(plan);
  plan.seed = 96;
  EXPECT_NE(paths_in_order(plan), before);
}

TEST(TakingOrder, OfListedImagesIsTheirs) {
  Plan plan = small_plan(50, 1, 50);
  plan.selection.rule = SelectionRule::kListed;
  std::vector<std::string> listed;
  for (const PlannedImage& image : plan.images) listed.push_back(image.path);
  EXPECT_EQ(paths_in_order(plan), listed);
}

}  // namespace
}  // namespace wcam
