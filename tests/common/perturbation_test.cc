#include "common/perturbation.h"

#include <gtest/gtest.h>

#include "common/error.h"
#include "common/ids.h"
#include "common/sha256.h"

namespace wcam {
namespace {

TEST(Perturbation, BothSpellingsNameTheSameCorruption) {
  EXPECT_EQ(canonical_corruption("defocus_blur"), "defocus-blur");
  EXPECT_EQ(canonical_corruption("jpeg_compression"), "jpeg");
  EXPECT_THROW(canonical_corruption("sharpen"), UsageError);
}

TEST(Perturbation, AFamilyHasSevenCorruptionsAtFiveSeverities) {
  const auto all = variants_of("corruptions", {}, {});
  EXPECT_EQ(all.size(), 35U);
  EXPECT_EQ(all.front(), "corruptions/defocus-blur/1");
  EXPECT_EQ(all.back(), "corruptions/gaussian-blur/5");
  EXPECT_EQ(variants_of("corruptions", {"contrast"}, {2, 4}),
            (std::vector<std::string>{"corruptions/contrast/2", "corruptions/contrast/4"}));
}

TEST(Perturbation, ThereIsNoSeverityZeroThatMeansFive) {  // a defect of the published script
  EXPECT_THROW(variants_of("corruptions", {}, {0}), UsageError);
  EXPECT_THROW(variants_of("corruptions", {}, {6}), UsageError);
  EXPECT_THROW(parse_variant("corruptions/contrast/0"), InputError);
  EXPECT_THROW(variants_of("weather", {}, {}), UsageError);
}

TEST(Perturbation, AVariantSurvivesItsText) {
  for (const auto& text : variants_of("corruptions", {}, {})) EXPECT_EQ(to_string(parse_variant(text)), text);
  for (const char* text : {"", "source", "corruptions/contrast", "/3", "a/b/33", "a/b/x"})
    EXPECT_THROW(parse_variant(text), InputError) << text;
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
