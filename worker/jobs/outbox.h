// Finished results on their way to being durable: gathered, written or sent as one segment, then reported.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/store/segment.h"
#include "common/wire/segment_transfer.h"
#include "worker/jobs/job_runner.h"

namespace wcam {

class Outbox {
 public:
  using Clock = std::chrono::steady_clock;

  // `patience`: how long a result may wait for company; bounds what a crash costs.
  Outbox(std::filesystem::path segments, StoreHeader header, std::chrono::seconds patience);

  void add(JobResult result, Clock::time_point now);

  // Whether it is time to store: 64 results have gathered, the oldest has waited `patience`, a failure waits,
  // or nothing is left to compute. A prediction waits no longer than 2 s, since selection needs it. In the
  // beginning a result waits no longer than a quarter of the time since the first one, so that somebody who
  // watches sees that it goes on. `next_job`: how long the next look is away, as the last job was; a result
  // never waits `patience` and a job more.
  bool due(Clock::time_point now, bool idle, Clock::duration next_job) const;

  std::size_t size() const { return outcomes_.size(); }

  // Writes one segment (if there is anything to store) and returns the outcomes that may now be reported.
  // Throws InputError when it cannot be written: the results stay here.
  std::vector<wire::Outcome> store();
  // Makes a segment in memory instead, which the coordinator is to store.
  SegmentTransfer pack();

 private:
  bool nothing_to_store() const { return profiles_.empty() && predictions_.empty(); }
  std::string next_segment() const;
  std::vector<wire::Outcome> take_out(const std::string& segment);

  std::filesystem::path segments_;
  StoreHeader header_;
  std::chrono::seconds patience_;
  std::string prefix_;  // of segment names: unique to this process
  int written_ = 0;
  std::vector<wire::Outcome> outcomes_;
  std::vector<ProfileRow> profiles_;
  std::vector<PredictionRow> predictions_;
  std::vector<ImageRow> images_;
  std::set<std::pair<std::string, std::string>> stored_images_;  // by this process, in any segment
  Clock::time_point oldest_;
  std::optional<Clock::time_point> first_;  // result of this process
};

}  // namespace wcam
