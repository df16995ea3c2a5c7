#include "common/study/case_spec.h"

#include <gtest/gtest.h>

#include <fstream>

#include "common/base/error.h"
#include "common/base/sha256.h"
#include "common/base/version.h"
#include "tests/temporary_folder.h"

namespace wcam {
namespace {

class ModelsJson : public ::testing::Test {
 protected:
  ModelsJson() {
    write("net.pt", "weights");
    write("classes.txt", "\xEF\xBB\xBFtench, Tinca tinca\ngoldfish\r\n");
  }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() / name) << text;
  }

  // The error's text, with the folder's name taken out.
  std::string refusal(const std::string& text) {
    write("models.json", text);
    try {
      read_models_json(folder_.path() / "models.json");
    } catch (const InputError& e) {
      std::string what = e.what();
      for (auto at = what.find(folder_.path().string()); at != std::string::npos;
           at = what.find(folder_.path().string()))
        what.replace(at, folder_.path().string().size() + 1, "");
      return what;
    }
    return "accepted";
  }

  TemporaryFolder folder_;
};

TEST_F(ModelsJson, FillsInTheDefaults) {
  write("models.json", R"({"models": [{"name": "net", "file": "net.pt"}]})");
  const CaseSpec spec = read_models_json(folder_.path() / "models.json").at(0);
  EXPECT_EQ(spec.input_size, 224);
  EXPECT_EQ(spec.resize, 256);
  EXPECT_EQ(spec.mean, (std::array{0.485, 0.456, 0.406}));
  EXPECT_EQ(spec.std, (std::array{0.229, 0.224, 0.225}));
  EXPECT_EQ(spec.sha256, sha256_of("weights"));
  EXPECT_TRUE(spec.classes.empty());
}

TEST_F(ModelsJson, NamesClassesByTheirFirstSynonym) {
  write("models.json", R"({"models": [{"name": "net", "file": "net.pt", "classes": "classes.txt"}]})");
  const CaseSpec spec = read_models_json(folder_.path() / "models.json").at(0);
  EXPECT_EQ(class_name(spec.classes, 0), "tench");
  EXPECT_EQ(class_name(spec.classes, 1), "goldfish");
  EXPECT_EQ(class_name(spec.classes, 2), "2");
}

TEST_F(ModelsJson, SaysOfAModelThatWasNotFetchedThatItIsNotHere) {
  write("net.pt", "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n");
  EXPECT_EQ(
      refusal(R"({"models": [{"name": "net", "file": "net.pt", "sha256": "00"}]})"),
      "models.json: models[0] ('net'): net.pt: its content is not here: fetch it (git annex get, dvc pull or "
      "git lfs pull)");
}

TEST_F(ModelsJson, RefusesClassesThatAreNotUtf8NamingTheLine) {
  write("classes.txt", "tench\ncaf\xe9\n");
  EXPECT_EQ(
      refusal(R"({"models": [{"name": "net", "file": "net.pt", "classes": "classes.txt"}]})"),
      "models.json: models[0] ('net'): classes: classes.txt: line 2 is not UTF-8: save the file as UTF-8");
  write("classes.txt", "tench\ncaf\xc3\xa9\n");
  EXPECT_EQ(refusal(R"({"models": [{"name": "net", "file": "net.pt", "classes": "classes.txt"}]})"),
            "accepted");
}

TEST_F(ModelsJson, RefusesEachMistakeNamingIt) {
  const auto entry = [&](const std::string& more) {
    return refusal(R"({"models": [{"name": "net", "file": "net.pt")" + more + "}]}");
  };
  EXPECT_EQ(entry(""), "accepted");
  EXPECT_EQ(entry(R"(, "size": 3)"),
            std::string("models.json: models[0] ('net'): unknown key 'size'; known to wcam ") + kVersion +
                ": classes, file, input_size, mean, name, resize, sha256, std");
  EXPECT_EQ(entry(R"(, "input_size": 16)"),
            "models.json: models[0] ('net'): input_size 16 is outside 32 to 2048");
  for (const char* number : {"224.7", "1e300", "4294967520", "true"})  // the last but one is 224 modulo 2^32
    EXPECT_NE(
        entry(R"(, "input_size": )" + std::string(number)).find("is not an integer from -2147483648 to"),
        std::string::npos)
        << number;
  EXPECT_EQ(entry(R"(, "resize": 200)"),
            "models.json: models[0] ('net'): resize 200 is outside input_size 224 to 4096");
  EXPECT_EQ(entry(R"(, "std": [0.1, 0, 0.1])"),
            "models.json: models[0] ('net'): std 0.000000 must be greater than 0");
  EXPECT_EQ(entry(R"(, "sha256": "00")"),
            "models.json: models[0] ('net'): net.pt has SHA-256 " + sha256_of("weights") +
                ", models.json expects 00: another file than the one described");
  EXPECT_NE(entry(R"(, "mean": "grey")").find("key 'mean'"), std::string::npos);
  EXPECT_EQ(entry(R"(, "mean": 0.5, "std": 0.25)"), "accepted") << "one for all channels";
  EXPECT_NE(entry(R"(, "mean": [0.5])").find("key 'mean' has 1 numbers, expected 3"), std::string::npos);
  EXPECT_NE(entry(R"(, "std": [1, 1, 1, 1])").find("key 'std' has 4 numbers, expected 3"), std::string::npos);
  EXPECT_EQ(refusal(R"({"models": []})"),
            "models.json: expected {\"models\": [ ... ]} with at least one entry");
  EXPECT_EQ(refusal(R"({"models": [{"name": "net"}]})"), "models.json: models[0]: key 'file' is missing");
  EXPECT_EQ(refusal(R"({"models": [{"name": "a b", "file": "net.pt"}]})"),
            "models.json: models[0]: name 'a b' must be of letters, digits, '_' and '-'");
  EXPECT_EQ(refusal(R"({"models": [{"name": "a", "file": "none.pt"}]})"),
            "models.json: models[0] ('a'): file none.pt does not exist");
  EXPECT_EQ(refusal(R"({"models": [{"name": "a", "file": "net.pt"}, {"name": "a", "file": "net.pt"}]})"),
            "models.json: models[1]: name 'a' is taken by an earlier entry");
  EXPECT_NE(refusal("{").find("models.json is not JSON"), std::string::npos);
}

TEST_F(ModelsJson, OfCasesThatAreNotWantedNothingNeedBeThere) {
  write("models.json",
        R"({"models": [{"name": "gone", "file": "none.pt"}, {"name": "net", "file": "net.pt"}]})");
  const auto cases = read_models_json(folder_.path() / "models.json", {"net"});
  ASSERT_EQ(cases.size(), 2U) << "they are known all the same";
  EXPECT_EQ(cases[1].sha256, sha256_of("weights"));
  EXPECT_THROW(read_models_json(folder_.path() / "models.json", {"gone"}), InputError);
}

TEST(Normalisation, OfBytesIsToldFromOneThatIsOfNothing) {
  CaseSpec spec;
  EXPECT_EQ(normalisation_problem(spec), "");
  spec.std = {58.395, 57.12, 57.375};
  EXPECT_TRUE(normalisation_problem(spec).ends_with(
      "\"mean\": [0.485, 0.456, 0.406], \"std\": [0.229, 0.224, 0.225]"))
      << normalisation_problem(spec);
  spec.mean = {123.675, 116.28, 103.53};
  for (const double std : {0.2, 51.0, 1.0}) {  // of the unit already; of bytes; Caffe's, of bytes too
    spec.std = {std, std, std};
    const std::string advice =
        std == 1 ? "\"std\": [0.00392157, 0.00392157, 0.00392157]" : "\"std\": [0.2, 0.2, 0.2]";
    EXPECT_TRUE(normalisation_problem(spec).ends_with("\"mean\": [0.485, 0.456, 0.406], " + advice))
        << normalisation_problem(spec);
  }
  for (const double nonsense : {1.2, 300.0}) {
    spec.std = {0.2, 0.2, nonsense};
    EXPECT_TRUE(normalisation_problem(spec).ends_with("which pixels from 0 to 1 do not have"));
  }
}

}  // namespace
}  // namespace wcam
