// Finished results on their way to being durable: gathered, written as one segment, then reported.
#pragma once

#include <chrono>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/store/segment.h"
#include "worker/perform.h"

namespace wcam {

class Outbox {
 public:
  using Clock = std::chrono::steady_clock;

  Outbox(std::filesystem::path segments, StoreHeader header);

  void add(JobResult result, Clock::time_point now);

  // True when 64 results have gathered, the oldest is 30 s old (2 s if a prediction waits: selection needs
  // it), a failure waits, or nothing is left to compute.
  bool due(Clock::time_point now, bool idle) const;

  // Writes one segment (if there is anything to store) and returns the outcomes that may now be reported.
  // Throws InputError when it cannot be written: the results stay here.
  std::vector<wire::Outcome> store();

 private:
  std::filesystem::path segments_;
  StoreHeader header_;
  std::string prefix_;  // of segment names: unique to this process
  int written_ = 0;
  std::vector<wire::Outcome> outcomes_;
  std::vector<ProfileRow> profiles_;
  std::vector<PredictionRow> predictions_;
  std::vector<ImageRow> images_;
  std::set<std::pair<std::string, std::string>> stored_images_;  // by this process, in any segment
  Clock::time_point oldest_;
};

}  // namespace wcam
