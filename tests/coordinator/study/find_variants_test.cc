// Through make_plan(): from folders to a plan, and what people give by mistake.
#include "coordinator/study/find_variants.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "common/base/error.h"
#include "common/base/sha256.h"
#include "common/study/extension.h"
#include "coordinator/study/enumerate.h"
#include "tests/temporary_folder.h"

namespace fs = std::filesystem;

namespace wcam {
namespace {

using Names = std::vector<std::string>;

class VariantsOnDisk : public testing::Test {
 protected:
  VariantsOnDisk() {
    write("m.pt");
    std::ofstream(place("models.json")) << R"({"models": [{"name": "one", "file": "m.pt"}]})";
  }
  fs::path place(const std::string& name) const { return folder_.path() / name; }
  // Content: its own path.
  void write(const std::string& file) const {
    fs::create_directories(place(file).parent_path());
    std::ofstream(place(file)) << file;
  }
  void write_all(std::initializer_list<const char*> files) const {
    for (const char* file : files) write(file);
  }
  StudyRequest request(const std::string& family, const std::string& variants,
                       const std::string& images = "") const {
    StudyRequest request;
    request.models = place("models.json");
    request.perturbation = family;
    request.variants = place(variants);
    if (!images.empty()) request.images = place(images);
    return request;
  }
  Plan plan(const StudyRequest& request) {
    return make_plan(request, [&](const std::string& line) { said_ += line + "\n"; });
  }
  template <typename Error>
  std::string refusal(const StudyRequest& request) {
    try {
      plan(request);
    } catch (const Error& e) {
      return e.what();
    }
    return "accepted";
  }
  static Names paths(const Plan& plan) {
    Names names;
    for (const auto& image : plan.images) names.push_back(image.path);
    return names;
  }
  TemporaryFolder folder_;
  std::string said_;
};

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST_F(VariantsOnDisk, EditingTakesTheFolderOriAsSourceAndAllOthersSorted) {
  write_all({"e/ori/a.JPEG", "e/ori/n/b.JPEG", "e/size-0.1/a.png", "e/size-0.1/n/b.png", "e/full_5/a.JPEG",
             "e/full_5/n/b.JPEG", "e/readme.txt"});
  const Plan made = plan(request("editing", "e"));
  EXPECT_EQ(made.variants, (Names{"editing/full_5", "editing/size-0.1"}));
  EXPECT_EQ(made.images_root, place("e/ori"));
  EXPECT_EQ(made.variants_root, place("e"));
  ASSERT_EQ(paths(made), (Names{"a.JPEG", "n/b.JPEG"}));
  EXPECT_EQ(made.images[0].sha256, sha256_of("e/ori/a.JPEG"));
  EXPECT_EQ(made.images[0].variants_sha256,
            sha256_of(sha256_of("e/full_5/a.JPEG") + sha256_of("e/size-0.1/a.png")));
  EXPECT_EQ(said_, "not taken from " + place("e").string() + ": 1 file beside the folders: readme.txt\n");
}

TEST_F(VariantsOnDisk, TheSourceIsAnyFolderThatIsNamedOrGiven) {
  write_all({"f/plain/a.png", "f/ori/a.png", "f/red/a.png", "photos/a.png"});
  StudyRequest asked = request("folders", "f");
  asked.source_name = "plain";
  EXPECT_EQ(plan(asked).variants, (Names{"folders/ori", "folders/red"}));
  EXPECT_EQ(plan(request("folders", "f", "photos")).variants,
            (Names{"folders/ori", "folders/plain", "folders/red"}));
  EXPECT_EQ(plan(request("folders", "f", "f/plain")).variants, (Names{"folders/ori", "folders/red"}))
      << "the images themselves are no variant";
  const Plan editing = plan(request("editing", "f", "photos"));
  EXPECT_EQ(editing.variants, (Names{"editing/plain", "editing/red"}));
  EXPECT_EQ(editing.images_root, place("photos"));
}

TEST_F(VariantsOnDisk, SomeCanBeChosenByNameInAnyOrder) {
  write_all({"e/ori/a.png", "e/x/a.png", "e/y/a.png", "e/z/a.png"});
  StudyRequest asked = request("editing", "e");
  asked.variant_names = {"z", "x", "z"};
  EXPECT_EQ(plan(asked).variants, (Names{"editing/x", "editing/z"}));
  asked.variant_names = {"x", "background"};
  EXPECT_SAYS(refusal<UsageError>(asked), "--variant-names: no variant 'background' in");
  EXPECT_SAYS(refusal<UsageError>(asked), "; known: x, y, z");
  asked.variant_names = {"ori"};
  EXPECT_SAYS(refusal<UsageError>(asked), "no variant 'ori'");
}

TEST_F(VariantsOnDisk, ImageNetCIsChosenByCorruptionAndSeverityInBothSpellings) {
  for (const char* variant : {"motion_blur/1", "motion_blur/3", "jpeg_compression/1", "fog/1", "fog/3"})
    write("c/" + std::string(variant) + "/n1/v.JPEG");
  write("clean/n1/v.JPEG");
  EXPECT_EQ(plan(request("imagenet-c", "c", "clean")).variants,
            (Names{"imagenet-c/fog/1", "imagenet-c/fog/3", "imagenet-c/jpeg/1", "imagenet-c/motion-blur/1",
                   "imagenet-c/motion-blur/3"}));
  StudyRequest asked = request("imagenet-c", "c", "clean");
  asked.corruptions = {"all"};
  EXPECT_EQ(plan(asked).variants, plan(request("imagenet-c", "c", "clean")).variants);
  asked.corruptions = {"motion-blur", "fog"};
  asked.severities = {3};
  EXPECT_EQ(plan(asked).variants, (Names{"imagenet-c/fog/3", "imagenet-c/motion-blur/3"}));
  asked.corruptions = {"motion_blur", "jpeg"};
  EXPECT_SAYS(refusal<UsageError>(asked), "--severities: no severity 3 of jpeg in");
  asked.corruptions = {"rain"};
  EXPECT_SAYS(refusal<UsageError>(asked), "--corruptions: no 'rain' in");
  EXPECT_SAYS(refusal<UsageError>(asked), "; known: fog, jpeg, motion-blur");
  asked.severities = {0};
  asked.corruptions = {"fog"};
  EXPECT_SAYS(refusal<UsageError>(asked), "severity 0 is outside 1 to 5");
}

TEST_F(VariantsOnDisk, ImagesInOneFolderFindTheirVariantsInClasses) {
  write_all({"c/fog/1/n1/v1.JPEG", "c/fog/1/n2/v2.JPEG", "clean/v1.png", "clean/v2.png"});
  const Plan made = plan(request("imagenet-c", "c", "clean"));
  ASSERT_EQ(paths(made), (Names{"v1.png", "v2.png"}));
  EXPECT_EQ(made.images[1].variant_stem, "n2/v2");
  EXPECT_EQ(made.images[1].variants_sha256, sha256_of(sha256_of("c/fog/1/n2/v2.JPEG")));
}

TEST_F(VariantsOnDisk, WhatIsMissingIsListedAndRefusedOrLeftOut) {
  write_all({"e/ori/a.png", "e/ori/b.png", "e/ori/c.png", "e/x/a.png", "e/x/b.png", "e/y/a.png", "e/y/b.png",
             "e/z/a.png", "e/z/c.png"});
  StudyRequest asked = request("editing", "e");
  const std::string text = refusal<InputError>(asked);
  EXPECT_SAYS(text, "2 of 3 images lack variants in");
  EXPECT_SAYS(text,
              "--skip-incomplete:\n  1 missing file in editing/x, editing/y: c.png\n"
              "  1 missing file in editing/z: b.png");
  asked.skip_incomplete = true;
  EXPECT_EQ(paths(plan(asked)), Names{"a.png"});
  EXPECT_SAYS(said_, "2 of 3 images are left out, since they lack variants:\n  1 missing file in editing/x");
  asked.skip_incomplete = false;
  fs::create_symlink("gone.png", place("e/z/b.png"));
  EXPECT_SAYS(refusal<InputError>(asked),
              "editing/z: b.png\n  there, but not taken: 1 whose content is not here: z/b.png");
  asked.skip_incomplete = true;
  fs::remove(place("e/z/a.png"));
  EXPECT_SAYS(refusal<InputError>(asked), "no image has a file in every variant:");
}

TEST_F(VariantsOnDisk, WhatIsLeftOverIsSaidAndNotUsed) {
  write_all({"e/ori/a.png", "e/x/a.png", "e/x/b.png"});
  EXPECT_EQ(paths(plan(request("editing", "e"))), Names{"a.png"});
  EXPECT_EQ(said_, "files without an image, not used:\n  1 file in editing/x: b.png\n");
  write("e/ori/c.png");
  said_ = "";
  EXPECT_SAYS(refusal<InputError>(request("editing", "e")), "1 missing file in editing/x: c.png");
  EXPECT_SAYS(said_, "1 file in editing/x: b.png");
}

TEST_F(VariantsOnDisk, AreThoseOfTheImagesThatASelectFileNamesInItsOrder) {
  write_all({"e/ori/a.png", "e/ori/b.png", "e/ori/c.png", "e/x/a.png", "e/x/b.png", "e/x/c.png"});
  std::ofstream(place("list")) << "c.png\tediting/x\na.png\n";
  StudyRequest asked = request("editing", "e");
  asked.select = SelectionRule::kListed;
  asked.select_file = place("list");
  const Plan made = plan(asked);
  ASSERT_EQ(paths(made), (Names{"c.png", "a.png"}));
  EXPECT_EQ(made.images[0].variants_sha256, sha256_of(sha256_of("e/x/c.png")));
  EXPECT_EQ(made.find_image("a.png").variant_stem, "a");
}

TEST_F(VariantsOnDisk, TwinsAreRefusedByName) {
  write_all({"e/ori/a.png", "e/x/a.png", "e/x/a.jpg"});
  EXPECT_SAYS(refusal<InputError>(request("editing", "e")), "editing/x: a.jpg and a.png have one name");
  write("e/ori/a.jpg");
  EXPECT_SAYS(refusal<InputError>(request("editing", "e")), "the images: a.jpg and a.png have one name");
  write_all({"c/motion_blur/1/a.png", "c/motion-blur/1/a.png", "c/motion-blur/2/a.png", "clean/a.png"});
  EXPECT_SAYS(refusal<InputError>(request("imagenet-c", "c", "clean")), "are both imagenet-c/motion-blur/1");
  StudyRequest asked = request("imagenet-c", "c", "clean");
  asked.severities = {2};
  EXPECT_EQ(plan(asked).variants, Names{"imagenet-c/motion-blur/2"}) << "what is not asked does no harm";
}

TEST_F(VariantsOnDisk, TheWrongFolderIsRefusedWithTheRightOne) {
  write_all(
      {"c/blur/motion_blur/1/a.png", "clean/a.png", "up/ImageNet-E/ori/a.png", "up/ImageNet-E/x/a.png"});
  struct Mistake {
    StudyRequest asked;
    std::vector<std::string> parts;
  };
  const Mistake mistakes[] = {
      {request("imagenet-c", "c", "clean"), {"no corruption in", "but in " + place("c/blur").string()}},
      {request("imagenet-c", "c/blur/motion_blur", "clean"),
       {"it holds severities; give the folder above it"}},
      {request("imagenet-c", "up", "clean"), {"expected folders CORRUPTION/SEVERITY", "holds ImageNet-E"}},
      {request("imagenet-c", "clean", "clean"), {"--images", "holds the variants"}},
      {request("editing", "up"),
       {"no folder 'ori' of unaltered images", "--source-name (there: ImageNet-E)"}},
      {request("editing", "up/ImageNet-E/x"), {"no folder 'ori'", "there: nothing"}},
      {request("folders", "up/ImageNet-E/x", "clean"), {"no variant in", "give the folder that holds these"}},
      {request("editing", "up/ImageNet-E", "up"),
       {"--images", "holds the variants", "unaltered images alone"}},
      {request("editing", "none", "clean"), {"none is not a folder"}},
      {request("editing", "none"), {"none"}},
  };
  for (const auto& [asked, parts] : mistakes)
    for (const std::string& part : parts) EXPECT_SAYS(refusal<std::runtime_error>(asked), part);
}

TEST_F(VariantsOnDisk, OtherImagesVariantsAreRefusedShowingBothNames) {
  write_all({"e/ori/a.png", "e/x/edited-a.png"});
  const std::string text = refusal<InputError>(request("editing", "e"));
  EXPECT_SAYS(text,
              "looked for " + place("e/x/a").string() + ".*, there is " + place("e/x/edited-a.png").string());
  EXPECT_EQ(text.find("the folder is part of a name"), std::string::npos);
  write_all({"mixed/a.png", "mixed/odd/b.png", "c/fog/1/n01/a.png", "c/fog/1/n01/b.png"});
  StudyRequest mixed = request("imagenet-c", "c");
  mixed.images = place("mixed");
  EXPECT_SAYS(refusal<InputError>(mixed), "some images lie in folders of their own, such as odd/b.png");
}

TEST_F(VariantsOnDisk, AVariantWithoutImagesIsNamed) {
  write_all({"e/ori/a.png", "e/x/a.png", "e/empty/notes.txt"});
  const std::string text = refusal<InputError>(request("editing", "e"));
  EXPECT_SAYS(text, "no image in " + place("e/empty").string());
  EXPECT_SAYS(text, "it holds by ending: 1 .txt (the variant editing/empty)");
  EXPECT_SAYS(text, "choose the variants with --variant-names, or take it away");
}

// What `asked` adds to a sweep, as --extend finds it (extension_request() has filled in its places).
TEST_F(VariantsOnDisk, AnExtensionHasThoseOfTheSweepAndWhatIsNamed) {
  write_all({"e/ori/a.png", "e/x/a.png", "e/y/a.png", "e/z/a.png"});
  StudyRequest asked = request("editing", "e");
  asked.variant_names = {"y"};
  const Plan sweep = plan(asked);
  asked.base = sweep;
  asked.variant_names = {"x"};
  const Plan grown = extended(sweep, plan(asked), {"a.png"});
  EXPECT_EQ(grown.variants, (Names{"editing/y", "editing/x"}));
  EXPECT_EQ(grown.images[0].variants_sha256, sha256_of(sha256_of("e/x/a.png") + sha256_of("e/y/a.png")));
  EXPECT_EQ(additions(sweep, grown), Names{"1 variant: editing/x"});

  asked.keeps_variants = true;
  EXPECT_EQ(plan(asked).variants, Names{"editing/y"});
  asked.keeps_variants = false;

  std::ofstream(place("e/y/a.png")) << "edited again";
  EXPECT_SAYS(refusal<InputError>(asked), "the files of its variants are others now of a.png");
  fs::remove_all(place("e/y"));
  EXPECT_SAYS(refusal<InputError>(asked),
              "the sweep has the variant editing/y, and " + place("e").string() + " has not");
}

TEST_F(VariantsOnDisk, WhatSystemsPutAmongThemIsNoVariantAndSaid) {
  write_all({"e/ori/a.png", "e/x/a.png", "e/@eaDir/a.png", "e/x/@eaDir/a.png/THUMB.jpg", "e/x/Thumbs.db",
             "e/ori/.DS_Store"});
  const Plan made = plan(request("editing", "e"));
  EXPECT_EQ(made.variants, Names{"editing/x"});
  EXPECT_EQ(said_, "not taken from " + place("e/ori").string() + ": 1 hidden\nnot taken from " +
                       place("e").string() + ": 2 folders of a system: @eaDir, x/@eaDir; by ending: 1 .db\n");
  EXPECT_EQ(made.not_taken.size(), 2U);
}

// As of an archive made on macOS; the two variants differ too.
TEST_F(VariantsOnDisk, NamesWhoseAccentsAreWrittenInTwoWaysAreOne) {
  const std::string joined = "caf\xc3\xa9", apart = "cafe\xcc\x81";
  write("e/ori/" + joined + ".png");
  write("e/x/" + apart + ".png");
  write("e/y/" + joined + ".png");
  const Plan made = plan(request("editing", "e"));
  ASSERT_EQ(paths(made), Names{joined + ".png"});
  EXPECT_EQ(made.images[0].variants_sha256,
            sha256_of(sha256_of("e/x/" + apart + ".png") + sha256_of("e/y/" + joined + ".png")));
  EXPECT_EQ(said_, "");
  write("e/x/" + joined + ".png");
  EXPECT_SAYS(refusal<InputError>(request("editing", "e")),
              "have one name but for folder, ending or how accents");
}

TEST_F(VariantsOnDisk, AFolderThatIsNoCorruptionIsSaidToBeLeftOut) {
  write_all({"c/fog/1/a.png", "c/extra/frost/1/a.png", "c/clean/a.png"});
  EXPECT_EQ(plan(request("imagenet-c", "c", "c/clean")).variants, Names{"imagenet-c/fog/1"});
  EXPECT_EQ(said_, place("c/extra").string() + " holds no folder of a severity, 1 to 5: left out\n");
}

TEST_F(VariantsOnDisk, OptionsOfAnotherFamilyAreRefusedNotIgnored) {
  write_all({"e/ori/a.png", "e/x/a.png"});
  const auto with = [&](const std::string& family, auto change) {
    StudyRequest asked = request(family, "e", "e/ori");
    change(asked);
    return refusal<UsageError>(asked);
  };
  const auto nothing = [](StudyRequest&) {};
  EXPECT_SAYS(with("corruptions", nothing), "--variants does not go with --perturbation corruptions");
  EXPECT_SAYS(with("weather", nothing), "unknown perturbation 'weather'");
  EXPECT_SAYS(with("editing", [](auto& r) { r.variants = ""; }), "give it with --variants DIR");
  EXPECT_SAYS(with("editing", [](auto& r) { r.corruptions = {"fog"}; }), "--corruptions does not go with");
  EXPECT_SAYS(with("folders", [](auto& r) { r.severities = {1}; }), "--severities does not go with");
  EXPECT_SAYS(with("imagenet-c", [](auto& r) { r.variant_names = {"x"}; }),
              "--variant-names does not go with");
  EXPECT_SAYS(with("imagenet-c", [](auto& r) { r.source_name = "x"; }), "--source-name does not go with");
  EXPECT_SAYS(with("imagenet-c", [](auto& r) { r.images = ""; }), "--images is missing");
  EXPECT_SAYS(with("folders", [](auto& r) { r.images = ""; }),
              "with --source-name, or give it with --images");
  EXPECT_SAYS(with("corruptions",
                   [](auto& r) {
                     r.variants = "";
                     r.skip_incomplete = true;
                   }),
              "--skip-incomplete does not go with");
}

}  // namespace
}  // namespace wcam
