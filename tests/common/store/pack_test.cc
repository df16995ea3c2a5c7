// Merging segments: every job once, atomically, whatever happens meanwhile.
#include "common/store/pack.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <set>
#include <thread>

#include "common/store/hdf5.h"
#include "common/store/results.h"
#include "tests/common/sample_store.h"
#include "tests/common/sample_sweep.h"
#include "tests/common/store_support.h"

namespace fs = std::filesystem;

namespace wcam {
namespace {

using sample::Sweep;
using std::chrono::microseconds;
using std::chrono::steady_clock;

void write_segment(const Sweep& sweep, const std::string& name, std::size_t first_profile,
                   std::size_t profiles, std::size_t first_prediction = 0, std::size_t predictions = 0,
                   std::size_t first_image = 0, std::size_t images = 0) {
  write_store(sweep.segment(name), sample::header(), sample::profiles(first_profile, profiles),
              sample::predictions(first_prediction, predictions), sample::images(first_image, images));
}

// Every profile equals the formula of its job; returns how many there are.
std::size_t check_profiles(const Results& results) {
  std::set<JobId> seen;
  for (const ProfileRow& row : read_all(results)) {
    EXPECT_TRUE(seen.insert(row.job).second);
    EXPECT_EQ(row, sample::profile(value(row.job) - (std::uint64_t{1} << 62U)));
  }
  return seen.size();
}

TEST(Pack, MergesSegmentsOfAllKinds) {
  const Sweep sweep;
  write_segment(sweep, "a", 0, 30, 0, 12, 0, 4);
  write_segment(sweep, "b", 30, 24);
  write_segment(sweep, "c", 0, 0, 12, 6);
  write_segment(sweep, "d", 0, 0, 0, 0, 2, 5);
  const PackReport report = pack(sweep.at.root);
  EXPECT_EQ(report.segments, 4U);
  EXPECT_EQ(report.duplicates, 0U);
  EXPECT_EQ(report.profiles, 54U);
  EXPECT_EQ(report.predictions, 18U);
  EXPECT_EQ(report.images, 7U);
  EXPECT_EQ(report.doubtful, 36U);
  EXPECT_EQ(report.doubts,
            (std::map<std::string, std::size_t>{{"an index above 1", 18}, {"no standard error", 36}}));

  for (const char* from : {"the sweep", "results.h5 alone"}) {
    SCOPED_TRACE(from);
    const Results results =
        Results::open(from == std::string("the sweep") ? sweep.at.root : sweep.at.results());
    EXPECT_EQ(check_profiles(results), 54U);
    EXPECT_EQ(results.read_predictions(), sample::predictions(0, 18));
    for (std::size_t k = 0; k < 7; ++k)
      EXPECT_EQ(results.read_pixels(sample::pixels(k).image, sample::pixels(k).variant), sample::pixels(k));
    ASSERT_TRUE(results.plan());
    EXPECT_EQ(sweep_id(*results.plan()), sample::header().sweep_id);
  }
}

TEST(Pack, AddsNewSegmentsAfterTheOldRows) {
  const Sweep sweep;
  write_segment(sweep, "a", 0, 10, 0, 3, 0, 1);
  (void)pack(sweep.at.root);
  // Names before and after, a longer text, and one image again.
  ProfileRow longer = sample::profile(19);
  longer.device = "a device with a longer name";
  std::vector<ProfileRow> rows = sample::profiles(10, 9);
  rows.push_back(longer);
  write_store(sweep.segment("0"), sample::header(), rows, {}, sample::images(0, 2));
  write_segment(sweep, "z", 20, 5, 3, 3);
  EXPECT_EQ(check_profiles(Results::open(sweep.at.results())), 10U);
  EXPECT_EQ(Results::open(sweep.at.root).profiles().size(), 25U);

  const PackReport report = pack(sweep.at.root);
  EXPECT_EQ(report.segments, 2U);
  EXPECT_EQ(report.profiles, 25U);
  EXPECT_EQ(report.predictions, 6U);
  EXPECT_EQ(report.images, 2U);
  const Results results = Results::open(sweep.at.results());
  EXPECT_EQ(results.profiles().size(), 25U);
  const auto has_job = [&](const ProfileRow& row) { return row.job == longer.job; };
  const auto at = std::find_if(results.profiles().begin(), results.profiles().end(), has_job);
  ASSERT_NE(at, results.profiles().end());
  EXPECT_EQ(results.read_profile(static_cast<std::size_t>(at - results.profiles().begin())), longer);
}

TEST(Pack, OldRowsKeepTheirPlaces) {
  const Sweep sweep;
  write_segment(sweep, "b", 5, 5);
  (void)pack(sweep.at.root);
  write_segment(sweep, "a", 0, 5);
  (void)pack(sweep.at.root);
  h5::File file = h5::File::open(sweep.at.results());
  const auto jobs = file.dataset("profiles/job").read<std::uint64_t>(0, 10);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(jobs[i], value(sample::profile((i + 5) % 10).job));
}

TEST(Pack, WithNothingNewWritesNothing) {
  const Sweep sweep;
  write_segment(sweep, "a", 0, 10, 0, 3, 0, 2);
  (void)pack(sweep.at.root);
  const auto before = fs::last_write_time(sweep.at.results());
  fs::remove(sweep.segment("a"));  // packed ones may go
  const PackReport report = pack(sweep.at.root);
  EXPECT_EQ(fs::last_write_time(sweep.at.results()), before);
  EXPECT_EQ(report.segments, 0U);
  EXPECT_EQ(report.profiles, 10U);
  EXPECT_EQ(report.predictions, 3U);
  EXPECT_EQ(report.images, 2U);
}

TEST(Pack, OfNoSegmentsMakesAnEmptyFile) {
  const Sweep sweep;
  EXPECT_EQ(pack(sweep.at.root).profiles, 0U);
  EXPECT_TRUE(Results::open(sweep.at.results()).profiles().empty());
  EXPECT_TRUE(Results::open(sweep.at.results()).plan());
}

TEST(Pack, KeepsEveryJobOnceWhoeverAnsweredItTwice) {
  const Sweep sweep;
  const auto marked = [](std::size_t job, std::uint32_t attempt, const char* device) {
    ProfileRow row = sample::profile(job, attempt);
    row.device = device;
    return row;
  };
  std::vector<PredictionRow> late = sample::predictions(0, 6, 2);
  for (PredictionRow& row : late) row.label = 99;
  write_store(sweep.segment("a"), sample::header(), std::vector{marked(0, 2, "a"), marked(1, 1, "a")}, late,
              {});
  write_store(sweep.segment("b"), sample::header(),
              std::vector{marked(0, 1, "b"), marked(1, 1, "b"), marked(2, 3, "b"), marked(2, 3, "b again")},
              sample::predictions(0, 3, 1), {});
  EXPECT_EQ(pack(sweep.at.root).duplicates, 4U);
  // What has been packed stays, though an earlier attempt turns up.
  write_store(sweep.segment("c"), sample::header(), std::vector{marked(2, 1, "c")}, {}, {});
  EXPECT_EQ(Results::open(sweep.at.root).profiles().size(), 3U);
  EXPECT_EQ(pack(sweep.at.root).duplicates, 1U);

  const Results results = Results::open(sweep.at.results());
  ASSERT_EQ(results.profiles().size(), 3U);
  EXPECT_EQ(results.read_profile(0), marked(0, 1, "b"));
  EXPECT_EQ(results.read_profile(1), marked(1, 1, "a"));
  EXPECT_EQ(results.read_profile(2), marked(2, 3, "b"));
  std::vector<PredictionRow> expected(late.begin() + 3, late.end());
  const std::vector<PredictionRow> first = sample::predictions(0, 3, 1);
  expected.insert(expected.end(), first.begin(), first.end());
  EXPECT_EQ(results.read_predictions(), expected);
}

TEST(Pack, RecognisesPackedJobsWithoutTheListOfSegments) {
  const Sweep sweep;
  write_segment(sweep, "a", 0, 10, 0, 3, 0, 2);
  (void)pack(sweep.at.root);
  fs::rename(sweep.segment("a"), sweep.segment("renamed"));
  const PackReport report = pack(sweep.at.root);
  EXPECT_EQ(report.segments, 1U);
  EXPECT_EQ(report.duplicates, 11U);  // ten profiles and one predict job
  EXPECT_EQ(report.profiles, 10U);
  EXPECT_EQ(report.predictions, 3U);
  EXPECT_EQ(report.images, 2U);
}

TEST(Pack, AReaderThatIsOpenKeepsItsRows) {
  const Sweep sweep;
  write_segment(sweep, "b", 0, 20);
  (void)pack(sweep.at.root);
  const Results results = Results::open(sweep.at.root);
  write_segment(sweep, "a", 20, 20);
  (void)pack(sweep.at.root);
  EXPECT_EQ(check_profiles(results), 20U);
}

TEST(Pack, LeavesOutWhatIsDamagedOrDoesNotBelongAndMergesTheRest) {
  const Sweep sweep;
  write_segment(sweep, "a", 0, 10);
  StoreHeader foreign = sample::header();
  foreign.sweep_id = std::string(64, 'f');
  write_store(sweep.segment("b"), foreign, sample::profiles(10, 1), {}, {});
  write_segment(sweep, "c", 10, 3);
  fs::resize_file(sweep.segment("c"), fs::file_size(sweep.segment("c")) - 100);
  std::vector<ProfileRow> rows = sample::profiles(10, 1);
  rows[0].outputs.push_back(0);
  write_store(sweep.segment("d"), sample::header(), rows, {}, {});
  write_segment(sweep, "e", 20, 5);

  const PackReport report = pack(sweep.at.root);
  EXPECT_EQ(report.profiles, 15U);
  ASSERT_EQ(report.left_out.size(), 3U);
  EXPECT_EQ(report.left_out[0].segment, sweep.segment("b"));
  EXPECT_EQ(
      report.left_out[0].why.find(sweep.segment("b").string() + " belongs to another sweep (ffffffffffff"),
      0U);
  EXPECT_EQ(report.left_out[1].why.find("cannot read " + sweep.segment("c").string() + ": cut short"), 0U);
  EXPECT_EQ(report.left_out[2].why,
            sweep.segment("d").string() + ": profiles/outputs is [R, 12], [R, 11] in the files before it");

  EXPECT_EQ(check_profiles(Results::open(sweep.at.results())), 15U);

  write_segment(sweep, "c", 10, 3);  // whole now
  EXPECT_EQ(pack(sweep.at.root).profiles, 18U);
}

TEST(Pack, OfADamagedResultsFileOrWithoutAPlanIsRefused) {
  const Sweep sweep;
  write_segment(sweep, "a", 0, 10);
  (void)pack(sweep.at.root);
  const auto packed = [&] { return refused([&] { (void)pack(sweep.at.root); }); };
  fs::resize_file(sweep.at.results(), fs::file_size(sweep.at.results()) - 100);
  EXPECT_EQ(packed().find("cannot read " + sweep.at.results().string() + ": cut short"), 0U);
  EXPECT_EQ(files_in(sweep.at.root),
            (std::vector<std::string>{"pack.lock", "plan.json", "results.h5", "segments"}));
  fs::remove(sweep.at.plan());
  EXPECT_EQ(packed(), "cannot read " + sweep.at.plan().string() + ": No such file or directory");
}

TEST(Pack, TwoAtATimeAreRefused) {
  const Sweep sweep;
  const int other = ::open(sweep.at.pack_lock().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  ASSERT_EQ(::flock(other, LOCK_EX), 0);
  EXPECT_EQ(refused([&] { (void)pack(sweep.at.root); }),
            sweep.at.root.string() + " is being packed by another process: wait for it");
  ::close(other);
  EXPECT_EQ(refused([&] { (void)pack(sweep.at.root); }), "accepted");
}

TEST(Pack, OnAFullDiskFailsClearlyAndKeepsTheOldFile) {
  const SmallDisk disk;
  if (!disk.mounted()) GTEST_SKIP() << "mounting a small tmpfs needs root";
  const SweepDirectory sweep{disk.path()};
  const Sweep elsewhere;  // the segments need no room on the small disk
  fs::create_directory_symlink(elsewhere.at.segments(), sweep.segments());
  write_file_atomically(sweep.plan(), to_json_text(sample::plan()));
  write_segment(elsewhere, "a", 0, 10);
  (void)pack(sweep.root);
  write_segment(elsewhere, "b", 10, 600);
  EXPECT_EQ(refused([&] { (void)pack(sweep.root); }),
            "cannot write " + sweep.results().string() + ": No space left on device");
  EXPECT_EQ(files_in(sweep.root),
            (std::vector<std::string>{"pack.lock", "plan.json", "results.h5", "segments"}));
  EXPECT_EQ(check_profiles(Results::open(sweep.results())), 10U);
}

// A child packs and is killed after `patience`, unless it is done.
void pack_in_a_child_killed_after(const fs::path& sweep, microseconds patience) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    (void)pack(sweep);
    ::_exit(0);
  }
  std::this_thread::sleep_for(patience);
  ::kill(child, SIGKILL);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
}

TEST(Pack, KilledAtAnyMomentLeavesTheOldOrTheNewFile) {
  const Sweep sweep;
  for (std::size_t s = 0; s < 12; ++s)
    write_segment(sweep, std::to_string(10 + s), s * 20, 20, s * 3, 3, s % 6, 1);
  const auto start = steady_clock::now();
  (void)pack(sweep.at.root);
  const auto whole = std::chrono::duration_cast<microseconds>(steady_clock::now() - start);
  fs::copy_file(sweep.at.results(), sweep.at.root / "twelve.h5");
  write_segment(sweep, "z", 240, 20, 36, 3);

  std::mt19937 random(95);
  // Moments up to `latest`, which follows how long a pack takes on this machine just now, so that both ends
  // are met.
  double latest = 1.5 * static_cast<double>(whole.count());
  std::size_t old_file = 0, new_file = 0;
  const auto going_on = [&] {
    const auto spent = steady_clock::now() - start;
    return spent < std::chrono::seconds(4) ||
           (std::min(old_file, new_file) == 0 && spent < std::chrono::seconds(60));
  };
  while (going_on()) {
    const double moment = std::uniform_real_distribution<double>(0, latest)(random);
    pack_in_a_child_killed_after(sweep.at.root, microseconds(static_cast<std::int64_t>(moment)));
    const Results results = Results::open(sweep.at.results());
    const std::size_t profiles = check_profiles(results);
    ASSERT_TRUE(profiles == 240 || profiles == 260) << profiles;
    ASSERT_EQ(results.read_predictions(), sample::predictions(0, profiles == 240 ? 36 : 39));
    ++(profiles == 240 ? old_file : new_file);
    latest *= profiles == 240 ? 1.1 : 0.9;
    if (profiles == 260)  // back to the start
      fs::copy_file(sweep.at.root / "twelve.h5", sweep.at.results(), fs::copy_options::overwrite_existing);
  }
  RecordProperty("old_file", static_cast<int>(old_file));
  RecordProperty("new_file", static_cast<int>(new_file));
  EXPECT_GT(old_file, 0U);
  EXPECT_GT(new_file, 0U);
  EXPECT_EQ(pack(sweep.at.root).profiles, 260U);
  EXPECT_EQ(files_in(sweep.at.root),
            (std::vector<std::string>{"pack.lock", "plan.json", "results.h5", "segments", "twelve.h5"}));
}

}  // namespace
}  // namespace wcam
