// Which stored result of a job counts, when a job was answered more than once: what results.h5 holds stays;
// otherwise the lowest attempt, and of equal attempts the first segment by name. Pure; 16 bytes an
// occurrence.
#pragma once

#include <cstdint>
#include <vector>

#include "common/base/ids.h"

namespace wcam::store {

// A job's result in a file. Files are numbered: results.h5 is kResults, segments follow by name from
// kFirstSegment.
inline constexpr std::uint32_t kResults = 0, kFirstSegment = 1;
struct Occurrence {
  JobId job{};
  Attempt attempt{};
  std::uint32_t source = 0;
};

class AnswerChoice {
 public:
  // All occurrences before settle(), questions after it. A run of the same occurrence (the rows of a predict
  // job) may be offered once.
  void offer(const Occurrence& occurrence);
  void settle();

  // Whether anything was offered for the job.
  bool has(JobId job) const { return find(job) < chosen_.size(); }
  // Whether this occurrence is the one that counts.
  bool is_chosen(const Occurrence& occurrence) const;
  // The same, but true only once a job: for kinds of job that have one row.
  bool take(const Occurrence& occurrence);

  // Occurrences that do not count.
  std::size_t duplicates() const { return duplicates_; }
  std::size_t jobs() const { return chosen_.size(); }

 private:
  std::size_t find(JobId job) const;  // jobs(): never offered

  std::vector<Occurrence> chosen_;  // sorted by job once settled
  std::vector<bool> taken_;
  std::size_t duplicates_ = 0;
};

}  // namespace wcam::store
