#include "worker/labelled_photographs.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/case_spec.h"
#include "tests/support.h"
#include "worker/imagenet.h"

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

// The names of the photographs at hand are id and class name; the list of names gives the class's place.
TEST(ImageNet, IdsOfPhotographsAreTheClassesOfTheirNames) {
  WCAM_SKIP_WITHOUT_SHARED("photos/odd");
  WCAM_SKIP_WITHOUT_SHARED("models/imagenet_classes.txt");
  const auto classes = read_lines(test::shared_folder() / "models/imagenet_classes.txt");
  int seen = 0;
  for (const char* folder : {"photos", "photos/odd"})
    for (const auto& entry : std::filesystem::directory_iterator(test::shared_folder() / folder)) {
      const std::string stem = entry.path().stem().string();
      const auto synset = wordnet_id(label_in_name(stem));
      if (!synset) continue;
      std::string name = stem.substr(10);
      std::replace(name.begin(), name.end(), '_', ' ');
      const auto index = imagenet_class(*synset);
      ASSERT_TRUE(index) << stem;
      EXPECT_NE((", " + classes[static_cast<std::size_t>(*index)] + ",").find(", " + name + ","),
                std::string::npos)
          << stem << " is " << *index;
      ++seen;
    }
  EXPECT_EQ(seen, 29);
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

}  // namespace
}  // namespace wcam
