// Which worker failed which jobs, so that a job is tried elsewhere next and a worker that fails whatever it
// is given (a broken GPU, files that it alone cannot read) does not use up the attempts of job after job. In
// memory only: a restart forgets it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "coordinator/job_table.h"

namespace wcam {

class FailureRecord {
 public:
  using TimePoint = JobTable::TimePoint;

  // Jobs failed one after the other that make a worker doubtful.
  static constexpr std::uint32_t kDoubtful = 3;

  void failed(JobId job, WorkerId worker, TimePoint now) {
    where_[job].push_back(worker);
    Row& row = rows_[worker];
    ++row.failures;
    row.latest = now;
  }
  void succeeded(WorkerId worker) { rows_.erase(worker); }
  // It is finished: where it failed does not matter any more.
  void forget(JobId job) { where_.erase(job); }

  bool failed_at(JobId job, WorkerId worker) const {
    const auto found = where_.find(job);
    return found != where_.end() &&
           std::find(found->second.begin(), found->second.end(), worker) != found->second.end();
  }
  // Since its last success, or since it was met.
  std::uint32_t in_a_row(WorkerId worker) const {
    const auto found = rows_.find(worker);
    return found == rows_.end() ? 0 : found->second.failures;
  }
  bool doubtful(WorkerId worker) const { return in_a_row(worker) >= kDoubtful; }
  // Of a worker that has failed a job.
  TimePoint latest(WorkerId worker) const { return rows_.at(worker).latest; }

 private:
  struct Row {
    std::uint32_t failures = 0;
    TimePoint latest;
  };
  std::unordered_map<JobId, std::vector<WorkerId>> where_;
  std::unordered_map<WorkerId, Row> rows_;
};

}  // namespace wcam
