// Segments and their reading: round trips, what is refused and in which words, damage.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <random>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/version.h"
#include "common/store/hdf5.h"
#include "common/store/results.h"
#include "common/store/segment.h"
#include "common/store/store_file.h"
#include "tests/common/sample_store.h"
#include "tests/common/sample_sweep.h"
#include "tests/common/store_support.h"
#include "tests/temporary_folder.h"

namespace fs = std::filesystem;

namespace wcam {
namespace {

void write_sample(const fs::path& target, std::size_t profiles, std::size_t predictions, std::size_t images) {
  write_store(target, sample::header(), sample::profiles(0, profiles), sample::predictions(0, predictions),
              sample::images(0, images));
}

using sample::Sweep;

// ------------------------------------------------------------------------------------------- round trip

TEST(Store, WhatWasWrittenIsReadBack) {
  const TemporaryFolder folder;
  write_sample(folder.path() / "a.h5", 27, 12, 7);
  const Results results = Results::open(folder.path() / "a.h5");

  EXPECT_EQ(results.header().sweep_id, sample::header().sweep_id);
  EXPECT_EQ(results.header().grid, sample::kGrid);
  EXPECT_EQ(results.header().levels, sample::kLevels);
  EXPECT_FALSE(results.plan());
  EXPECT_EQ(results.read_predictions(), sample::predictions(0, 12));
  for (std::size_t k = 0; k < 7; ++k) {
    const ImageRow row = sample::pixels(k);
    EXPECT_EQ(results.read_pixels(row.image, row.variant), row);
  }
  std::vector<ProfileRow> rows = read_all(results);
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.job < b.job; });
  EXPECT_EQ(rows, sample::profiles(0, 27));
  EXPECT_EQ(files_in(folder.path()), std::vector<std::string>{"a.h5"});
}

TEST(Store, ListedProfilesHaveAllButTheirArrays) {
  const TemporaryFolder folder;
  write_sample(folder.path() / "a.h5", 1, 0, 0);
  ProfileRow expected = sample::profile(0);
  for (auto* array : {&expected.wcam, &expected.standard_error, &expected.outputs}) array->clear();
  EXPECT_EQ(Results::open(folder.path() / "a.h5").profiles(), std::vector<ProfileRow>{expected});
}

TEST(Store, AnyOfTheThreeKindsOfRowsMayBeAbsent) {
  const TemporaryFolder folder;
  for (const auto& [profiles, predictions, images] :
       {std::array<std::size_t, 3>{0, 0, 0}, {3, 0, 0}, {0, 3, 0}, {0, 0, 3}}) {
    write_sample(folder.path() / "a.h5", profiles, predictions, images);
    const Results results = Results::open(folder.path() / "a.h5");
    EXPECT_EQ(results.profiles().size(), profiles);
    EXPECT_EQ(results.read_predictions().size(), predictions);
    EXPECT_EQ(refused([&] { (void)results.read_pixels(sample::image(0), "source"); }) == "accepted",
              images > 0);
  }
}

TEST(Store, EmptyTextAndVectorsSurvive) {
  const TemporaryFolder folder;
  ProfileRow row = sample::profile(0);
  row.image = row.device = "";
  row.outputs.clear();
  write_store(folder.path() / "a.h5", {"", sample::kGrid, sample::kLevels}, std::vector{row}, {}, {});
  const Results results = Results::open(folder.path() / "a.h5");
  EXPECT_EQ(results.read_profile(0), row);
  EXPECT_EQ(results.header().sweep_id, "");
}

TEST(Store, ThePlanComesBackFromTheFile) {
  const TemporaryFolder folder;
  Plan plan = sample::plan();
  for (int i = 0; i < 20000; ++i)  // 2.6 MB of text: more than an attribute holds
    plan.images.push_back({"more/" + std::to_string(i) + ".png", std::string(64, '9')});
  write_store(folder.path() / "a.h5", sample::header(), {}, {}, {}, to_json_text(plan));
  const Results results = Results::open(folder.path() / "a.h5");
  ASSERT_TRUE(results.plan());
  EXPECT_EQ(sweep_id(*results.plan()), sweep_id(plan));
}

TEST(Store, RowsOfUnequalLengthAreACallersMistake) {
  const TemporaryFolder folder;
  const auto message = [&](auto change) -> std::string {
    std::vector<ProfileRow> rows = sample::profiles(0, 2);
    change(rows[1]);
    try {
      write_store(folder.path() / "a.h5", sample::header(), rows, {}, {});
    } catch (const std::invalid_argument& e) {
      return e.what();
    }
    return "accepted";
  };
  EXPECT_EQ(message([](ProfileRow& row) { row.wcam.pop_back(); }),
            "profiles row 1: wcam has 24 values, 25 expected");
  EXPECT_EQ(message([](ProfileRow& row) { row.outputs.push_back(0); }),
            "profiles row 1: outputs has 12 values, 11 expected");
  EXPECT_EQ(message([](ProfileRow& row) { row.level_share.clear(); }),
            "profiles row 1: level_share has 0 values, 4 expected");
  EXPECT_TRUE(files_in(folder.path()).empty());
}

// ------------------------------------------------------------------------------------------- sweeps

TEST(Results, SegmentsOfASweepAreReadAsOne) {
  const Sweep sweep;
  write_store(sweep.segment("b"), sample::header(), sample::profiles(20, 30), sample::predictions(6, 6),
              sample::images(3, 4));
  write_store(sweep.segment("a"), sample::header(), sample::profiles(0, 20), sample::predictions(0, 6),
              sample::images(0, 4));
  write_file_atomically(sweep.at.segments() / ".c.h5.17.partial", "not whole yet");
  const Results results = Results::open(sweep.at.root);
  ASSERT_EQ(results.profiles().size(), 50U);
  ASSERT_TRUE(results.plan());
  EXPECT_EQ(results.read_predictions(), sample::predictions(0, 12));
  for (std::size_t k = 0; k < 7; ++k)
    EXPECT_EQ(results.read_pixels(sample::pixels(k).image, sample::pixels(k).variant), sample::pixels(k));
  for (const ProfileRow& row : read_all(results))
    EXPECT_EQ(row, sample::profile(value(row.job) - (std::uint64_t{1} << 62U)));
}

TEST(Results, OrderIsRankThenThePlansCasesThenRole) {
  const Sweep sweep;
  std::vector<ProfileRow> rows = sample::profiles(0, 18);
  std::reverse(rows.begin(), rows.end());
  write_store(sweep.segment("a"), sample::header(), rows, {}, {});
  const Results results = Results::open(sweep.at.root);
  ASSERT_EQ(results.profiles().size(), 18U);
  for (std::size_t i = 0; i < 18; ++i) {
    EXPECT_EQ(results.profiles()[i].rank, i / 9);
    EXPECT_EQ(results.profiles()[i].case_name, sample::kCases[(i / 3) % 3]);
    EXPECT_EQ(results.profiles()[i].role, static_cast<Role>(i % 3));
  }
}

TEST(Results, AJobAnsweredTwiceCountsOnceLowestAttemptThenFirstSegment) {
  const Sweep sweep;
  const auto marked = [](std::size_t job, std::uint32_t attempt, const char* device) {
    ProfileRow row = sample::profile(job, attempt);
    row.device = device;
    return row;
  };
  std::vector<PredictionRow> late = sample::predictions(0, 3, 2);
  for (PredictionRow& row : late) row.label = 99;
  write_store(sweep.segment("a"), sample::header(), std::vector{marked(0, 2, "a"), marked(1, 1, "a")}, late,
              {});
  write_store(sweep.segment("b"), sample::header(),
              std::vector{marked(0, 1, "b"), marked(1, 1, "b"), marked(2, 1, "b"), marked(2, 1, "b again")},
              sample::predictions(0, 3, 1), {});
  const Results results = Results::open(sweep.at.root);
  ASSERT_EQ(results.profiles().size(), 3U);
  EXPECT_EQ(results.profiles()[0].device, "b");
  EXPECT_EQ(results.profiles()[1].device, "a");
  EXPECT_EQ(results.profiles()[2].device, "b");
  EXPECT_EQ(results.read_profile(1), marked(1, 1, "a"));
  EXPECT_EQ(results.read_predictions(), sample::predictions(0, 3, 1));
}

TEST(Results, MoreSegmentsThanFilesKeptOpen) {
  const Sweep sweep;
  for (std::size_t i = 0; i < 40; ++i)
    write_store(sweep.segment(std::to_string(i)), sample::header(), sample::profiles(i, 1), {}, {});
  const Results results = Results::open(sweep.at.root);
  for (int twice = 0; twice < 2; ++twice)
    for (const ProfileRow& row : read_all(results))
      EXPECT_EQ(row, sample::profile(value(row.job) - (std::uint64_t{1} << 62U)));
}

TEST(Results, ASweepWithoutResultsYetIsEmpty) {
  const Sweep sweep;
  const Results results = Results::open(sweep.at.root);
  EXPECT_TRUE(results.profiles().empty());
  EXPECT_TRUE(results.read_predictions().empty());
  EXPECT_EQ(results.header().sweep_id, sample::header().sweep_id);
  EXPECT_EQ(results.header().grid, sample::kGrid);
}

TEST(Results, SegmentsThatAreDamagedOrOfAnotherSweepAreLeftOut) {
  const Sweep sweep;
  StoreHeader foreign = sample::header(), other = sample::header();
  foreign.sweep_id = std::string(64, 'f');
  other.grid = 4;
  write_store(sweep.segment("a"), foreign, sample::profiles(0, 1), {}, {});
  write_store(sweep.segment("b"), other, {}, {}, {});
  write_store(sweep.segment("c"), sample::header(), sample::profiles(0, 2), {}, {});
  write_store(sweep.segment("d"), sample::header(), sample::profiles(2, 1), {}, {});
  const std::uint64_t size = fs::file_size(sweep.segment("d"));
  fs::resize_file(sweep.segment("d"), size - 1);
  const Results results = Results::open(sweep.at.root);
  EXPECT_EQ(results.profiles().size(), 2U);
  ASSERT_EQ(results.left_out().size(), 3U);
  EXPECT_EQ(results.left_out()[0].why, sweep.segment("a").string() +
                                           " belongs to another sweep (ffffffffffff, this one is " +
                                           sample::header().sweep_id.substr(0, 12) + "): move it away");
  EXPECT_EQ(results.left_out()[1].why,
            sweep.segment("b").string() + " has grid 4 and 3 levels, this sweep 5 and 3");
  EXPECT_EQ(results.left_out()[2].segment, sweep.segment("d"));
}

// ------------------------------------------------------------------------------------------- refusals

TEST(Results, FilesThatAreNoStoreAreRefusedInWords) {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "a.h5").string();
  const auto opened = [&] { return refused([&] { (void)Results::open(file); }); };
  EXPECT_EQ(opened(), "cannot read " + file + ": No such file or directory");
  write_file_atomically(file, "");
  EXPECT_EQ(opened(), "cannot read " + file + ": not an HDF5 file");
  write_file_atomically(file, std::string(5000, 'x'));
  EXPECT_EQ(opened(), "cannot read " + file + ": not an HDF5 file");
  EXPECT_EQ(refused([&] { (void)Results::open(folder.path()); }),
            folder.path().string() + " is no sweep: neither plan.json nor results.h5 nor segments are in it");
}

TEST(Results, AttributesThatAreMissingOrOutOfRangeAreNamed) {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "a.h5").string();
  const auto with = [&](const std::string& format, std::int64_t version, std::int64_t grid) {
    h5::File store = h5::File::create(file);
    store.set_attribute("format", format);
    store.set_attribute("format_version", version);
    if (grid != 0) store.set_attribute("grid", grid);
    store.set_attribute("levels", std::int64_t{3});
    store.set_attribute("sweep_id", std::string("00"));
    store.close();
    return refused([&] { (void)Results::open(file); });
  };
  EXPECT_EQ(with("wcam-store", 1, 5), "accepted");
  EXPECT_EQ(with("other", 1, 5),
            file + " is an HDF5 file, but not a store of WCAMs (attribute format is not \"wcam-store\")");
  EXPECT_EQ(with("wcam-store", 2, 5),
            file + " has format version 2, this is wcam " + kVersion +
                ", which reads 1: use the version of wcam that wrote it or a later one");
  EXPECT_EQ(with("wcam-store", 1, 0), file + ": no attribute grid");
  EXPECT_EQ(with("wcam-store", 1, 70000), file + ": attribute grid is 70000, outside 1 to 65535");
}

TEST(Results, ColumnsThatDisagreeAreNamed) {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "a.h5").string();
  const auto with = [&](auto add) {
    h5::File store = h5::File::create(file);
    store.set_attribute("format", std::string("wcam-store"));
    for (const char* name : {"format_version", "grid", "levels"}) store.set_attribute(name, std::int64_t{1});
    store.set_attribute("sweep_id", std::string(""));
    add(store);
    store.close();
    return refused([&] { (void)Results::open(file).read_predictions(); });
  };
  const auto job = [](h5::File& store) {
    store.create_dataset("predictions/job", h5::type_of<std::uint64_t>(), {2});
  };
  EXPECT_EQ(with([](h5::File& store) { store.create_dataset("predictions/x", h5::text_of(1), {2}); }),
            file + ": no dataset predictions/job");
  EXPECT_EQ(with([&](h5::File& store) { job(store); }), file + ": no dataset predictions/attempt");
  EXPECT_EQ(with([&](h5::File& store) {
              job(store);
              store.create_dataset("predictions/attempt", h5::type_of<std::uint32_t>(), {3});
            }),
            file + ": predictions/attempt has 3 rows, predictions/job 2");
  EXPECT_EQ(with([&](h5::File& store) {
              job(store);
              store.create_dataset("predictions/attempt", h5::type_of<std::uint32_t>(), {2, 2});
            }),
            file + ": predictions/attempt is [R, 2], [R] expected");
  EXPECT_EQ(with([&](h5::File& store) {
              job(store);
              store.create_dataset("predictions/attempt", h5::text_of(3), {2});
            }),
            file + ": predictions/attempt holds text, not integers");
}

TEST(Results, PixelsThatAreNotStoredAreNamed) {
  const TemporaryFolder folder;
  write_sample(folder.path() / "a.h5", 0, 0, 1);
  const Results results = Results::open(folder.path() / "a.h5");
  EXPECT_EQ(refused([&] { (void)results.read_pixels("b.png", "source"); }),
            "no pixels of b.png, source are stored");
}

// ------------------------------------------------------------------------------------------- damage

std::size_t read_everything(const fs::path& file) {
  const Results results = Results::open(file);
  const std::size_t rows = read_all(results).size() + results.read_predictions().size();
  for (std::size_t k = 0; k < 3; ++k)
    (void)results.read_pixels(sample::pixels(k).image, sample::pixels(k).variant);
  return rows;
}

TEST(Damage, ASegmentCutAnywhereIsRefusedAndNamed) {
  const TemporaryFolder folder;
  write_sample(folder.path() / "whole.h5", 9, 9, 3);
  ASSERT_EQ(read_everything(folder.path() / "whole.h5"), 18U);
  const fs::path cut = folder.path() / "cut.h5";
  fs::copy_file(folder.path() / "whole.h5", cut);
  const std::size_t whole = fs::file_size(cut);
  // Every length near both ends, where headers and the last block lie, and a stride that meets every phase
  // between.
  for (std::size_t length = whole - 1; length > 0; length -= length < 2200 || length + 300 > whole ? 1 : 37) {
    fs::resize_file(cut, length);
    const std::string message = refused([&] { read_everything(cut); });
    ASSERT_NE(message, "accepted") << length << " of " << whole << " bytes";
    ASSERT_NE(message.find(cut.string()), std::string::npos) << message;
    if (length != whole - 1) continue;
    EXPECT_EQ(message, "cannot read " + cut.string() + ": cut short: " + std::to_string(length) +
                           " bytes are there, " + std::to_string(whole) + " were written");
  }
}

// How many of 300 copies with four bytes changed are refused; crashes when HDF5 does.
int refused_of_changed_copies(const TemporaryFolder& folder) {
  const std::string whole = read_file(folder.path() / "whole.h5");
  const fs::path changed = folder.path() / "changed.h5";
  std::mt19937 random(95);
  int refusals = 0;
  for (int i = 0; i < 300; ++i) {
    std::string bytes = whole;
    for (int k = 0; k < 4; ++k) bytes[random() % bytes.size()] = static_cast<char>(random());
    std::ofstream(changed, std::ios::binary) << bytes;
    refusals += refused([&] { read_everything(changed); }) == "accepted" ? 0 : 1;
    fs::remove(changed);
  }
  return refusals;
}

// Metadata has checksums; values have none, so some changes are read as they are. What matters: never a
// crash. In a child, because HDF5 1.10 forgets some memory at each wrong checksum, which the address
// sanitizer would report at exit.
TEST(Damage, ASegmentWithBytesChangedIsReadOrRefused) {
  const TemporaryFolder folder;
  write_sample(folder.path() / "whole.h5", 9, 9, 3);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(refused_of_changed_copies(folder) > 100 ? 0 : 1);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

// Older files lack them, so that what is not found under its name would be read as empty.
TEST(Damage, AColumnWhoseNameIsChangedIsNotTakenForOneThatWasNeverThere) {
  const TemporaryFolder folder;
  write_sample(folder.path() / "whole.h5", 9, 9, 3);
  const std::string whole = read_file(folder.path() / "whole.h5");
  const fs::path changed = folder.path() / "changed.h5";
  for (const std::string name : {"doubts", "sufficient_cells", "replicate"}) {
    std::string bytes = whole;
    for (std::size_t at = bytes.find(name); at != std::string::npos; at = bytes.find(name, at + 1))
      bytes[at + 1] = static_cast<char>(bytes[at + 1] ^ 1);
    ASSERT_NE(bytes, whole);
    std::ofstream(changed, std::ios::binary) << bytes;
    EXPECT_NE(refused([&] { store::StoreReader(changed).check_values(); }), "accepted") << name;
    fs::remove(changed);
  }
}

TEST(Damage, AFullDiskIsOneClearErrorAndLeavesNoFile) {
  const SmallDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "mounting a small tmpfs needs root";
  const fs::path target = disk.path() / "a.h5";
  EXPECT_EQ(refused([&] { write_sample(target, 600, 0, 0); }),
            "cannot write " + target.string() + ": No space left on device");
  EXPECT_TRUE(files_in(disk.path()).empty());
  write_sample(target, 6, 0, 0);
  EXPECT_EQ(Results::open(target).profiles().size(), 6U);
}

TEST(Damage, AFullDiskUnderHdf5IsOneClearErrorToo) {
  const SmallDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "mounting a small tmpfs needs root";
  const std::string target = (disk.path() / "a.h5").string();
  const std::vector<float> row(784);
  // By the last flush only (all fits in HDF5's caches), or in the middle of writing.
  for (const std::uint64_t rows : {100U, 2000U}) {
    const std::string message = refused([&] {
      h5::File file = h5::File::create(target);
      h5::Dataset& data = file.create_dataset("a/b", h5::type_of<float>(), {0, 784}, {.chunk_rows = 16});
      for (std::uint64_t i = 0; i < rows; ++i) data.append(1, h5::type_of<float>(), row.data());
      file.close();
    });
    EXPECT_EQ(message, "cannot write " + target + ": No space left on device");
  }
}

// ------------------------------------------------------------------------------------------- the wrapper

TEST(Hdf5, ReadsAWholeDatasetWithItsDimensionsAsEitherFloat) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "design.h5").string();
  h5::File file = h5::File::create(path);
  const std::vector<double> values{0.1, 0.2, 0.3, 0.4, 0.5, 0.6};
  file.create_dataset("A", h5::type_of<double>(), {2, 3}).write(0, 2, h5::type_of<double>(), values.data());
  file.write_text("words", "some");
  file.close();
  EXPECT_EQ(h5::read_dataset<double>(path, "A").values, values);
  EXPECT_EQ(h5::read_dataset<double>(path, "A").dims, (h5::Dims{2, 3}));
  EXPECT_EQ(h5::read_dataset<float>(path, "A").values,
            (std::vector<float>{0.1F, 0.2F, 0.3F, 0.4F, 0.5F, 0.6F}));
  EXPECT_EQ(refused([&] { (void)h5::read_dataset<float>(path, "B"); }), path + ": no dataset B");
  EXPECT_EQ(refused([&] { (void)h5::read_dataset<float>(path, "A/B"); }), path + ": no dataset A/B");
  EXPECT_EQ(refused([&] { (void)h5::read_dataset<float>(path, "words"); }),
            path + ": words holds text, not numbers");
}

TEST(Hdf5, AFileDroppedHalfWayLeavesTheLibrarySound) {
  const TemporaryFolder folder;
  for (int i = 0; i < 3; ++i) {
    h5::File file = h5::File::create(folder.path() / "a.h5");
    file.create_dataset("A", h5::type_of<double>(), {2, 3});
    EXPECT_EQ(refused([&] {
                file.create_dataset("A/B", h5::type_of<double>(), {2, 3});
              }).find(file.path()),
              0U);
  }
  write_sample(folder.path() / "a.h5", 1, 1, 1);
  EXPECT_EQ(Results::open(folder.path() / "a.h5").profiles().size(), 1U);
}

TEST(Hdf5, AFileThatCannotBeCreatedIsNamedWithTheReason) {
  EXPECT_EQ(refused([] { (void)h5::File::create("/nowhere/a.h5"); }),
            "cannot create /nowhere/a.h5: No such file or directory");
}

}  // namespace
}  // namespace wcam
