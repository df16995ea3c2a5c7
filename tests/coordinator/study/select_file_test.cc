#include "coordinator/study/select_file.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>

#include "common/base/error.h"
#include "tests/temporary_folder.h"

namespace wcam {
namespace {

const std::vector<std::string> kImages{"a.png", "b/c d.png", "e\xC3\xA9.png"};
const std::vector<std::string> kVariants{"corruptions/contrast/1", "corruptions/jpeg/5"};
const std::vector<std::string> kCases{"baseline", "adv"};

class SelectFileTest : public testing::Test {
 protected:
  SelectFile read(const std::string& text) const {
    std::ofstream(file()) << text;
    return read_select_file(file(), kImages, kVariants, kCases);
  }
  std::string refusal(const std::string& text) const {
    try {
      read(text);
    } catch (const InputError& e) {
      return e.what();
    }
    return "accepted";
  }
  std::filesystem::path file() const { return folder_.path() / "wanted.tsv"; }
  TemporaryFolder folder_;
};

// "a.png: 0/0 0/1; ..." variant/case.
std::string described(const SelectFile& file) {
  std::string text;
  for (std::size_t i = 0; i < file.images.size(); ++i) {
    text += (text.empty() ? "" : "; ") + file.images[i] + ":";
    for (const ListedWcam& wcam : file.selection.lists[file.selection.list_of_image[i]])
      text += " " + std::to_string(wcam.variant) + "/" + std::to_string(wcam.case_index);
  }
  return text;
}

TEST_F(SelectFileTest, SaysWhichWcamsOfWhichImagesInItsOwnOrder) {
  struct Row {
    const char *name, *text, *expected;
  };
  const Row table[] = {
      {"one", "a.png\tcorruptions/jpeg/5\tadv\n", "a.png: 2/1"},
      {"the source", "a.png\tsource\tbaseline\n", "a.png: 0/0"},
      {"accents in two parts", "ee\xCC\x81.png\tsource\tadv\n", "e\xC3\xA9.png: 0/1"},
      {"no case: every case", "a.png\tcorruptions/contrast/1\n", "a.png: 1/0 1/1"},
      {"no variant: the source and every variant", "a.png\n", "a.png: 0/0 0/1 1/0 1/1 2/0 2/1"},
      {"images as the file has them, not sorted", "b/c d.png\tsource\na.png\tsource\n",
       "b/c d.png: 0/0 0/1; a.png: 0/0 0/1"},
      {"an image comes where it is named first",
       "b/c d.png\tsource\tadv\na.png\tsource\tadv\nb/c d.png\tsource\tbaseline\n",
       "b/c d.png: 0/0 0/1; a.png: 0/1"},
      {"lines of an image in any order", "a.png\tcorruptions/jpeg/5\tadv\na.png\tsource\tadv\n",
       "a.png: 0/1 2/1"},
      {"comments, empty lines, no line end, a Windows line end, UTF-8",
       "# mine\n\na.png\tsource\tadv\r\ne\xC3\xA9.png\tsource\tadv", "a.png: 0/1; e\xC3\xA9.png: 0/1"},
  };
  for (const Row& row : table) EXPECT_EQ(described(read(row.text)), row.expected) << row.name;
}

TEST_F(SelectFileTest, TheImagesAreTheSample) {
  const SelectionSettings selection = read("b/c d.png\na.png\n").selection;
  EXPECT_EQ(selection.rule, SelectionRule::kListed);
  EXPECT_EQ(selection.sample_size, 2);
  EXPECT_EQ(selection.lists.size(), 1U) << "equal lists are kept once";
  EXPECT_NO_THROW(check(selection, 2, kVariants.size(), kCases.size()));
}

TEST_F(SelectFileTest, RefusesNamingFileAndLine) {
  struct Row {
    const char *text, *expected;
  };
  const Row table[] = {
      {"a.png\nz.png\n",
       ":2: no image 'z.png' among those of the sweep (below --images, less those left out)"},
      {"# x\na.png\tcorruptions/fog/1\n",
       ":2: no variant 'corruptions/fog/1' in this sweep; known: source, corruptions/contrast/1, "
       "corruptions/jpeg/5"},
      {"a.png\tsource\tsin\n", ":1: no case 'sin' in this sweep; known: baseline, adv"},
      {"a.png\tsource\tadv\t1\n", ":1: 4 fields; expected IMAGE, VARIANT and CASE, separated by tabs"},
      {"a.png\t\n",
       ":1: no variant '' in this sweep; known: source, corruptions/contrast/1, corruptions/jpeg/5"},
      {" a.png\n",
       ":1: no image ' a.png' among those of the sweep (below --images, less those left out); fields are "
       "separated by tabs"},
      {"a.png source adv\n",
       ":1: no image 'a.png source adv' among those of the sweep (below --images, less those left out); "
       "fields are separated by tabs"},
      {"\xff.png\n", ": line 1 is not UTF-8: save the file as UTF-8"},
      {"# nothing\n\n", " lists no image"},
      {"a.png\tsource\tadv\n\na.png\tsource\tadv\n", ":3: asks again for what line 1 asks for"},
      {"a.png\tsource\na.png\tsource\tadv\n", ":2: asks again for what line 1 asks for"},
      {"a.png\tsource\tadv\na.png\tsource\n", ":2: asks again for what line 1 asks for"},
      {"a.png\na.png\tcorruptions/jpeg/5\tadv\n", ":2: asks again for what line 1 asks for"},
      {"a.png\tcorruptions/jpeg/5\tadv\na.png\n", ":2: asks again for what line 1 asks for"},
      {"a.png\na.png\n", ":2: asks again for what line 1 asks for"},
  };
  for (const Row& row : table) EXPECT_EQ(refusal(row.text), file().string() + row.expected) << row.text;
  EXPECT_THROW(read_select_file(folder_.path() / "none", kImages, kVariants, kCases), InputError);
}

// Quadratic work would take minutes.
TEST_F(SelectFileTest, AHundredThousandLinesAreReadInSeconds) {
  std::vector<std::string> images, variants;
  for (int i = 0; i < 1'000; ++i) images.push_back("i" + std::to_string(i) + ".png");
  for (int v = 0; v < 100; ++v) variants.push_back("v" + std::to_string(v));
  {
    std::ofstream out(file());
    for (const auto& image : images)
      for (const auto& variant : variants) out << image << '\t' << variant << "\tadv\n";
  }
  const auto start = std::chrono::steady_clock::now();
  const SelectFile read = read_select_file(file(), images, variants, kCases);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  EXPECT_EQ(read.images, images);
  EXPECT_EQ(read.selection.lists.size(), 1U);
  EXPECT_EQ(read.selection.lists[0].size(), 100U);
}

}  // namespace
}  // namespace wcam
