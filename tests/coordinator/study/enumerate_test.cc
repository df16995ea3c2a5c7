#include "coordinator/study/enumerate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>

#include "common/base/error.h"
#include "common/base/sha256.h"
#include "common/study/perturbation.h"
#include "tests/coordinator/rig.h"

namespace fs = std::filesystem;

namespace wcam {
namespace {

class EnumerateTest : public testing::Test {
 protected:
  fs::path images() const { return folder_.path() / "images"; }
  void write(const fs::path& file, const std::string& content = "x") const {
    fs::create_directories((folder_.path() / file).parent_path());
    std::ofstream(folder_.path() / file) << content;
  }
  StudyRequest request() const {
    write("images/a.png", "pixels");
    write("m.pt", "weights");
    write("n.pt", "other weights");
    write("models.json", R"({"models": [{"name": "one", "file": "n.pt"}, {"name": "two", "file": "m.pt"}]})");
    StudyRequest request;
    request.images = images();
    request.models = folder_.path() / "models.json";
    return request;
  }
  template <typename Error>
  std::string refusal(const std::function<void()>& act) const {
    try {
      act();
    } catch (const Error& e) {
      return e.what();
    }
    return "accepted";
  }
  static Plan made(const StudyRequest& request) {
    return make_plan(request, [](const std::string& line) { ADD_FAILURE() << line; });
  }
  static std::pair<Plan, std::vector<std::string>> made_saying(const StudyRequest& request) {
    std::vector<std::string> said;
    Plan plan = make_plan(request, [&](const std::string& line) { said.push_back(line); });
    return {std::move(plan), std::move(said)};
  }
  TemporaryFolder folder_;
};

TEST_F(EnumerateTest, MakesAPlanThatSaysWhatAndWhere) {
  StudyRequest asked = request();
  asked.cases = {"two"};
  asked.corruptions = {"jpeg_compression"};
  asked.severities = {5, 1};
  asked.seed = 3;
  const Plan plan = made(asked);
  EXPECT_EQ(plan.images, (std::vector<PlannedImage>{{"a.png", sha256_of("pixels")}}));
  EXPECT_EQ(plan.variants, (std::vector<std::string>{"corruptions/jpeg/5", "corruptions/jpeg/1"}));
  ASSERT_EQ(plan.cases.size(), 1U);
  EXPECT_EQ(plan.cases[0].name, "two");
  EXPECT_EQ(plan.cases[0].sha256, sha256_of("weights"));
  EXPECT_TRUE(plan.images_root.is_absolute());
  EXPECT_TRUE(plan.cases[0].file.is_absolute());
  EXPECT_EQ(plan.seed, 3U);
}

TEST_F(EnumerateTest, CasesKeepTheOrderInWhichTheyAreNamed) {
  StudyRequest asked = request();
  asked.cases = {"two", "one"};
  const Plan plan = made(asked);
  EXPECT_EQ(plan.cases[0].name, "two");
  EXPECT_EQ(plan.cases[1].name, "one");
}

TEST_F(EnumerateTest, UnknownNamesAreRefusedWithTheKnownOnes) {
  StudyRequest asked = request();
  asked.cases = {"one", "three"};
  const std::string text = refusal<UsageError>([&] { made(asked); });
  EXPECT_NE(text.find("no model 'three'"), std::string::npos) << text;
  EXPECT_NE(text.find("known: one, two"), std::string::npos) << text;
  asked = request();
  asked.corruptions = {"rain"};
  EXPECT_NE(refusal<UsageError>([&] { made(asked); }).find("unknown corruption 'rain'"), std::string::npos);
  asked = request();
  asked.cases = {"one", "one"};
  EXPECT_NE(refusal<InputError>([&] { made(asked); }).find("case 'one' is named twice"), std::string::npos);
}

TEST_F(EnumerateTest, RefusesPlacesWhoseNamesAreNotUtf8) {
  StudyRequest asked = request();
  write("caf\xe9/a.png");
  write("caf\xe9/m.pt");
  write("caf\xe9/models.json", R"({"models": [{"name": "one", "file": "m.pt"}]})");
  asked.images = folder_.path() / "caf\xe9";
  EXPECT_NE(refusal<InputError>([&] { made(asked); }).find("caf\xe9 is not UTF-8"), std::string::npos);
  asked = request();
  asked.models = folder_.path() / "caf\xe9" / "models.json";
  EXPECT_NE(refusal<InputError>([&] { made(asked); }).find("m.pt is not UTF-8"), std::string::npos);
}

TEST_F(EnumerateTest, WhatIsNotTakenIsSaidAndKeptWithThePlan) {
  StudyRequest asked = request();
  fs::create_symlink("/no/where.png", images() / "dangling.png");
  write("images/b.gif");
  const auto [plan, said] = made_saying(asked);
  EXPECT_EQ(plan.images.size(), 1U);
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(
      said[0].rfind("not taken from " + images().string() + ": 1 whose content is not here: dangling.png", 0),
      0U)
      << said[0];
  EXPECT_TRUE(said[0].ends_with("; by ending: 1 .gif")) << said[0];
  EXPECT_EQ(plan.not_taken, said);
}

TEST_F(EnumerateTest, CasesOfOneNetworkAreSaid) {
  StudyRequest asked = request();
  write("n.pt", "weights");
  EXPECT_EQ(made_saying(asked).second,
            (std::vector<std::string>{
                "note: cases one and two are one network: " + (folder_.path() / "m.pt").string() +
                " has the SHA-256 of " + (folder_.path() / "n.pt").string()}));
}

TEST_F(EnumerateTest, ANormalisationOfBytesIsRefused) {
  StudyRequest asked = request();
  write("models.json", R"({"models": [{"name": "one", "file": "m.pt", "mean": [123.675, 116.28, 103.53],
                           "std": [58.395, 57.12, 57.375]}]})");
  EXPECT_EQ(
      refusal<InputError>([&] { made(asked); }),
      asked.models.string() +
          ": case 'one': its mean or std is greater than 1, which pixels from 0 to 1 do not have: they seem "
          "to be of pixels from 0 to 255: set \"mean\": [0.485, 0.456, 0.406], \"std\": [0.229, 0.224, "
          "0.225]");
}

// Names of 3,000 characters, and one image that it would take minutes to hash.
TEST_F(EnumerateTest, APlanTooLargeForAMessageIsRefusedBeforeAnythingIsHashed) {
  StudyRequest asked = request();
  fs::resize_file(images() / "a.png", std::uintmax_t{200} << 30U);
  write("images/original.png");
  fs::path deep = images();
  for (int i = 0; i < 15; ++i) deep /= std::string(200, 'x');
  fs::create_directories(deep);
  for (int i = 0; i < 6'000; ++i)
    fs::create_hard_link(images() / "original.png", deep / (std::to_string(i) + ".png"));
  const std::string text = refusal<InputError>([&] { made(asked); });
  EXPECT_TRUE(std::regex_match(
      text,
      std::regex("the plan of 6002 images is 18\\d{6} bytes, a message to a worker holds 16773120, about "
                 "5\\d{3} images with names as long: split them over several sweeps, or name some with "
                 "--select-file")))
      << text;
}

TEST_F(EnumerateTest, EachSelectionRuleHasItsOwnSample) {
  StudyRequest asked = request();
  write("images/b.png");
  EXPECT_EQ(made(asked).selection, SelectionSettings{});
  asked.select = SelectionRule::kAll;
  EXPECT_EQ(made(asked).selection.sample_size, 2) << "every image";
  asked.sample_size = 1;
  EXPECT_EQ(made(asked).selection.sample_size, 1);
  asked.max_altered = 3;
  EXPECT_EQ(refusal<UsageError>([&] { made(asked); }), "--max-altered 3 is for --select published only");
  asked.max_altered.reset();
  asked.select = SelectionRule::kListed;
  EXPECT_EQ(refusal<UsageError>([&] { made(asked); }),
            "--sample-size 1 does not go with --select-file: its images are the sample");
}

TEST_F(EnumerateTest, OnlyTheImagesOfASelectFileAreInThePlanInItsOrder) {
  StudyRequest asked = request();
  write("images/b.png");
  write("images/c.png", "of no interest");
  write("wanted.tsv", "b.png\tsource\ttwo\na.png\n");
  asked.corruptions = {"jpeg"};
  asked.severities = {5};
  asked.select = SelectionRule::kListed;
  asked.select_file = folder_.path() / "wanted.tsv";
  const Plan plan = made(asked);
  EXPECT_EQ(plan.images,
            (std::vector<PlannedImage>{{"b.png", sha256_of("x")}, {"a.png", sha256_of("pixels")}}));
  EXPECT_EQ(plan.selection.lists,
            (std::vector<std::vector<ListedWcam>>{{{0, 1}}, {{0, 0}, {0, 1}, {1, 0}, {1, 1}}}));
  EXPECT_EQ(plan.selection.list_of_image, (std::vector<std::uint32_t>{0, 1}));
}

TEST_F(EnumerateTest, FrostTakesTheOverlaysOfAFolder) {
  StudyRequest asked = request();
  write("frost/b/rime.JPG", "rime");
  write("frost/ice.png", "ice");
  write("frost/source.txt");
  asked.corruptions = {"frost", "jpeg"};
  asked.frost_overlays = folder_.path() / "frost";
  const auto [plan, said] = made_saying(asked);
  EXPECT_EQ(plan.variants.size(), 10U);
  EXPECT_EQ(plan.frost_overlays,
            (std::vector<PlannedImage>{{"b/rime.JPG", sha256_of("rime")}, {"ice.png", sha256_of("ice")}}));
  EXPECT_EQ(said, (std::vector<std::string>{"not taken from " + (folder_.path() / "frost").string() +
                                            ": by ending: 1 .txt"}));
  EXPECT_EQ(plan.frost_root, fs::absolute(folder_.path() / "frost"));
}

TEST_F(EnumerateTest, FrostWithoutOverlaysIsLeftOutAndSaidSo) {
  StudyRequest asked = request();
  asked.corruptions = {"all"};
  std::vector<std::string> said;
  const Plan plan = make_plan(asked, [&](const std::string& line) { said.push_back(line); });
  EXPECT_EQ(plan.variants.size(), 90U);
  EXPECT_TRUE(std::none_of(plan.variants.begin(), plan.variants.end(), needs_overlays));
  EXPECT_EQ(said,
            std::vector<std::string>{"frost is left out: it lays photographs of frosted glass over images; "
                                     "name a folder of them with --frost-overlays DIR"});
  asked.corruptions = {};
  EXPECT_EQ(made(asked).variants.size(), 70U) << "the published study has no frost, and nothing is said";
}

TEST_F(EnumerateTest, FrostAloneNeedsOverlaysAndOverlaysNeedFrost) {
  StudyRequest asked = request();
  asked.corruptions = {"frost"};
  EXPECT_EQ(refusal<UsageError>([&] { made(asked); }),
            "frost cannot be made: it lays photographs of frosted glass over images; name a folder of them "
            "with --frost-overlays DIR");
  asked.frost_overlays = folder_.path() / "frost";
  EXPECT_EQ(refusal<InputError>([&] { made(asked); }), asked.frost_overlays.string() + " is not a folder");
  fs::create_directories(asked.frost_overlays);
  EXPECT_EQ(
      refusal<InputError>([&] { made(asked); }).rfind("no image in " + asked.frost_overlays.string(), 0), 0U);
  asked.corruptions = {"jpeg"};
  EXPECT_EQ(refusal<UsageError>([&] { made(asked); }),
            "--frost-overlays is of no use: frost is not among the corruptions");
}

}  // namespace
}  // namespace wcam
