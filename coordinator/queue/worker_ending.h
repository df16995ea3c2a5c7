// How a worker that was lost ended, for whoever asks why a job was lost with it.
#pragma once

#include <string>

namespace wcam {

struct WorkerEnding {
  std::string how;       // "worker-1 was killed by signal 9 (Killed)", if who started it has said so
  std::string log_tail;  // its last lines, 8 at most and 1,500 bytes, without control characters
};

}  // namespace wcam
