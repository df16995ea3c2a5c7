// What the store of a sweep says of its jobs, whatever the ledger says: each row is checked against the plan
// and against the id of its job, so that a damaged file is found even where HDF5 reads it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/sweep_directory.h"
#include "coordinator/queue/sweep_state.h"

namespace wcam {

// The answer to one attempt at a job, as a file holds it.
struct StoredResult {
  Attempt attempt{};
  std::uint32_t file = 0;        // into StoredResults::files
  JobSpec spec;                  // predict jobs: without what is of explain jobs
  double seconds = 0;            // explain jobs
  Labels labels;                 // predict jobs
  std::uint32_t provenance = 0;  // into StoredResults::provenances
};

struct DamagedFile {
  std::filesystem::path file;
  std::string why;
};

struct StoredResults {
  using ByJob = std::unordered_map<JobId, std::vector<StoredResult>>;

  std::vector<std::filesystem::path> files;  // read and sound; results.h5 last, if it is there
  std::vector<DamagedFile> damaged;          // nothing of them is below
  ByJob in_segments;                         // in the order of files
  std::optional<ByJob> packed;               // in results.h5
  std::vector<std::string> merged;           // segments that results.h5 was made from
  std::vector<std::string> provenances{""};  // each that a row gives, once; the first: none

  // Drops the results of a file that turns out to be damaged after all, and notes what it holds.
  void discard(std::uint32_t file, const std::string& what);
  std::string name_of(const StoredResult& result) const { return files[result.file].filename().string(); }
  // The answer that counts (common/store/answer_choice.h): the one in results.h5, from a segment if one has
  // it still; else the lowest attempt, of the first segment. nullptr: none is stored.
  const StoredResult* chosen(JobId job) const;
  // How many jobs' answers that count have each provenance.
  std::map<std::string, std::size_t> jobs_by_provenance() const;
};

// Drops the files with a WCAM of a class that nothing stored predicts for its variant: its job was damaged
// before it was computed.
void discard_unpredicted(StoredResults& stored, const SweepState& state);

// `state` gives the plan and the order of its images. Memory: about 150 bytes a result. HDF5: one thread.
StoredResults read_stored_results(const SweepDirectory& sweep, const SweepState& state);

}  // namespace wcam
