// Which worker failed which jobs, so that a job is tried elsewhere next and a worker that fails whatever it
// is given (a broken GPU, files that it alone cannot read) does not use up the attempts of job after job. In
// memory only: a restart forgets it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "coordinator/queue/job_table.h"

namespace wcam {

class FailureRecord {
 public:
  using TimePoint = JobTable::TimePoint;

  // So many failures of a worker in a row make it doubtful.
  static constexpr std::uint32_t kDoubtful = 3;

  // A worker's failures in a row: since its last success, or since it was met.
  struct Row {
    std::uint32_t failures = 0;
    TimePoint latest;
    std::string text;  // error of the latest failure, a line
  };

  void failed(JobId job, WorkerId worker, TimePoint now, std::string text) {
    Where& where = where_[job];
    where.latest = now;
    if (std::find(where.workers.begin(), where.workers.end(), worker) == where.workers.end())
      where.workers.push_back(worker);
    Row& row = rows_[worker];
    row = {row.failures + 1, now, std::move(text)};
  }
  void succeeded(WorkerId worker) { rows_.erase(worker); }
  // The job is finished: where it failed does not matter any more.
  void forget(JobId job) { where_.erase(job); }

  // Where a job has failed, each worker once, and when it did last; nullptr: nowhere.
  struct Where {
    std::vector<WorkerId> workers;
    TimePoint latest;
  };
  const Where* where(JobId job) const {
    const auto found = where_.find(job);
    return found == where_.end() ? nullptr : &found->second;
  }
  // The worker's failures in a row; nullptr: it has failed nothing since its last success.
  const Row* row(WorkerId worker) const {
    const auto found = rows_.find(worker);
    return found == rows_.end() ? nullptr : &found->second;
  }
  bool doubtful(WorkerId worker) const {
    const Row* found = row(worker);
    return found != nullptr && found->failures >= kDoubtful;
  }

 private:
  std::unordered_map<JobId, Where> where_;
  std::unordered_map<WorkerId, Row> rows_;
};

}  // namespace wcam
