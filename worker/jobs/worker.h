// The worker of a sweep: takes jobs, computes, makes results durable, reports them, until it is told to stop.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "common/base/error.h"
#include "worker/jobs/compute_options.h"
#include "worker/jobs/local_paths.h"

namespace wcam {

struct WorkerOptions {
  std::filesystem::path sweep;  // segments go below it; may be empty with `collect`
  bool collect = false;         // send segments to the coordinator: its file system is not this one's
  std::string coordinator;      // endpoint; empty: as the sweep directory says
  std::optional<std::filesystem::path> key;  // common/wire/keys.h; without: the conversation is not encrypted
  ComputeOptions compute;
  std::uint64_t model_bytes = std::uint64_t{1} << 30;  // bound of the cases kept loaded (model_cache.h)
  std::chrono::seconds hand_in{30};  // a result waits that long at most before it is made durable, 0..3600
  std::chrono::seconds patience{600};
  LocalPaths paths;
  std::optional<std::filesystem::path> log;  // file that this process logs to
};

// kDone when told to stop by the coordinator, kInterrupted by SIGINT/SIGTERM (either way the job in hand is
// finished and handed in; a second signal ends the process at once), when no coordinator has been heard for
// `patience`, when finished results could not be stored to the last or when the device computes wrong since a
// job has failed, kBadInput when refused. As long as results cannot be stored it waits with them, takes no
// job, and tries again every few seconds.
ExitCode run_worker(const WorkerOptions& options);

}  // namespace wcam
