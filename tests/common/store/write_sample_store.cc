// Our half of store_reader_test.py.
//   write_sample_store write SWEEP   a sweep of two segments and results.h5, values by the formulas of
//   sample_store.h write_sample_store check FILE    reads a store that somebody else wrote by the same
//   formulas; exit status 1 if it differs write_sample_store count FILE    prints how many profiles,
//   predictions it holds
#include <cstdio>
#include <string>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/sweep_directory.h"
#include "common/command_line/run_main.h"
#include "common/store/pack.h"
#include "common/store/results.h"
#include "tests/common/sample_store.h"

namespace wcam {
namespace {

void write(const SweepDirectory& sweep) {
  make_directories(sweep.segments());
  write_file_atomically(sweep.plan(), to_json_text(sample::plan()));
  write_store(sweep.segments() / "a.h5", sample::header(), sample::profiles(0, 20), sample::predictions(0, 9),
              sample::images(0, 4));
  write_store(sweep.segments() / "b.h5", sample::header(), sample::profiles(20, 34), {},
              sample::images(4, 3));
  (void)pack(sweep.root);
}

bool differs(const std::string& what, bool equal) {
  if (!equal) std::fprintf(stderr, "%s differ\n", what.c_str());
  return !equal;
}

ExitCode check(const std::filesystem::path& file) {
  const Results results = Results::open(file);
  bool bad = differs("headers", results.header().sweep_id == sample::header().sweep_id &&
                                    results.header().grid == sample::kGrid &&
                                    results.header().levels == sample::kLevels);
  bad |= differs("numbers of profiles", results.profiles().size() == 54);
  for (std::size_t i = 0; i < results.profiles().size(); ++i) {
    const ProfileRow row = results.read_profile(i);
    bad |= differs("profiles " + to_string(row.job),
                   row == sample::profile(value(row.job) - (std::uint64_t{1} << 62U)));
  }
  bad |= differs("predictions", results.read_predictions() == sample::predictions(0, 9));
  for (std::size_t k = 0; k < 7; ++k) {
    const ImageRow row = sample::pixels(k);
    bad |= differs("pixels " + std::to_string(k), results.read_pixels(row.image, row.variant) == row);
  }
  return bad ? ExitCode::kInternal : ExitCode::kDone;
}

void count(const std::filesystem::path& file) {
  const Results results = Results::open(file);
  std::size_t values = 0;
  for (std::size_t i = 0; i < results.profiles().size(); ++i) values += results.read_profile(i).wcam.size();
  std::printf("%zu profiles of %zu values, %zu predictions\n", results.profiles().size(), values,
              results.read_predictions().size());
}

ExitCode act(const std::string& verb, const std::filesystem::path& path) {
  if (verb == "check") return check(path);
  if (verb == "write")
    write({path});
  else if (verb == "count")
    count(path);
  else
    throw UsageError("unknown verb " + verb);
  return ExitCode::kDone;
}

}  // namespace
}  // namespace wcam

int main(int argc, char** argv) {
  return wcam::run_main("write_sample_store", [&] {
    if (argc != 3) throw wcam::UsageError("write_sample_store write|check|count PATH");
    return wcam::act(argv[1], argv[2]);
  });
}
