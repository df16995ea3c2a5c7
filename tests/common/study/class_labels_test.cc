#include "common/study/class_labels.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/study/class_names.h"
#include "common/study/imagenet.h"

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

}  // namespace
}  // namespace wcam
