#include "worker/models/labelled_photographs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "common/base/error.h"
#include "common/study/case_spec.h"
#include "tests/temporary_folder.h"
#include "worker/images/png.h"

namespace wcam {
namespace {

using Names = std::vector<std::string>;

class Labelled : public testing::Test {
 protected:
  void add(const std::string& path, bool sound = true) {
    std::filesystem::create_directories((folder_.path() / path).parent_path());
    if (sound)
      std::ofstream(folder_.path() / path) << encode_png(blank_image(40, 40));
    else
      std::ofstream(folder_.path() / path) << "no image";
  }
  static CaseSpec spec(const std::string& name, Names classes) {
    CaseSpec spec;
    spec.name = name;
    spec.input_size = spec.resize = 32;
    spec.classes = std::move(classes);
    return spec;
  }
  TemporaryFolder folder_;
};

TEST_F(Labelled, WhatIsLeftOutMakesRoomForOthersAndIsSaidOnce) {
  for (int i = 0; i < 6; ++i) {
    add("odd/" + std::to_string(i) + ".png");
    add("cat/" + std::to_string(i) + ".png");
    add("dog/" + std::to_string(i) + ".png", i > 0);
  }
  LabelledPhotographs photographs(folder_.path(), 11, {});
  const CaseSpec both = spec("both", {"cat", "dog", "x", "y"}), cats = spec("cats", {"x", "cat", "y", "z"});
  const auto see = [&](const CaseSpec& s) { return photographs.labelled(s, photographs.meaning(s, 4)); };
  const auto of_both = see(both);
  EXPECT_EQ(of_both.images.size(), 11U) << "of 6 cats and 5 dogs";
  EXPECT_EQ(std::count(of_both.labels.begin(), of_both.labels.end(), 0), 6);
  EXPECT_EQ(see(cats).labels, std::vector<std::int64_t>(6, 1));
  const Names said = photographs.left_out();
  ASSERT_EQ(said.size(), 3U);
  EXPECT_EQ(said[0], "'odd' is no class: 6 photographs left out");
  EXPECT_EQ(said[1], "'dog' is no class of case cats: 6 photographs left out");
  EXPECT_NE(said[2].find("dog/0.png"), std::string::npos) << said[2];
}

TEST_F(Labelled, OfManyStrangeLabelsSomeAreNamed) {
  for (const char* label : {"a", "b", "c", "d", "e", "f", "g"}) add(std::string(label) + "/1.png");
  LabelledPhotographs photographs(folder_.path(), 10, {});
  const CaseSpec other = spec("other", {"x", "y"});
  EXPECT_THROW(photographs.labelled(other, photographs.meaning(other, 2)), InputError);
  EXPECT_EQ(photographs.left_out(),
            Names{"'a', 'b', 'c', 'd', 'e', and 2 more are no classes: 7 photographs left out"});
}

}  // namespace
}  // namespace wcam
