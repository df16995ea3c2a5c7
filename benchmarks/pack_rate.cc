// How many results a second does the store take, merge and give back, and with how much memory?
//   pack_rate [ROWS = 100000] [FOLDER = the system's temporary folder]
// Rows are as at the usual setting: grid 28, 3,140 outputs, three cases, noise for values; 64 to a segment. A
// plain program rather than Google Benchmark: each step is run once, on files that the step before made. 20
// kB of disk a row, twice.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <random>
#include <string>

#include "common/base/file.h"
#include "common/base/sweep_directory.h"
#include "common/store/pack.h"
#include "common/store/results.h"
#include "common/study/perturbation.h"

namespace fs = std::filesystem;

namespace wcam {
namespace {

constexpr std::size_t kSegmentRows = 64, kForwards = 3140, kLevels = 3;
constexpr int kGrid = 28;

Plan make_plan() {
  Plan plan;
  plan.images = {{"n01440764/ILSVRC2012_val_00000293.JPEG", std::string(64, '1')}};
  plan.variants = variants_of("corruptions", {}, {});
  for (const char* name : {"baseline", "augmix", "pixmix"}) {
    CaseSpec c;
    c.name = name;
    c.file = c.name + ".pt";
    c.sha256 = std::string(64, '2');
    plan.cases.push_back(c);
  }
  return plan;
}

std::vector<float> noise(std::size_t count, std::mt19937& random) {
  std::uniform_real_distribution<float> uniform;
  std::vector<float> values(count);
  for (float& value : values) value = uniform(random);
  return values;
}

ProfileRow make_row(std::size_t i, const Plan& plan, std::mt19937& random) {
  ProfileRow row;
  const std::size_t image = i / 18;
  row.image = "n01440764/ILSVRC2012_val_" + std::to_string(10000000 + image) + ".JPEG";
  row.perturbation = plan.perturbation;
  row.case_name = plan.cases[i % 3].name;
  row.role = i % 18 < 3 ? Role::kSource : Role::kAltered;
  row.variant = row.role == Role::kSource ? "source" : plan.variants[i % 18];
  row.job = explain_job_id(row.image, row.variant, row.case_name);
  row.attempt = Attempt{1};
  row.rank = static_cast<std::uint32_t>(image);
  row.role_index = static_cast<std::uint32_t>(i % 18 / 3);
  row.wcam = noise(kGrid * kGrid, random);
  row.standard_error = noise(kGrid * kGrid, random);
  row.outputs = noise(kForwards, random);
  row.level_share = row.level_contributions = noise(kLevels + 1, random);
  row.spectral_profile = noise(3 * kLevels + 1, random);
  row.device = "cpu";
  row.estimator = "jansen-total";
  return row;
}

// Runs in a child, so that each step's peak memory is its own.
void measure(const std::string& step, std::size_t rows, const std::function<void()>& act) {
  std::fflush(stdout);
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child == 0) {
    act();
    std::fflush(stdout);
    ::_exit(0);
  }
  rusage used{};
  int status = 0;
  ::wait4(child, &status, 0, &used);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const auto cpu = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  std::printf("%-38s %7.2f s %9.0f rows/s %7.2f s CPU %5ld MiB %s\n", step.c_str(), seconds,
              static_cast<double>(rows) / seconds, cpu(used.ru_utime) + cpu(used.ru_stime),
              used.ru_maxrss / 1024, status == 0 ? "" : "FAILED");
}

void write_segments(const SweepDirectory& sweep, const Plan& plan, std::size_t rows) {
  std::mt19937 random(95);
  const StoreHeader header{sweep_id(plan), kGrid, kLevels};
  for (std::size_t first = 0; first < rows; first += kSegmentRows) {
    std::vector<ProfileRow> segment;
    for (std::size_t i = first; i < std::min(rows, first + kSegmentRows); ++i)
      segment.push_back(make_row(i, plan, random));
    write_store(sweep.segments() / (std::to_string(10000000 + first) + ".h5"), header, segment, {}, {});
  }
}

void read_some(const fs::path& sweep, std::size_t count) {
  const Results results = Results::open(sweep);
  std::mt19937 random(95);
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < count; ++i) (void)results.read_profile(random() % results.profiles().size());
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("  of which one random profile with its arrays %.2f ms\n",
              1e3 * seconds / static_cast<double>(count));
}

void run(std::size_t rows, const fs::path& folder) {
  const SweepDirectory sweep{folder / ("wcam-pack-rate-" + std::to_string(::getpid()))};
  make_directories(sweep.segments());
  const Plan plan = make_plan();
  write_file_atomically(sweep.plan(), to_json_text(plan));
  measure("write segments (fsync each)", rows, [&] { write_segments(sweep, plan, rows); });
  measure("open the segments", rows, [&] { (void)Results::open(sweep.root); });
  measure("open the segments, read 1000 profiles", rows, [&] { read_some(sweep.root, 1000); });
  measure("pack", rows, [&] { (void)pack(sweep.root); });
  measure("pack again, nothing new", rows, [&] { (void)pack(sweep.root); });
  measure("open results.h5", rows, [&] { (void)Results::open(sweep.root); });
  measure("open results.h5, read 1000 profiles", rows, [&] { read_some(sweep.root, 1000); });
  const auto segment = fs::file_size(sweep.segments() / "10000000.h5"),
             packed = fs::file_size(sweep.results());
  std::printf("a segment of %zu rows %ju bytes, results.h5 %.0f bytes a row\n", kSegmentRows,
              static_cast<std::uintmax_t>(segment), static_cast<double>(packed) / static_cast<double>(rows));
  fs::remove_all(sweep.root);
}

}  // namespace
}  // namespace wcam

int main(int argc, char** argv) {
  const std::size_t rows = argc > 1 ? std::stoul(argv[1]) : 100000;
  wcam::run(rows, argc > 2 ? fs::path(argv[2]) : fs::temp_directory_path());
}
