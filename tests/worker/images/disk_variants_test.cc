#include "worker/images/disk_variants.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <random>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/study/perturbation.h"
#include "common/study/variant_tree.h"
#include "tests/support.h"
#include "tests/temporary_folder.h"
#include "worker/base/faults.h"
#include "worker/jobs/job_runner.h"

namespace fs = std::filesystem;

namespace wcam {
namespace {

RgbImage textured(int rows, int cols, unsigned seed) {
  RgbImage image = blank_image(rows, cols);
  std::mt19937 random(seed);
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < cols * 3; ++c)
      image.row(r)[c] = static_cast<std::uint8_t>((r * 2 + c + static_cast<int>(random() % 60)) % 256);
  return image;
}

void write_image(const fs::path& file, const RgbImage& image) {
  fs::create_directories(file.parent_path());
  cv::Mat bgr(image.rows, image.cols, CV_8UC3);
  for (int r = 0; r < image.rows; ++r)
    for (int c = 0; c < image.cols; ++c)
      for (int k = 0; k < 3; ++k) bgr.at<cv::Vec3b>(r, c)[k] = image.row(r)[c * 3 + 2 - k];
  ASSERT_TRUE(cv::imwrite(file.string(), bgr));
}

constexpr std::uint64_t kModelBytes = std::uint64_t{1} << 30;

// One image, cat/a.png, under models/demo's baseline, whose variants are for the test to write.
class VariantsOnDisk : public testing::Test {
 protected:
  VariantsOnDisk() {
    photograph_ = textured(260, 300, 1);
    write_image(folder_.path() / "images/cat/a.png", photograph_);
    plan_.images_root = folder_.path() / "images";
    plan_.images = {{"cat/a.png", sha256_of_file(folder_.path() / "images/cat/a.png")}};
    CaseSpec baseline;
    baseline.name = "baseline";
    baseline.file = fs::path(WCAM_SOURCE_DIR) / "models/demo/baseline.pt";
    baseline.sha256 = sha256_of_file(baseline.file);
    plan_.cases = {baseline};
    plan_.wcam.grid = 4;
  }
  fs::path variants() const { return folder_.path() / "variants"; }
  // What the coordinator does.
  void plan_variants(const std::string& family, const std::vector<std::string>& names,
                     const std::vector<std::string>& files) {
    plan_.perturbation = family;
    plan_.variants = names;
    plan_.variants_root = variants();
    std::vector<VariantFile> hashed;
    for (std::size_t v = 0; v < names.size(); ++v)
      hashed.push_back({names[v], sha256_of_file(variants() / files[v])});
    plan_.images[0].variants_sha256 = digest_of_variants(hashed);
    plan_.images[0].variant_stem = "cat/a";
  }
  void plan_two_edits() {
    write_image(variants() / "red/cat/a.png", textured(224, 224, 2));
    write_image(variants() / "blue/cat/a.bmp", textured(300, 260, 3));
    plan_variants("editing", {"editing/blue", "editing/red"}, {"blue/cat/a.bmp", "red/cat/a.png"});
  }
  wire::Job predict_job() const {
    wire::Job job;
    job.set_job(1);
    job.set_attempt(1);
    job.set_image("cat/a.png");
    job.set_image_sha256(plan_.images[0].sha256);
    job.set_case_name("baseline");
    job.mutable_predict();
    return job;
  }
  template <typename Error>
  std::string refusal(DiskVariants& disk, const std::string& variant) const {
    try {
      disk.load("cat/a.png", variant, caution_);
    } catch (const Error& e) {
      return e.what();
    }
    return "accepted";
  }
  TemporaryFolder folder_;
  RgbImage photograph_;
  Plan plan_;
  Stage stage_{""};
  mutable std::string caution_;
};

TEST_F(VariantsOnDisk, ComeWholeOrResizedAndCroppedAsTheirSizeSays) {
  plan_two_edits();
  DiskVariants disk(plan_, stage_);
  EXPECT_EQ(disk.load("cat/a.png", "editing/red", caution_), textured(224, 224, 2));
  EXPECT_EQ(disk.load("cat/a.png", "editing/blue", caution_),
            resize_and_crop(textured(300, 260, 3), 256, 224));
}

TEST_F(VariantsOnDisk, FollowOneRuleWithTheirSource) {
  const RgbImage ready = textured(224, 224, 4), square = textured(300, 300, 5), wide = textured(230, 300, 6);
  struct Row {
    const char* family;
    const RgbImage& image;
    bool source_as_is, variant_as_is, variant_scaled;  // neither: resized and cropped
  };
  for (const auto& [family, image, source_as_is, variant_as_is, variant_scaled] :
       {Row{"editing", ready, true, true, false}, Row{"editing", square, false, false, false},
        Row{"editing", wide, false, false, false}, Row{"folders", ready, true, true, false},
        Row{"imagenet-c", ready, true, true, false}, Row{"imagenet-c", square, false, false, true},
        Row{"imagenet-c", wide, false, false, false}, Row{"corruptions", ready, false, false, false}}) {
    plan_.perturbation = family;
    const RgbImage cropped = resize_and_crop(image, 256, 224);
    EXPECT_EQ(fit_source(image, plan_), source_as_is ? image : cropped) << family << image.cols;
    const RgbImage expected = variant_as_is    ? image
                              : variant_scaled ? resize_bilinear(image, 224, 224)
                                               : cropped;
    EXPECT_EQ(fit_variant(image, plan_), expected) << family << image.cols;
  }
}

TEST_F(VariantsOnDisk, AChangedFileIsFoundWhicheverVariantIsAskedFor) {
  plan_two_edits();
  write_image(variants() / "blue/cat/a.bmp", textured(300, 260, 7));
  DiskVariants disk(plan_, stage_);
  for (const char* variant : {"editing/red", "editing/blue"}) {
    const std::string text = refusal<BadImage>(disk, variant);
    EXPECT_NE(text.find("the variants of cat/a.png in " + variants().string()), std::string::npos) << text;
    EXPECT_NE(text.find("one of them was changed after the sweep began"), std::string::npos) << text;
  }
}

TEST_F(VariantsOnDisk, AFileChangedAfterItWasHashedIsNotUsed) {
  plan_two_edits();
  DiskVariants disk(plan_, stage_);
  disk.load("cat/a.png", "editing/red", caution_);
  write_image(variants() / "blue/cat/a.bmp", textured(300, 260, 7));
  EXPECT_NE(refusal<BadImage>(disk, "editing/blue").find("a.bmp has just been changed"), std::string::npos);
  disk.load("cat/a.png", "editing/red", caution_);
}

TEST_F(VariantsOnDisk, AMissingFileMayComeBackButWithoutTheFolderThereIsNothingToDoHere) {
  plan_two_edits();
  DiskVariants disk(plan_, stage_);
  fs::rename(variants() / "red/cat/a.png", variants() / "red/cat/b.png");
  const std::string text = refusal<InputError>(disk, "editing/red");
  EXPECT_EQ(text, "editing/red of cat/a.png is not there: looked for " + (variants() / "red/cat/a").string() +
                      ".*");
  fs::rename(variants() / "red/cat/b.png", variants() / "red/cat/a.png");
  disk.load("cat/a.png", "editing/red", caution_);
  fs::rename(variants() / "red", folder_.path() / "red");
  DiskVariants fresh(plan_, stage_);
  EXPECT_NE(refusal<CannotServe>(fresh, "editing/red").find("no folder of editing/red"), std::string::npos);
  fs::rename(variants(), folder_.path() / "gone");
  EXPECT_NE(refusal<CannotServe>(fresh, "editing/red").find("is not a folder"), std::string::npos);
}

TEST_F(VariantsOnDisk, WhatCannotBeDecodedIsABadImage) {
  fs::create_directories(variants() / "red/cat");
  std::ofstream(variants() / "red/cat/a.png") << "text";
  plan_variants("editing", {"editing/red"}, {"red/cat/a.png"});
  DiskVariants disk(plan_, stage_);
  EXPECT_NE(refusal<BadImage>(disk, "editing/red").find("a.png: not a JPEG"), std::string::npos);
}

// Pixels that we make and the same pixels read from an ImageNet-C tree are one thing: every prediction to the
// bit, and the WCAM.
TEST_F(VariantsOnDisk, OfOurOwnCorruptionsGiveExactlyTheNumbersOfThoseMadeInMemory) {
  plan_.variants = variants_of("corruptions", {"contrast", "jpeg", "gaussian-blur"}, {1, 5});
  JobRunner in_memory(plan_, "cpu", always({false, 4}), kModelBytes);
  const JobResult made = in_memory.run(predict_job());
  ASSERT_FALSE(made.outcome.has_failure()) << made.outcome.failure().text();

  std::vector<std::string> names, files;
  for (const auto& text : plan_.variants) {
    Variant variant = parse_variant(text);
    const RgbImage pixels =
        corrupt(resize_and_crop(photograph_, 256, 224), variant, {plan_.seed, plan_.images[0].sha256});
    std::string folder = variant.name == "jpeg" ? "jpeg_compression" : variant.name;
    std::replace(folder.begin(), folder.end(), '-', '_');
    files.push_back(folder + "/" + std::to_string(variant.severity) + "/cat/a.PNG");
    write_image(variants() / files.back(), pixels);
    variant.family = "imagenet-c";
    names.push_back(to_string(variant));
  }
  plan_variants("imagenet-c", names, files);
  JobRunner on_disk(plan_, "cpu", always({false, 4}), kModelBytes);
  const JobResult read = on_disk.run(predict_job());
  ASSERT_FALSE(read.outcome.has_failure()) << read.outcome.failure().text();
  EXPECT_EQ(read.outcome.predictions().SerializeAsString(), made.outcome.predictions().SerializeAsString());
  EXPECT_EQ(read.predictions[2].variant, "imagenet-c/contrast/5");
  EXPECT_EQ(read.predictions[2].perturbation, "imagenet-c");

  wire::Job explain = predict_job();
  explain.mutable_explain()->set_label(made.predictions[2].label);
  explain.mutable_explain()->set_role("altered");
  explain.mutable_explain()->set_variant("corruptions/contrast/5");
  const JobResult expected = in_memory.run(explain);
  explain.mutable_explain()->set_variant("imagenet-c/contrast/5");
  const JobResult found = on_disk.run(explain);
  ASSERT_TRUE(expected.profile && found.profile) << found.outcome.failure().text();
  EXPECT_EQ(found.profile->outputs, expected.profile->outputs);
  EXPECT_EQ(found.image->pixels, expected.image->pixels);
  EXPECT_EQ(found.profile->perturbation, "imagenet-c");
}

TEST_F(VariantsOnDisk, AJobCannotNameAFileOutsideThePlan) {
  plan_two_edits();
  const fs::path secret = plan_.images_root.parent_path() / "secret.png";
  write_image(secret, textured(224, 224, 9));
  for (const std::string& name : {std::string("../secret.png"), secret.string()}) {
    wire::Job job = predict_job();
    job.set_image(name);
    job.set_image_sha256(sha256_of_file(secret));
    const JobResult result = JobRunner(plan_, "cpu", always({false, 4}), kModelBytes).run(job);
    EXPECT_EQ(result.outcome.failure().text(), "no image '" + name + "' in the plan");
  }
}

TEST_F(VariantsOnDisk, AJobWhoseVariantWasChangedIsSetAsideAtOnce) {
  plan_two_edits();
  write_image(variants() / "red/cat/a.png", textured(224, 224, 9));
  const JobResult result = JobRunner(plan_, "cpu", always({false, 4}), kModelBytes).run(predict_job());
  ASSERT_TRUE(result.outcome.has_failure());
  EXPECT_EQ(result.outcome.failure().kind(), wire::Failure::BAD_IMAGE);
}

}  // namespace
}  // namespace wcam
