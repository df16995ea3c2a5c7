// What a process's log says of its end, for whoever asks why a job was lost with it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace wcam {

struct LastWords {
  std::string ending;  // "worker-1 was killed by signal 9 (Killed)", if who started it has said so
  std::string tail;    // its last lines, 8 at most and 1,500 bytes, without control characters
};

// Of the lines about `pid` in a log file (docs/logs.md). Empty when there is no such file: also when it is a
// link or no plain file, since workers write to that folder.
LastWords last_words(const std::filesystem::path& log, pid_t pid);

}  // namespace wcam
