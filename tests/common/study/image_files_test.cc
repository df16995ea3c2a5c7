#include "common/study/image_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

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
  void write(const fs::path& file, const std::string& content = "x") const {
    fs::create_directories((images() / file).parent_path());
    std::ofstream(images() / file) << content;
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

TEST_F(ImageFiles, OtherNamesOfJpegAreTakenWhereTheContentIsOne) {
  for (const char* name : {"a.jfif", "b.JPE", "c.pjpeg", "d", "n/e.jif"}) write(name, "\xff\xd8\xff\xe0rest");
  for (const char* name : {"text.jfif", "README"}) write(name);
  write("f.gif", "\xff\xd8\xff\xe0rest");
  NotTaken not_taken;
  EXPECT_EQ(list_images(images(), &not_taken),
            (std::vector<std::string>{"a.jfif", "b.JPE", "c.pjpeg", "d", "n/e.jif"}));
  EXPECT_EQ(not_taken.text(), "by ending: 1 without one, 1 .gif, 1 .jfif");
  for (const char* stem : {"a", "b", "c", "d", "n/e"})
    EXPECT_TRUE(find_image(images(), stem, ".png")) << stem;
  EXPECT_FALSE(find_image(images(), "text", ".jfif"));
}

TEST_F(ImageFiles, WhatIsNotTakenIsCountedAndNamed) {
  for (const char* name :
       {"a.png", "@eaDir/a.png/THUMB.jpg", "lost+found/b.png", "n/System Volume Information/c.png",
        "n/Thumbs.db", "b.txt", "c.TXT", ".DS_Store", "._a.png"})
    write(name);
  write("lfs.png", "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n");
  write("annex.jpg", "/annex/objects/SHA256E-s1--1.jpg\n");
  write("real/d.png");
  for (const char* name : {"x.jpg", "y.png"}) fs::create_symlink("/no/where", images() / name);
  fs::create_symlink("/no/where", images() / "notes.md");
  fs::create_directory_symlink(images() / "real", images() / "link");
  ASSERT_EQ(mkfifo((images() / "pipe.png").c_str(), 0600), 0);
  NotTaken not_taken;
  EXPECT_EQ(list_images(images(), &not_taken), (std::vector<std::string>{"a.png", "real/d.png"}));
  EXPECT_EQ(
      not_taken.text(),
      "4 whose content is not here: annex.jpg, lfs.png, x.jpg, y.png (git annex get, dvc pull or git lfs "
      "pull fetch such; in a container, bind the folder that the links lead to); 1 link to a folder, not "
      "followed: link; 3 folders of a system: @eaDir, lost+found, n/System Volume Information; 1 of "
      "another kind: pipe.png; 2 hidden; by ending: 1 .TXT, 1 .db, 1 .md, 1 .txt");
}

// Root may read anything: whoever runs this as root is somebody else meanwhile.
class AsNobody {
 public:
  AsNobody() {
    if (::getuid() == 0 && ::seteuid(65534) != 0) ADD_FAILURE() << "cannot become nobody";
  }
  ~AsNobody() { EXPECT_EQ(::seteuid(::getuid()), 0); }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;
};

TEST_F(ImageFiles, WhatCannotBeReadInsideIsNamedAndTheRestGoesOn) {
  for (const char* name : {"a.png", "c.png", "private/b.png"}) write(name);
  for (const char* name : {"c.png", "private"}) fs::permissions(images() / name, fs::perms::none);
  for (const fs::path& folder : {folder_.path(), images()}) fs::permissions(folder, fs::perms{0755});
  NotTaken not_taken;
  {
    const AsNobody nobody;
    EXPECT_EQ(list_images(images(), &not_taken), std::vector<std::string>{"a.png"});
  }
  EXPECT_EQ(not_taken.text(),
            "2 that cannot be read: c.png (Permission denied), private (Permission denied)");
  fs::permissions(images() / "private", fs::perms::owner_all);
}

TEST_F(ImageFiles, OfAFolderWithoutAnyItIsSaidWhatItHolds) {
  fs::create_directories(images());
  for (int i = 10; i < 30; ++i) fs::create_symlink("/no/where", images() / (std::to_string(i) + ".jpg"));
  const std::string text = refusal(images());
  EXPECT_NE(text.find("it holds 20 whose content is not here: 10.jpg, 11.jpg, "), std::string::npos) << text;
  EXPECT_NE(text.find(" 19.jpg and 10 more (git annex get, dvc pull"), std::string::npos) << text;
}

TEST_F(ImageFiles, AreFoundHoweverTheirAccentsAreWritten) {
  const std::string joined = "caf\xc3\xa9", apart = "cafe\xcc\x81";
  write(apart + "/" + apart + ".png");
  write("plain/" + joined + ".png");
  for (const std::string& folder : {joined, apart})
    for (const std::string& name : {joined, apart})
      EXPECT_EQ(find_image(images(), folder + "/" + name, ".png"), images() / apart / (apart + ".png"));
  EXPECT_EQ(find_image(images(), "plain/" + apart, ".png"), images() / "plain" / (joined + ".png"));
  EXPECT_EQ(find_image(images(), "cafe", ".png"), std::nullopt);
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
