#include "worker/corruption/frost_overlays.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/error.h"
#include "common/file.h"
#include "tests/temporary_folder.h"
#include "worker/png.h"

namespace wcam {
namespace {

std::string complaint(const std::filesystem::path& folder) {
  try {
    read_frost_overlays(folder);
  } catch (const InputError& e) {
    return e.what();
  }
  return "read";
}

TEST(FrostOverlays, ComeInTheOrderOfTheirNamesWithoutHiddenFiles) {
  const TemporaryFolder folder;
  for (const auto& [name, cols] : {std::pair("b.png", 2), {"B.png", 1}, {"c", 4}, {"b10.png", 3}})
    write_file_atomically(folder.path() / name, encode_png(blank_image(1, cols)));
  write_file_atomically(folder.path() / ".thumbnails", "not an image");
  std::vector<int> cols;
  for (const auto& overlay : read_frost_overlays(folder.path())) cols.push_back(overlay.cols);
  EXPECT_EQ(cols, (std::vector<int>{1, 2, 3, 4}));
}

TEST(FrostOverlays, ThatCannotBeUsedAreNamed) {
  const TemporaryFolder folder;
  EXPECT_EQ(complaint(folder.path()),
            "no image in " + folder.path().string() + ", the folder of frost overlays");
  EXPECT_EQ(complaint(folder.path() / "none"), "cannot list the frost overlays in " +
                                                   (folder.path() / "none").string() +
                                                   ": No such file or directory");
  write_file_atomically(folder.path() / "notes.txt", "not an image");
  EXPECT_NE(complaint(folder.path()).find("notes.txt"), std::string::npos);
}

}  // namespace
}  // namespace wcam
