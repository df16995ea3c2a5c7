#include "worker/corruption/frost_overlays.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/error.h"
#include "common/file.h"
#include "common/sha256.h"
#include "tests/temporary_folder.h"
#include "worker/png.h"

namespace wcam {
namespace {

std::string complaint(const auto& folder_or_plan) {
  try {
    read_frost_overlays(folder_or_plan);
  } catch (const InputError& e) {
    return e.what();
  }
  return "read";
}

TEST(FrostOverlays, ComeInTheOrderOfTheirNames) {
  const TemporaryFolder folder;
  for (const auto& [name, cols] : {std::pair("b.png", 2), {"B.png", 1}, {"b10.png", 3}})
    write_file_atomically(folder.path() / name, encode_png(blank_image(1, cols)));
  write_file_atomically(folder.path() / "LICENSE", "not an image");
  std::vector<int> cols;
  for (const auto& overlay : read_frost_overlays(folder.path())) cols.push_back(overlay.cols);
  EXPECT_EQ(cols, (std::vector<int>{1, 2, 3}));
}

TEST(FrostOverlays, ThatCannotBeUsedAreNamed) {
  const TemporaryFolder folder;
  EXPECT_EQ(complaint(folder.path()).rfind("no image in " + folder.path().string(), 0), 0U);
  EXPECT_EQ(complaint(folder.path() / "none"), (folder.path() / "none").string() + " is not a folder");
  write_file_atomically(folder.path() / "ice.png", "not an image");
  EXPECT_NE(complaint(folder.path()).find("ice.png"), std::string::npos);
}

TEST(FrostOverlays, OfAPlanComeInItsOrder) {
  EXPECT_TRUE(read_frost_overlays(Plan{}).empty());
  const TemporaryFolder folder;
  Plan plan;
  plan.frost_root = folder.path();
  for (const auto& [name, cols] : {std::pair("b.png", 2), {"a.png", 5}}) {
    write_file_atomically(folder.path() / name, encode_png(blank_image(1, cols)));
    plan.frost_overlays.push_back({name, sha256_of_file(folder.path() / name)});
  }
  const auto overlays = read_frost_overlays(plan);
  ASSERT_EQ(overlays.size(), 2U);
  EXPECT_EQ(overlays[0].cols, 2);
  EXPECT_EQ(overlays[1].cols, 5);
}

TEST(FrostOverlays, ThatAreNotThosePlannedAreRefused) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "ice.png";
  write_file_atomically(file, encode_png(blank_image(1, 1)));
  Plan plan;
  plan.frost_root = folder.path();
  plan.frost_overlays = {{"ice.png", sha256_of_file(file)}};
  write_file_atomically(file, encode_png(blank_image(1, 2)));
  EXPECT_EQ(complaint(plan), "the frost overlay " + file.string() + " has SHA-256 " + sha256_of_file(file) +
                                 ", the plan says " + plan.frost_overlays[0].sha256 +
                                 ": it was changed after the sweep began");
  std::filesystem::remove(file);
  EXPECT_EQ(complaint(plan).rfind("cannot read " + file.string(), 0), 0U);
}

}  // namespace
}  // namespace wcam
