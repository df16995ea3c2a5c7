#include "worker/models/tuning.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "common/base/file.h"
#include "tests/temporary_folder.h"

namespace fs = std::filesystem;

namespace wcam {
namespace {

CaseSpec demo_case() {
  CaseSpec spec;
  spec.name = "baseline";
  spec.file = fs::path(WCAM_SOURCE_DIR) / "models/demo/baseline.pt";
  spec.input_size = 64;
  return spec;
}

constexpr ForwardForm kDefault{};

Tuning table(double plain8, double plain16, double optimised8, double optimised16) {
  return {{{kDefault, plain8}, {{true, 8}, optimised8}, {{false, 16}, plain16}, {{true, 16}, optimised16}},
          {}};
}

TEST(Tuning, TheFastestIsTakenAndTheDefaultWhereNothingIsGained) {
  EXPECT_EQ(table(3, 2.5, 2, 1).best(), (ForwardForm{true, 16}));
  EXPECT_DOUBLE_EQ(table(3, 2.5, 2, 1).gain({true, 16}), 3);
  EXPECT_EQ(table(1, 1.2, 0.98, 0.97).best(), kDefault) << "noise";
  EXPECT_EQ(table(2, 1.02, 1.01, 1).best(), (ForwardForm{false, 16})) << "a plain one, if it is as fast";
  EXPECT_EQ(table(2, 1.5, 1.01, 1).best(), (ForwardForm{true, 8})) << "fewer images, if they are as fast";
}

TEST(Tuning, WhatAUserHasSaidBindsIt) {
  const Tuning found = table(3, 2.5, 2, 1);
  EXPECT_EQ(found.best({false, std::nullopt}), (ForwardForm{false, 16}));
  EXPECT_EQ(found.best({std::nullopt, 8}), (ForwardForm{true, 8}));
  EXPECT_EQ(found.best({std::nullopt, 12}), (ForwardForm{false, 12})) << "not measured";
  EXPECT_DOUBLE_EQ(found.gain({false, 12}), 1);
}

TEST(Tuning, IsKeptAsItIs) {
  Tuning found = table(3, 2.5, 2, 1);
  found.left_out = {"plain 64: memory"};
  const Tuning again = tuning_from_json_text(to_json_text(found));
  EXPECT_EQ(to_json_text(again), to_json_text(found));
  EXPECT_EQ(again.best(), found.best());
  EXPECT_EQ(again.left_out, found.left_out);
}

class KeptTunings : public testing::Test {
 protected:
  KeptTunings() {
    if (const char* before = std::getenv("XDG_CACHE_HOME")) before_ = before;
    ::setenv("XDG_CACHE_HOME", folder_.path().c_str(), 1);
  }
  ~KeptTunings() override {
    before_ ? ::setenv("XDG_CACHE_HOME", before_->c_str(), 1) : ::unsetenv("XDG_CACHE_HOME");
  }
  fs::path file() const { return folder_.path() / "wcam/forms"; }

  TemporaryFolder folder_;
  std::optional<std::string> before_;
};

TEST_F(KeptTunings, OfOneNetworkAreMeasuredOnceAndBatchesAndFormsAreInThem) {
  const KnownTuning first = known_tuning(demo_case(), "cpu");
  EXPECT_TRUE(first.measured_now);
  EXPECT_EQ(first.not_kept, "");
  ASSERT_FALSE(first.tuning.times.empty());
  EXPECT_EQ(first.tuning.times.front().form, kDefault);
  EXPECT_GT(first.tuning.times.front().image_seconds, 0);
  const auto has = [&](const ForwardForm& form) {
    return std::any_of(first.tuning.times.begin(), first.tuning.times.end(),
                       [&](const FormTime& t) { return t.form == form; });
  };
  EXPECT_TRUE(has({true, 8}) || !first.tuning.left_out.empty()) << "optimised, or a reason why not";
  const KnownTuning second = known_tuning(demo_case(), "cpu");
  EXPECT_FALSE(second.measured_now);
  EXPECT_EQ(to_json_text(second.tuning), to_json_text(first.tuning));
  CaseSpec other = demo_case();
  other.input_size = 32;
  EXPECT_TRUE(known_tuning(other, "cpu").measured_now) << "another picture is another tuning";
  EXPECT_FALSE(known_tuning(demo_case(), "cpu").measured_now);
  EXPECT_TRUE(known_tuning(demo_case(), "cpu", true).measured_now) << "asked for";
  std::ofstream(file()) << "{\"damaged";
  EXPECT_TRUE(known_tuning(demo_case(), "cpu").measured_now);
  EXPECT_FALSE(known_tuning(demo_case(), "cpu").measured_now);
}

TEST_F(KeptTunings, WhereNoneCanBeKeptMeasuringGoesOnAndSaysWhy) {
  std::ofstream(folder_.path() / "wcam") << "in the way";
  const KnownTuning found = known_tuning(demo_case(), "cpu");
  EXPECT_TRUE(found.measured_now);
  EXPECT_NE(found.not_kept.find("wcam"), std::string::npos) << found.not_kept;
  EXPECT_EQ(choose_form(demo_case(), "cpu", {false, 4}).why, "plain, 4 images a forward, as asked for")
      << "nothing is measured for that";
}

}  // namespace
}  // namespace wcam
