// What a sweep would cost, from its plan, what it has done and a short measurement: arithmetic only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/study/measurement.h"
#include "common/study/plan.h"
#include "coordinator/sweep/prospect.h"

namespace wcam {

// The least and the most that a quantity may be: it depends on predictions that are not there yet.
struct Range {
  double low = 0, high = 0;
  Range operator+(const Range& other) const { return {low + other.low, high + other.high}; }
  Range operator*(double factor) const { return {low * factor, high * factor}; }
  bool operator==(const Range&) const = default;
};

struct Forecast {
  double sample = 0;                       // images that may be explained
  double to_decide = 0;                    // of these, those that are selected as predictions will have it
  Range predict_jobs, explain_jobs;        // still to do
  Range predict_forwards;                  // images put through a network by these predict jobs
  std::uint64_t forwards_per_predict = 0;  // on average; batches pad them
  std::uint64_t forwards_per_wcam = 0;
  std::uint64_t forwards_per_ladder = 0;  // of these, in batches of their own (WcamSettings::sufficient)
  double forwards_there = 0;              // of these WCAMs, computed when they had fewer design points
  // What the jobs of one measured case take.
  struct CaseCost {
    std::string name;
    double load_seconds = 0, image_seconds = 0, predict_seconds = 0, wcam_seconds = 0;  // mean of the workers
  };
  std::vector<CaseCost> cases;                // empty without a measurement
  std::optional<Range> seconds;               // all workers together, still to go
  std::optional<std::uint64_t> memory_bytes;  // of the largest worker, with one case loaded
  // Sizes on disk once the sweep has ended and was packed, what is there already included.
  Range segment_bytes, results_bytes, ledger_bytes;
  Range disk_bytes() const { return segment_bytes + results_bytes + ledger_bytes; }

  Range explain_forwards() const {
    return explain_jobs * static_cast<double>(forwards_per_wcam) + Range{-forwards_there, -forwards_there};
  }
  Range forwards() const { return predict_forwards + explain_forwards(); }
};

struct Crew {
  int workers = 1, batch_size = 8;
};

// begun: nullopt of a sweep that has not begun. measured: one entry a worker, or none.
// Time: every worker measured at once, each as fast as it was then, work divided by speed; starting, figures
// and the tail, when not every worker has work, are left out. Disk: rows as common/store/format.md has them,
// a file at least every 64 results or 30 s, pictures compressed as the measured ones (without: to 0.7).
Forecast forecast(const Plan& plan, const std::optional<Prospect>& begun,
                  std::span<const Measurement> measured, const Crew& crew);

}  // namespace wcam
