#include "coordinator/sweep/known_outputs.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "common/study/extension.h"
#include "common/study/forward_plan.h"
#include "tests/common/sample_store.h"
#include "tests/temporary_folder.h"

namespace wcam {
namespace {

// A sweep of 4 design points that went on to 8 and then to 16, and what earlier/ holds of it.
class KnownOutputsTest : public testing::Test {
 protected:
  KnownOutputsTest() {
    four_.wcam.nb_design = 4;
    eight_ = deeper(four_, 8);
    sixteen_ = deeper(eight_, 16);
  }
  static Plan deeper(const Plan& plan, int nb_design) {
    Plan asked = plan;
    asked.wcam.nb_design = nb_design;
    return extended(plan, asked, {});
  }
  std::filesystem::path results_of(const Plan& plan) const {
    return at_.earlier(sweep_id(plan)) / at_.results().filename();
  }
  // The sample's first rows as this plan had them; output k of row r is r + k / 1000 + nb_design.
  std::vector<ProfileRow> keep(const Plan& plan, std::size_t rows) const {
    const std::size_t outputs = forward_plan(plan.wcam, plan.input_size()).rows.size();
    std::vector<ProfileRow> kept = sample::profiles(0, rows);
    for (std::size_t r = 0; r < rows; ++r)
      kept[r].outputs = sample::values(outputs, static_cast<double>(r) + plan.wcam.nb_design, 0.001);
    make_directories(results_of(plan).parent_path());
    write_store(results_of(plan), {sweep_id(plan), sample::kGrid, sample::kLevels}, kept, {}, {},
                to_json_text(plan));
    return kept;
  }
  static std::vector<float> known(const KnownOutputs& outputs, const ProfileRow& row) {
    return outputs.of(row.image, row.variant, row.case_name, row.label, row.replicate);
  }
  TemporaryFolder folder_;
  SweepDirectory at_{folder_.path()};
  Plan four_ = sample::make_plan(), eight_, sixteen_;
};

TEST_F(KnownOutputsTest, AreThoseOfTheMostPointsThatAreThere) {
  const std::vector<ProfileRow> fours = keep(four_, 5), eights = keep(eight_, 3);
  const KnownOutputs outputs(at_, sixteen_);
  for (std::size_t r = 0; r < 5; ++r)
    EXPECT_EQ(known(outputs, fours[r]), r < 3 ? eights[r].outputs : fours[r].outputs) << r;
  ProfileRow other = fours[0];
  ++other.replicate;
  EXPECT_TRUE(known(outputs, other).empty());
}

TEST_F(KnownOutputsTest, OfASweepThatNeverHadFewerAreNone) {
  const std::vector<ProfileRow> rows = keep(four_, 1);
  EXPECT_TRUE(known(KnownOutputs(at_, four_), rows[0]).empty());
}

// Each would give other points' values, or end the coordinator.
TEST_F(KnownOutputsTest, OfFilesThatAreGoneDamagedOrAnotherSweepsAreComputedAgain) {
  const std::vector<ProfileRow> fours = keep(four_, 2);
  keep(eight_, 2);
  std::filesystem::copy_file(results_of(four_), results_of(eight_),
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(known(KnownOutputs(at_, sixteen_), fours[0]), fours[0].outputs)
      << "another's in place of eight's";
  std::ofstream(results_of(eight_)) << "no HDF5";
  EXPECT_EQ(known(KnownOutputs(at_, sixteen_), fours[0]), fours[0].outputs);
  std::filesystem::remove(results_of(four_));
  EXPECT_TRUE(known(KnownOutputs(at_, sixteen_), fours[0]).empty());
}

// As of a disk that turns a bit: the value would be in the results of now.
TEST_F(KnownOutputsTest, OfAFileWithAChangedValueAreComputedAgain) {
  const std::vector<ProfileRow> rows = keep(four_, 2);
  std::string bytes = read_file(results_of(four_));
  const std::string stored(reinterpret_cast<const char*>(rows[1].outputs.data()),
                           rows[1].outputs.size() * sizeof(float));
  const std::size_t at = bytes.find(stored);
  ASSERT_NE(at, std::string::npos);
  bytes[at + 2] = static_cast<char>(bytes[at + 2] ^ 1);
  std::ofstream(results_of(four_), std::ios::binary) << bytes;
  const KnownOutputs outputs(at_, eight_);
  for (const ProfileRow& row : rows) EXPECT_TRUE(known(outputs, row).empty());
}

TEST_F(KnownOutputsTest, OfAnotherNumberThanTheirPointsHaveAreNotTaken) {
  std::vector<ProfileRow> rows = keep(four_, 1);
  rows[0].outputs.pop_back();
  std::filesystem::remove(results_of(four_));
  write_store(results_of(four_), {sweep_id(four_), sample::kGrid, sample::kLevels}, rows, {}, {},
              to_json_text(four_));
  EXPECT_TRUE(known(KnownOutputs(at_, eight_), rows[0]).empty());
}

}  // namespace
}  // namespace wcam
