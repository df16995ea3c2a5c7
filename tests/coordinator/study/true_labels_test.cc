#include "coordinator/study/true_labels.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "tests/temporary_folder.h"

namespace wcam {
namespace {

class TrueLabels : public testing::Test {
 protected:
  static Plan plan(const std::vector<std::string>& images,
                   const std::vector<std::vector<std::string>>& classes) {
    Plan plan;
    for (const std::string& image : images) plan.images.push_back({image, std::string(64, 'a')});
    for (const auto& names : classes) {
      plan.cases.emplace_back();
      plan.cases.back().name = "case" + std::to_string(plan.cases.size());
      plan.cases.back().classes = names;
    }
    return plan;
  }
  std::filesystem::path file(const std::string& text) const {
    std::ofstream(folder_.path() / "labels.txt") << text;
    return folder_.path() / "labels.txt";
  }
  static std::vector<std::int64_t> labels(Plan plan, const std::filesystem::path& from) {
    set_true_labels(plan, from, [](const std::string&) {});
    std::vector<std::int64_t> found;
    for (const PlannedImage& image : plan.images) found.push_back(*image.true_label);
    return found;
  }
  static std::string refusal(const Plan& plan, const std::filesystem::path& from) {
    try {
      labels(plan, from);
    } catch (const InputError& e) {
      return e.what();
    }
    return "";
  }
  TemporaryFolder folder_;
};

TEST_F(TrueLabels, AreReadFromAFileByPathOrByNameWhereThatIsOneImages) {
  const Plan of = plan({"birds/tern.jpg", "cat one.png"}, {{"cat", "tern"}});
  EXPECT_EQ(labels(of, file("# image\tlabel\ncat one.png\tcat\r\n\nbirds/tern.jpg\ttern\n")),
            (std::vector<std::int64_t>{1, 0}));
  EXPECT_EQ(labels(of, file("tern.jpg,1\ncat one.png 0\n")), (std::vector<std::int64_t>{1, 0}));
  EXPECT_EQ(labels(of, file("tern.jpg 1\ncat one.png 0\nelse.png nothing\n")),
            (std::vector<std::int64_t>{1, 0}));
  const Plan twins = plan({"a/1.png", "b/1.png"}, {{"cat", "tern"}});
  EXPECT_NE(refusal(twins, file("1.png 0\n")).find("no label of 2 images: a/1.png, b/1.png"),
            std::string::npos);
}

TEST_F(TrueLabels, AreReadFromTheNamesOfFoldersAndFiles) {
  EXPECT_EQ(labels(plan({"tern/1.png", "cat/2.png"}, {{"cat", "tern"}}), kLabelsInNames),
            (std::vector<std::int64_t>{1, 0}));
  EXPECT_NE(
      refusal(plan({"tern/1.png", "2.png"}, {{"cat", "tern"}}), kLabelsInNames).find("1 image in no folder"),
      std::string::npos);
}

TEST_F(TrueLabels, AreTheSameClassUnderEveryCase) {
  EXPECT_EQ(labels(plan({"tern/1.png"}, {{"cat", "tern"}, {"cat", "tern", "dog"}}), kLabelsInNames),
            std::vector<std::int64_t>{1});
  EXPECT_NE(refusal(plan({"tern/1.png"}, {{"cat", "tern"}, {"tern", "cat"}}), kLabelsInNames)
                .find("'tern' is class 1 of case case1 and class 0 of case case2"),
            std::string::npos);
}

TEST_F(TrueLabels, ThatAreNoClassAreRefused) {
  const std::string unknown = refusal(plan({"dog/1.png"}, {{"cat", "tern"}}), kLabelsInNames);
  EXPECT_NE(unknown.find("'dog' is no class of case case1: give WordNet ids"), std::string::npos) << unknown;
  const std::string nameless = refusal(plan({"n01443537/1.png"}, {{}}), kLabelsInNames);
  EXPECT_NE(nameless.find("'n01443537' is no class of case case1, which has no names of classes"),
            std::string::npos)
      << nameless;
  EXPECT_EQ(labels(plan({"17/1.png"}, {{}}), kLabelsInNames), std::vector<std::int64_t>{17});
}

TEST_F(TrueLabels, AFileThatContradictsItselfOrCannotBeReadIsRefused) {
  const Plan of = plan({"1.png"}, {{"cat", "tern"}});
  EXPECT_NE(refusal(of, file("1.png cat\n1.png tern\n"))
                .find("line 2: '1.png' has label 'tern' here and 'cat' before"),
            std::string::npos);
  EXPECT_NE(refusal(of, file("1.png\n")).find("line 1: '1.png' is no image and label"), std::string::npos);
  EXPECT_NE(refusal(of, folder_.path() / "none").find("none"), std::string::npos);
}

}  // namespace
}  // namespace wcam
