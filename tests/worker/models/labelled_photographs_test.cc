#include "worker/models/labelled_photographs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "common/base/error.h"
#include "common/study/case_spec.h"
#include "common/study/class_names.h"
#include "tests/temporary_folder.h"
#include "worker/images/png.h"
#include "worker/models/imagenet.h"

namespace wcam {
namespace {

using Names = std::vector<std::string>;
using Class = std::optional<std::int64_t>;

TEST(ImageNet, ClassesAreTheRanksOfTheirIds) {
  const auto synsets = imagenet_synsets();
  EXPECT_TRUE(std::is_sorted(synsets.begin(), synsets.end()));
  EXPECT_EQ(std::adjacent_find(synsets.begin(), synsets.end()), synsets.end());
  EXPECT_EQ(imagenet_class(1440764), 0);
  EXPECT_EQ(imagenet_class(15075141), 999);
  EXPECT_EQ(imagenet_class(1440765), std::nullopt);
  EXPECT_EQ(wordnet_id("n01440764"), 1440764U);
  for (const char* other :
       {"", "n", "n0144076", "n014407640", "m01440764", "n0144076x", "n 1440764", "n-1440764"})
    EXPECT_EQ(wordnet_id(other), std::nullopt) << other;
}

TEST(LabelInName, IsTheIdOfTheFileOrTheNameOfItsFolder) {
  EXPECT_EQ(label_in_name("n01443537_goldfish.JPEG"), "n01443537");
  EXPECT_EQ(label_in_name("any/n01443537_10007.JPEG"), "n01443537");
  EXPECT_EQ(label_in_name("val/n01443537/ILSVRC2012_val_00000236.JPEG"), "n01443537");
  EXPECT_EQ(label_in_name("goldfish/1.png"), "goldfish");
  EXPECT_EQ(label_in_name("goldfish_1.png"), "");
}

TEST(ClassLabels, KnowImageNetsIdsWhereThereAreAThousandClasses) {
  EXPECT_EQ(ClassLabels(1'000, {}, {}, {}).find("n01443537"), 1);
  EXPECT_EQ(ClassLabels(1'000, {}, {}, {}).find("n01443538"), std::nullopt);
  EXPECT_EQ(ClassLabels(200, {}, {}, {}).find("n01443537"), std::nullopt);
}

TEST(ClassLabels, KnowTheNamesOfAClassAndNumbers) {
  const Names names{"tench, Tinca tinca", "maillot", "maillot, tank suit", "12"};
  const ClassLabels labels(4, {}, names, {});
  EXPECT_EQ(labels.find("Tinca_tinca"), 0);
  EXPECT_EQ(labels.find("tench, tinca tinca"), 0);
  EXPECT_EQ(labels.find("maillot"), 1);
  EXPECT_EQ(labels.find("tank suit"), 2);
  EXPECT_EQ(labels.find("12"), 3) << "a name, not a number";
  EXPECT_EQ(labels.find("2"), 2);
  for (const char* other : {"4", "-1", "2x", "", "ten", "odd"})
    EXPECT_EQ(labels.find(other), std::nullopt) << other;
}

TEST(ClassLabels, AsManyAsClassesAndNotAllKnownAreCountedInOrder) {
  const Names folders{"b", "c", "b", "a"};
  const ClassLabels three(3, {}, {}, folders);
  EXPECT_EQ(three.find("a"), 0);
  EXPECT_EQ(three.find("c"), 2);
  EXPECT_EQ(ClassLabels(4, {}, {}, folders).find("a"), std::nullopt);
  EXPECT_EQ(ClassLabels(3, {}, {"c", "b", "a"}, folders).find("a"), 2) << "names go first";
}

TEST(ClassLabels, AListOfIdsIsTheOnlyMeaning) {
  const ClassLabels labels(2, {"n02", "n01443537"}, {"tench", "goldfish"}, {});
  EXPECT_EQ(labels.find("n02"), 0);
  EXPECT_EQ(labels.find("n01443537"), 1);
  EXPECT_EQ(labels.find("goldfish"), std::nullopt);
}

TEST(ClassLabels, ANameOfTwoClassesIsNeither) {
  const ClassLabels labels(4, {}, {"crane", "crane", "tench, 1", "goldfish, 1"}, {});
  EXPECT_EQ(labels.find("crane"), std::nullopt);
  EXPECT_EQ(labels.find("1"), std::nullopt);
  EXPECT_EQ(labels.find("tench"), 2);
}

// ImageNet's list as far as the landmarks go, `shift` classes too late.
Names shifted_landmarks(std::int64_t shift) {
  Names names;
  for (std::int64_t i = 0; i < 1'000; ++i) names.push_back("class " + std::to_string(i));
  for (const auto& [synset, name] : imagenet_landmarks())
    names[static_cast<std::size_t>((*imagenet_class(synset) + shift) % 1'000)] = name;
  return names;
}

TEST(ClassLabels, NamesInAnotherOrderThanImageNetsAreNoticed) {
  const Names late = shifted_landmarks(1), ids{"n01443537"};
  const std::string sentence =
      "class 1 is 'goldfish' by ImageNet's order, 'class 1' in its classes file, which has 'goldfish' as "
      "class "
      "2: is one of the two in another order? Figures show the file's names";
  EXPECT_EQ(ClassLabels(1'000, {}, late, {}).misnamed(), sentence);
  EXPECT_EQ(ClassLabels(1'000, {}, late, ids).misnamed(), sentence);
  EXPECT_EQ(ClassLabels(1'000, {}, late, {"goldfish"}).misnamed(), "") << "the network's own order, maybe";
  EXPECT_EQ(ClassLabels(1'000, {}, shifted_landmarks(0), ids).misnamed(), "");
  EXPECT_EQ(ClassLabels(1'000, {}, {}, ids).misnamed(), "");
  Names others(1'000, "other");
  others[5] = "zebra";
  EXPECT_EQ(ClassLabels(1'000, {}, others, {}).misnamed(), "") << "not ImageNet's names";
}

TEST(ClassLabels, NamesInAnotherOrderThanTheLabelsAreNoticed) {
  const Names names{"b", "a, first", "c"};
  EXPECT_EQ(
      ClassLabels(3, {"a", "b", "c"}, names, {}).misnamed(),
      "class 0 is 'a' by the labels' order, 'b' in its classes file, which has 'a' as class 1: is one of the "
      "two in another order? Figures show the file's names");
  EXPECT_EQ(ClassLabels(3, {"b", "a", "c"}, names, {}).misnamed(), "");
  EXPECT_EQ(ClassLabels(3, {"x", "y", "z"}, names, {}).misnamed(), "") << "nothing to compare";
  EXPECT_NE(ClassLabels(3, {}, names, {"a", "b", "d"}).misnamed(), "") << "counted in order, since d is none";
  // A subset of ImageNet in the order of its ids.
  EXPECT_NE(ClassLabels(2, {"n01443537", "n02391049"}, {"zebra", "goldfish"}, {"n01443537"}).misnamed(), "");
  EXPECT_EQ(ClassLabels(2, {"n01443537", "n02391049"}, {"goldfish", "zebra"}, {"n01443537"}).misnamed(), "");
}

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
