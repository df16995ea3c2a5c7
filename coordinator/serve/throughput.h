// How many jobs each worker and each case has had done, and how fast: for the page. Follows the events.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "coordinator/queue/sweep_state.h"

namespace wcam {

struct Pace {
  std::uint64_t done = 0;
  double jobs_per_minute = 0;  // over the last five minutes
};

class Throughput {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // O(jobs). The state outlives this.
  explicit Throughput(const SweepState& state);

  // What has happened to the state, in order.
  void note(std::span<const Event> events);
  // Now and then: speeds are measured from mark to mark.
  void mark(TimePoint now);

  // Since the sweep began.
  Pace of_case(std::size_t case_index) const;
  // Since this object was made. A late answer of an earlier attempt is counted for its case alone.
  Pace of_worker(WorkerId worker) const;

 private:
  using Counts = std::vector<std::uint64_t>;
  struct Mark {
    TimePoint time;
    Counts by_case, by_worker;
  };
  Pace pace(Counts Mark::*counts, std::size_t index) const;

  const SweepState& state_;
  Mark now_;
  std::deque<Mark> marks_;
  // Who has the latest attempt of a job that is not done.
  std::unordered_map<JobId, std::pair<Attempt, WorkerId>> holders_;
};

}  // namespace wcam
