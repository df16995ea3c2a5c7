#include "coordinator/study/variant_matching.h"

#include <gtest/gtest.h>

#include "common/base/error.h"

namespace wcam {
namespace {

using Paths = std::vector<std::string>;

struct Row {
  const char* claim;
  Paths images;
  std::vector<Paths> variants;  // files of a, b, ...
  Paths complete;               // "IMAGE at STEM"
  Paths missing, extra;         // as described
};

Paths described(const std::vector<VariantMatcher::Oddity>& oddities) {
  Paths lines;
  for (const auto& oddity : oddities) lines.push_back(describe(oddity, "file"));
  return lines;
}

const Row kRows[] = {
    {"names alone count, endings do not",
     {"x.JPEG", "y.png"},
     {{"x.png", "y.webp"}, {"x.JPEG", "y.png"}},
     {"x.JPEG at x", "y.png at y"},
     {},
     {}},
    {"a missing file makes its image incomplete, whichever variant lacks it",
     {"x.png", "y.png", "z.png"},
     {{"x.png", "y.png", "z.png"}, {"y.png", "z.png"}, {"x.png", "y.png"}},
     {"y.png at y"},
     {"1 file in b: x.png", "1 file in c: z.png"},
     {}},
    {"variants that lack the same are told together",
     {"x.png", "y.png"},
     {{"x.png"}, {"x.png", "y.png"}, {"x.png"}},
     {"x.png at x"},
     {"1 file in a, c: y.png"},
     {}},
    {"files without an image are left over, variants with the same ones told together",
     {"x.png"},
     {{"w.png", "x.png"}, {"w.png", "x.png"}, {"x.png", "y.png"}},
     {"x.png at x"},
     {},
     {"1 file in a, b: w.png", "1 file in c: y.png"}},
    {"folders inside count as part of the name",
     {"n1/x.png", "n2/x.png"},
     {{"n1/x.JPEG", "n2/x.JPEG"}, {"n2/x.JPEG", "n3/x.JPEG"}},
     {"n2/x.png at n2/x"},
     {"1 file in b: n1/x.png"},
     {"1 file in b: n3/x.JPEG"}},
    {"images in one folder match variants in classes by name alone",
     {"v1.JPEG", "v2.JPEG"},
     {{"n1/v1.JPEG", "n2/v2.JPEG"}, {"n1/v1.JPEG", "n2/v2.JPEG"}},
     {"v1.JPEG at n1/v1", "v2.JPEG at n2/v2"},
     {},
     {}},
    {"images in classes match variants in one folder by name alone",
     {"n1/v1.JPEG", "n2/v2.JPEG"},
     {{"v1.png", "v2.png"}, {"v1.png", "v2.png"}},
     {"n1/v1.JPEG at v1", "n2/v2.JPEG at v2"},
     {},
     {}},
    {"a file that lies in another class than in the variant before is another one",
     {"v1.JPEG"},
     {{"n1/v1.JPEG"}, {"n2/v1.JPEG"}},
     {},
     {"1 file in b: v1.JPEG"},
     {"1 file in b: n2/v1.JPEG"}},
    {"an image that the first variant lacks may still be in the others",
     {"v1.JPEG", "v2.JPEG"},
     {{"n1/v1.JPEG"}, {"n1/v1.JPEG", "n2/v2.JPEG"}},
     {"v1.JPEG at n1/v1"},
     {"1 file in a: v2.JPEG"},
     {}},
    {"a dot inside a name does not end it",
     {"x.1.png", "x.2.png"},
     {{"x.1.png", "x.2.png"}},
     {"x.1.png at x.1", "x.2.png at x.2"},
     {},
     {}},
    {"names differ by case", {"X.png"}, {{"x.png"}}, {}, {"1 file in a: X.png"}, {"1 file in a: x.png"}},
};

TEST(VariantMatching, FollowsTheTable) {
  for (const Row& row : kRows) {
    VariantMatcher matcher(row.images);
    char name = 'a';
    for (const Paths& files : row.variants) matcher.add(std::string(1, name++), files);
    Paths complete;
    for (const auto& [image, stem] : matcher.complete()) complete.push_back(image + " at " + stem);
    EXPECT_EQ(complete, row.complete) << row.claim;
    EXPECT_EQ(described(matcher.missing()), row.missing) << row.claim;
    EXPECT_EQ(described(matcher.extra()), row.extra) << row.claim;
  }
}

std::string refusal(const Paths& images, const Paths& files) {
  try {
    VariantMatcher(images).add("a", files);
  } catch (const InputError& e) {
    return e.what();
  }
  return "accepted";
}

TEST(VariantMatching, NamesThatCannotBeToldApartAreRefused) {
  EXPECT_EQ(refusal({"x.jpg", "x.png"}, {"x.jpg"}).rfind("the images: x.jpg and x.png have one name", 0), 0U);
  EXPECT_EQ(refusal({"x.jpg"}, {"x.jpg", "x.png"}).rfind("a: x.jpg and x.png have one name", 0), 0U);
  EXPECT_EQ(refusal({"x.jpg"}, {"n1/x.jpg", "n2/x.jpg"}).rfind("a: n1/x.jpg and n2/x.jpg have one name", 0),
            0U);
  EXPECT_EQ(refusal({"n1/x.jpg", "n2/x.jpg"}, {"x.jpg"}).rfind("the images: n1/x.jpg and n2/x.jpg", 0), 0U);
  EXPECT_EQ(refusal({"n1/x.jpg", "n2/x.jpg"}, {"n1/x.jpg", "n2/x.jpg"}), "accepted");
  EXPECT_EQ(refusal({"x.jpg", "n1/x.jpg"}, {"x.jpg", "n1/x.jpg"}), "accepted");
}

TEST(VariantMatching, OfManyTheFirstTwentyAreShown) {
  Paths images;
  for (int i = 100; i < 150; ++i) images.push_back(std::to_string(i) + ".png");
  VariantMatcher matcher(images);
  matcher.add("a", {"100.png"});
  ASSERT_EQ(matcher.missing().size(), 1U);
  EXPECT_EQ(matcher.missing()[0].count, 49U);
  EXPECT_EQ(matcher.missing()[0].paths.size(), 20U);
  const std::string text = describe(matcher.missing()[0], "image");
  EXPECT_EQ(text.rfind("49 images in a: 101.png, 102.png", 0), 0U) << text;
  EXPECT_TRUE(text.ends_with(", 120.png and 29 more")) << text;
}

}  // namespace
}  // namespace wcam
