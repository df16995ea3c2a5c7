// What `wcam explain` says on the terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "common/store/records.h"
#include "worker/jobs/compute.h"

namespace wcam {

// A line on stderr that tells how far the forwards are, where that is a terminal; it goes away with the
// object.
class ExplainProgress {
 public:
  ExplainProgress(std::string image, std::int64_t batches);
  ~ExplainProgress();
  ExplainProgress(const ExplainProgress&) = delete;
  ExplainProgress& operator=(const ExplainProgress&) = delete;

  // After each batch.
  void step();

 private:
  using Clock = std::chrono::steady_clock;
  std::string image_;
  std::int64_t batches_, done_ = 0;
  bool on_terminal_, drawn_ = false;
  Clock::time_point begun_ = Clock::now(), next_ = begun_;
};

// On stdout: the largest predictions, what was explained, and what the indices say, doubts included.
// classes: names, or none.
void print_explanation(const ProfileRow& row, const std::vector<Prediction>& largest,
                       const std::vector<std::string>& classes);

}  // namespace wcam
