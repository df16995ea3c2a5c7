#include "common/study/perturbation.h"

#include <gtest/gtest.h>

#include <set>

#include "common/base/error.h"
#include "common/base/ids.h"
#include "common/base/sha256.h"

namespace wcam {
namespace {

TEST(Perturbation, BothSpellingsNameTheSameCorruption) {
  EXPECT_EQ(canonical_corruption("defocus_blur"), "defocus-blur");
  EXPECT_EQ(canonical_corruption("jpeg_compression"), "jpeg");
  for (const char* name : {"elastic_transform", "elastic", "elastic-transformation"})
    EXPECT_EQ(canonical_corruption(name), "elastic-transformation");
  EXPECT_THROW(canonical_corruption("sharpen"), UsageError);
}

// The folders of ImageNet-C, its extra ones included.
TEST(Perturbation, EveryFolderOfImageNetCNamesACorruption) {
  std::set<std::string> names;
  for (const char* folder :
       {"brightness", "contrast", "defocus_blur", "elastic_transform", "fog", "frost", "gaussian_blur",
        "gaussian_noise", "glass_blur", "impulse_noise", "jpeg_compression", "motion_blur", "pixelate",
        "saturate", "shot_noise", "snow", "spatter", "speckle_noise", "zoom_blur"})
    names.insert(canonical_corruption(folder));
  EXPECT_EQ(names, std::set(corruption_names().begin(), corruption_names().end()));
}

TEST(Perturbation, WithoutNamesMeansTheStudysFourteenAndAllMeansAll) {
  const auto study = variants_of("corruptions", {}, {});
  EXPECT_EQ(study.size(), 70U);
  EXPECT_EQ(study.front(), "corruptions/motion-blur/1");
  EXPECT_EQ(study.back(), "corruptions/gaussian-blur/5");
  const auto all = variants_of("corruptions", {"all"}, {});
  EXPECT_EQ(all.size(), 95U);
  EXPECT_EQ(std::vector(all.begin(), all.begin() + 70), study);
  EXPECT_EQ(variants_of("corruptions", {"contrast"}, {2, 4}),
            (std::vector<std::string>{"corruptions/contrast/2", "corruptions/contrast/4"}));
  EXPECT_EQ(variants_of("corruptions", {"contrast", "all", "contrast"}, {2, 2}).size(), 19U) << "each once";
}

TEST(Perturbation, ThereIsNoSeverityZeroThatMeansFive) {  // a defect of the published script
  EXPECT_THROW(variants_of("corruptions", {}, {0}), UsageError);
  EXPECT_THROW(variants_of("corruptions", {}, {6}), UsageError);
  EXPECT_THROW(parse_variant("corruptions/contrast/0"), InputError);
  EXPECT_THROW(variants_of("weather", {}, {}), UsageError);
}

TEST(Perturbation, AVariantSurvivesItsText) {
  for (const auto& text : variants_of("corruptions", {"all"}, {}))
    EXPECT_EQ(to_string(parse_variant(text)), text);
  for (const char* text : {"imagenet-c/fog/3", "editing/background_20", "editing/5", "folders/Full 5"})
    EXPECT_EQ(to_string(parse_variant(text)), text);
  EXPECT_EQ(parse_variant("editing/size-0.1").name, "size-0.1");
  EXPECT_EQ(parse_variant("editing/5").severity, 0);
  for (const char* text :
       {"", "source", "corruptions/contrast", "/3", "corruptions/a/33", "corruptions/a/x", "corruptions//3",
        "imagenet-c/fog", "imagenet-c/3", "editing", "editing/", "editing/a/3"})
    EXPECT_THROW(parse_variant(text), InputError) << text;
}

TEST(Perturbation, ImageNetCsSpellingsAreOneNameAlsoOfCorruptionsThatAreNotMadeHere) {
  EXPECT_EQ(canonical_spelling("motion_blur"), canonical_spelling("motion-blur"));
  EXPECT_EQ(canonical_spelling("jpeg_compression"), "jpeg");
  EXPECT_EQ(canonical_spelling("caustic_refraction"), "caustic-refraction");
}

TEST(Perturbation, AnUnknownFamilyIsRefusedWithTheKnownOnes) {
  for (const char* family : {"corruptions", "imagenet-c", "editing", "folders"}) check_family(family);
  try {
    check_family("weather");
    FAIL();
  } catch (const UsageError& e) {
    EXPECT_STREQ(e.what(),
                 "unknown perturbation 'weather'; known: corruptions, imagenet-c, editing, folders");
  }
}

TEST(Sha256, HasThePublishedValues) {  // FIPS 180-4, example of one block; the empty message
  EXPECT_EQ(sha256_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(JobId, DependsOnWhatTheJobIsAndOnNothingElse) {
  EXPECT_EQ(predict_job_id("a.png", "baseline"), predict_job_id("a.png", "baseline"));
  EXPECT_NE(predict_job_id("a.png", "baseline"), explain_job_id("a.png", "source", "baseline"));
  EXPECT_NE(explain_job_id("a", "bc", "d"), explain_job_id("ab", "c", "d"));
  EXPECT_LT(value(predict_job_id("a.png", "baseline")), std::uint64_t{1} << 63U);
}

}  // namespace
}  // namespace wcam
