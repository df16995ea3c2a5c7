#include "common/study/variant_tree.h"

#include <gtest/gtest.h>

#include <fstream>

#include "common/base/error.h"
#include "common/base/sha256.h"
#include "tests/temporary_folder.h"

namespace fs = std::filesystem;

namespace wcam {
namespace {

class VariantTrees : public testing::Test {
 protected:
  void make(std::initializer_list<const char*> folders) const {
    for (const char* folder : folders) fs::create_directories(folder_.path() / folder);
  }
  // "VARIANT in FOLDER", then "other FOLDER".
  std::vector<std::string> read(const std::string& family) const {
    std::vector<std::string> lines;
    const auto [variants, others, not_taken] = read_variant_tree(folder_.path(), family);
    const auto name = [&](const fs::path& folder) {
      return folder.lexically_relative(folder_.path()).string();
    };
    for (const auto& [variant, folder] : variants) lines.push_back(variant + " in " + name(folder));
    for (const auto& folder : others) lines.push_back("other " + name(folder));
    if (!not_taken.empty()) lines.push_back("not taken: " + not_taken.text());
    return lines;
  }
  TemporaryFolder folder_;
};

using Lines = std::vector<std::string>;

TEST_F(VariantTrees, ImageNetCsHasSeveritiesInsideCorruptionsOfAnySpelling) {
  make({"motion_blur/3", "motion_blur/1", "motion_blur/6", "motion_blur/x", "jpeg_compression/5", "fog/2",
        "readme", ".git/1"});
  EXPECT_EQ(read("imagenet-c"),
            (Lines{"imagenet-c/fog/2 in fog/2", "imagenet-c/jpeg/5 in jpeg_compression/5",
                   "imagenet-c/motion-blur/1 in motion_blur/1", "imagenet-c/motion-blur/3 in motion_blur/3",
                   "other readme", "not taken: 1 hidden"}));
}

TEST_F(VariantTrees, TwoSpellingsOfOneCorruptionStandSideBySide) {
  make({"motion_blur/1", "motion-blur/1"});
  EXPECT_EQ(read("imagenet-c"), (Lines{"imagenet-c/motion-blur/1 in motion-blur/1",
                                       "imagenet-c/motion-blur/1 in motion_blur/1"}));
}

TEST_F(VariantTrees, OfEditingEveryFolderIsAVariantWithItsNameAsItIs) {
  make({"ori", "size-0.1", "background_20/n01", "Full 5", ".cache", "5"});
  EXPECT_EQ(read("editing"),
            (Lines{"editing/5 in 5", "editing/Full 5 in Full 5", "editing/background_20 in background_20",
                   "editing/ori in ori", "editing/size-0.1 in size-0.1", "not taken: 1 hidden"}));
  EXPECT_EQ(read("folders").front(), "folders/5 in 5");
}

TEST_F(VariantTrees, LinksToFoldersAreFollowed) {
  make({"real/1"});
  fs::create_directory_symlink(folder_.path() / "real", folder_.path() / "link");
  fs::create_directory_symlink("/no/where", folder_.path() / "dangling");
  fs::create_directory_symlink("/no/where", folder_.path() / "real/3");
  const std::string remedy =
      " (git annex get, dvc pull or git lfs pull fetch such; in a container, bind the folder that the links "
      "lead to)";
  EXPECT_EQ(read("imagenet-c"),
            (Lines{"imagenet-c/link/1 in link/1", "imagenet-c/real/1 in real/1",
                   "not taken: 3 whose content is not here: dangling, link/3, real/3" + remedy}));
}

TEST_F(VariantTrees, WhatSystemsPutBesideThemIsNoVariant) {
  make({"red", "@eaDir/a.png", "lost+found", "$RECYCLE.BIN", "__MACOSX"});
  std::ofstream(folder_.path() / "readme.txt") << "x";
  EXPECT_EQ(read("editing"),
            (Lines{"editing/red in red",
                   "not taken: 4 folders of a system: $RECYCLE.BIN, @eaDir, __MACOSX, lost+found; 1 file "
                   "beside the folders: readme.txt"}));
}

TEST_F(VariantTrees, AFolderThatCannotBeUsedIsNamed) {
  const auto refusal = [&](const fs::path& root) -> std::string {
    try {
      read_variant_tree(root, "editing");
    } catch (const InputError& e) {
      return e.what();
    }
    return "accepted";
  };
  EXPECT_NE(refusal(folder_.path() / "none").find("none is not a folder"), std::string::npos);
  make({"caf\xe9"});
  EXPECT_NE(refusal(folder_.path()).find("not UTF-8"), std::string::npos);
}

TEST(DigestOfVariants, IsOfTheDigestsInTheOrderOfTheVariants) {
  const std::string a = sha256_of("a"), b = sha256_of("b"), c = sha256_of("c");
  const VariantFile fog{"imagenet-c/fog/3", a}, thick{"imagenet-c/fog/5", b}, foggy{"imagenet-c/fog-2/1", c};
  EXPECT_EQ(digest_of_variants({fog, thick, foggy}), sha256_of(a + b + c)) << "names before severities";
  EXPECT_EQ(digest_of_variants({foggy, thick, fog}), digest_of_variants({fog, thick, foggy}));
  EXPECT_NE(digest_of_variants({{fog.variant, b}, {thick.variant, a}}), digest_of_variants({fog, thick}));
}

}  // namespace
}  // namespace wcam
