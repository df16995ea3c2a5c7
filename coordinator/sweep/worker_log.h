// What a worker's log says of its end.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "coordinator/queue/worker_ending.h"

namespace wcam {

// How the worker with this process id ended, by the lines about it in a log file (docs/logs.md). Empty when
// there is no such file: also when it is a link or no plain file, since workers write to that folder.
WorkerEnding ending_in(const std::filesystem::path& log, pid_t pid);

}  // namespace wcam
