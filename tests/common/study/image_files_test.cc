#include "common/study/image_files.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>

#include "common/base/error.h"
#include "tests/temporary_folder.h"

namespace fs = std::filesystem;

namespace wcam {
namespace {

class ImageFiles : public testing::Test {
 protected:
  fs::path images() const { return folder_.path() / "images"; }
  void write(const fs::path& file) const {
    fs::create_directories((images() / file).parent_path());
    std::ofstream(images() / file) << "x";
  }
  std::string refusal(const fs::path& folder) const {
    try {
      list_images(folder);
    } catch (const InputError& e) {
      return e.what();
    }
    return "accepted";
  }
  TemporaryFolder folder_;
};

TEST_F(ImageFiles, AreListedWithEveryEndingBelowTheFolderSorted) {
  for (const char* name : {"z.JPG", "b/c/d.jpeg", "b/a.PnG", "a.webp", "e.bmp", "f.tif", "g.TIFF",
                           "notes.txt", "png", "x.png.bak", ".hidden.png", ".cache/thumbnail.png"})
    write(name);
  fs::create_directories(images() / "folder.png");
  fs::create_symlink(images() / "a.webp", images() / "link.webp");
  EXPECT_EQ(list_images(images()), (std::vector<std::string>{"a.webp", "b/a.PnG", "b/c/d.jpeg", "e.bmp",
                                                             "f.tif", "g.TIFF", "link.webp", "z.JPG"}));
  EXPECT_EQ(list_images(images() / ""), list_images(images())) << "a slash at the end changes nothing";
}

TEST_F(ImageFiles, AFolderThatCannotBeUsedIsNamed) {
  fs::create_directories(images());
  EXPECT_EQ(refusal(images()).rfind("no image in " + images().string(), 0), 0U);
  EXPECT_NE(refusal(images() / "none").find("none is not a folder"), std::string::npos);
  write("bad\xff.png");
  EXPECT_NE(refusal(images()).find("not UTF-8"), std::string::npos);
}

TEST_F(ImageFiles, AStemIsThePathWithoutTheEnding) {
  EXPECT_EQ(image_stem("a.png"), "a");
  EXPECT_EQ(image_stem("n01/a.b.JPEG"), "n01/a.b");
  EXPECT_EQ(image_stem("size-0.1/a.png"), "size-0.1/a");
}

TEST_F(ImageFiles, AreFoundByTheirStemWhateverTheirEnding) {
  for (const char* name : {"n1/a.JPEG", "b.png", "c.d.webp", "odd.PnG", "text.txt", "b2.png"}) write(name);
  fs::create_directories(images() / "folder.png");
  const auto found = [&](const std::string& stem, const std::string& ending) -> std::string {
    const auto file = find_image(images(), stem, ending);
    return file ? file->lexically_relative(images()).string() : "none";
  };
  EXPECT_EQ(found("n1/a", ".JPEG"), "n1/a.JPEG");
  EXPECT_EQ(found("n1/a", ".png"), "n1/a.JPEG");
  EXPECT_EQ(found("b", ".JPEG"), "b.png");
  EXPECT_EQ(found("c.d", ".png"), "c.d.webp");
  EXPECT_EQ(found("odd", ".png"), "odd.PnG") << "an unusual spelling is found in the listing";
  for (const char* stem : {"a", "n2/a", "text", "folder", "c", "n1"})
    EXPECT_EQ(found(stem, ".png"), "none") << stem;
}

}  // namespace
}  // namespace wcam
