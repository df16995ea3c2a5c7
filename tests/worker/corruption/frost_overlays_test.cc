#include "worker/corruption/frost_overlays.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/study/plan.h"
#include "tests/temporary_folder.h"
#include "worker/base/faults.h"
#include "worker/images/png.h"

namespace wcam {
namespace {

// A worker leaves with CannotServe.
template <typename Error = CannotServe>
std::string complaint(const auto& act) {
  try {
    act();
  } catch (const Error& e) {
    return e.what();
  }
  return "read";
}

TEST(FrostOverlays, ComeInTheOrderOfTheirNames) {
  const TemporaryFolder folder;
  for (const auto& [name, cols] : {std::pair("b.png", 2), {"B.png", 1}, {"b10.png", 3}})
    write_file_atomically(folder.path() / name, encode_png(blank_image(1, cols)));
  write_file_atomically(folder.path() / "LICENSE", "not an image");
  const FrostOverlays overlays = frost_overlays_in(folder.path());
  ASSERT_EQ(overlays.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(overlays.at(i).cols, static_cast<int>(i) + 1);
}

TEST(FrostOverlays, ThatCannotBeUsedAreNamed) {
  const TemporaryFolder folder;
  const auto none = folder.path() / "none";
  EXPECT_EQ(complaint<InputError>([&] { frost_overlays_in(none); }), none.string() + " is not a folder");
  const auto find = [&] { frost_overlays_in(folder.path()); };
  EXPECT_EQ(complaint<InputError>(find).rfind("no image in " + folder.path().string(), 0), 0U);
  write_file_atomically(folder.path() / "ice.png", "not an image");
  EXPECT_NE(complaint<InputError>([&] { frost_overlays_in(folder.path()).at(0); }).find("ice.png"),
            std::string::npos);
}

TEST(FrostOverlays, OfAPlanComeInItsOrder) {
  EXPECT_EQ(planned_frost_overlays(Plan{}).size(), 0U);
  const TemporaryFolder folder;
  Plan plan;
  plan.frost_root = folder.path();
  for (const auto& [name, cols] : {std::pair("b.png", 2), {"a.png", 5}}) {
    write_file_atomically(folder.path() / name, encode_png(blank_image(1, cols)));
    plan.frost_overlays.push_back({name, sha256_of_file(folder.path() / name)});
  }
  const FrostOverlays overlays = planned_frost_overlays(plan);
  ASSERT_EQ(overlays.size(), 2U);
  EXPECT_EQ(overlays.at(0).cols, 2);
  EXPECT_EQ(overlays.at(1).cols, 5);
}

TEST(FrostOverlays, StayDecodedUpToABoundWhateverTheirNumber) {
  constexpr int kLargePixels = 20'000'000;  // four are 240 MB, five exceed 256 MiB
  std::vector<std::size_t> read;
  const FrostOverlays overlays(1000, [&](std::size_t which) {
    read.push_back(which);
    return blank_image(1, kLargePixels);
  });
  for (const std::size_t which : {0U, 1U, 2U, 3U, 0U, 3U, 999U, 0U, 1U}) overlays.at(which);
  EXPECT_EQ(read, (std::vector<std::size_t>{0, 1, 2, 3, 999, 1}));
}

class PlannedOverlay : public ::testing::Test {
 protected:
  void plan_for(const std::string& bytes) {
    write_file_atomically(file_, bytes);
    plan_.frost_root = folder_.path();
    plan_.frost_overlays = {{"ice.png", sha256_of_file(file_)}};
  }

  const TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_.path() / "ice.png";
  Plan plan_;
};

TEST_F(PlannedOverlay, ThatWasChangedOrIsGoneIsRefusedAtTheStart) {
  plan_for(encode_png(blank_image(1, 1)));
  write_file_atomically(file_, encode_png(blank_image(1, 2)));
  EXPECT_EQ(complaint([&] { planned_frost_overlays(plan_); }),
            "the frost overlay " + file_.string() + " has SHA-256 " + sha256_of_file(file_) +
                ", the plan says " + plan_.frost_overlays[0].sha256 +
                ": it was changed after the sweep began");
  std::filesystem::remove(file_);
  EXPECT_EQ(complaint([&] { planned_frost_overlays(plan_); }).rfind("cannot read " + file_.string(), 0), 0U);
}

TEST_F(PlannedOverlay, ThatIsChangedLaterIsRefusedWhenItIsDrawn) {
  plan_for(encode_png(blank_image(1, 1)));
  const FrostOverlays overlays = planned_frost_overlays(plan_);
  write_file_atomically(file_, encode_png(blank_image(1, 2)));
  EXPECT_NE(complaint([&] { overlays.at(0); }).find("changed after the sweep began"), std::string::npos);
}

TEST_F(PlannedOverlay, ThatCannotBeDecodedIsRefusedAtTheStart) {
  plan_for(encode_png(blank_image(9, 9)).substr(0, 60));
  EXPECT_EQ(complaint([&] { planned_frost_overlays(plan_); }).rfind(file_.string() + ": ", 0), 0U);
}

}  // namespace
}  // namespace wcam
