// What the measurements of the queue share: a sweep whose jobs take no time, the coordinator's real process,
// and an answer to any job.
#pragma once

#include <sys/types.h>
#include <wire.pb.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "common/base/process.h"
#include "common/base/sweep_directory.h"
#include "common/wire/keys.h"

namespace wcam {

// Every image is predicted by every case. Of one image in a hundred every variant changes every prediction,
// so that it is explained: its source and one variant, with every case.
struct QueueStudy {
  std::size_t images = 100'000, cases = 10, variants = 1;

  std::size_t predict_jobs() const { return images * cases; }
  std::size_t explained_images() const { return (images + 99) / 100; }
  std::size_t explain_jobs() const { return explained_images() * cases * 2; }
  std::size_t jobs() const { return predict_jobs() + explain_jobs(); }
};

// A folder that is gone when this is.
class ScratchSweep {
 public:
  // Writes the plan of a sweep of images that are not there (the coordinator of a sweep that has a plan reads
  // none), below `folder`.
  ScratchSweep(const std::filesystem::path& folder, const QueueStudy& study);
  ~ScratchSweep();
  ScratchSweep(const ScratchSweep&) = delete;
  ScratchSweep& operator=(const ScratchSweep&) = delete;

  const SweepDirectory& directory() const { return directory_; }
  // Of the workers; made if it is not there. nullopt when `insecure`.
  std::optional<WorkerKey> worker_key(bool insecure) const;

 private:
  SweepDirectory directory_;
};

// `wcam-coordinator run`; what it says goes to SWEEP/coordinator.stderr.
Process start_coordinator(const SweepDirectory& sweep, bool insecure);

// Answers at once, as if its result lay in a segment. For who has no images, models or disk.
wire::Outcome answer_to(const wire::Job& job, std::size_t variants);

// In a process of its own that ends with this one, and never returns.
pid_t start_child(const std::function<void()>& act);

// Of a process: peak resident memory, and the CPU seconds that it has used; 0 when it has ended.
double peak_memory_mib(pid_t pid);
double cpu_seconds(pid_t pid);

// Runs a program without its words; the milliseconds it took. Throws std::runtime_error when it fails.
double milliseconds_of(const std::vector<std::string>& command);

// The number that a SELECT gives, asking SQLite alone. While no coordinator runs. Throws InputError.
std::size_t count_in_ledger(const SweepDirectory& sweep, const std::string& sql);

// Of sorted numbers.
double quantile(const std::vector<double>& sorted, double q);

}  // namespace wcam
