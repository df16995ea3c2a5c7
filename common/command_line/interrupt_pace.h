// When a second Ctrl-C or SIGTERM is one: some programs (timeout of coreutils, launchers) send each signal
// twice, to a process and to its group, and mean one.
#pragma once

#include <ctime>

namespace wcam {

// At each interrupt; false for one that comes within half a second of the one before. May be called in a
// signal handler, of one thread at a time.
inline bool counts_as_another() {
  static timespec before{};
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const double since = static_cast<double>(now.tv_sec - before.tv_sec) +
                       static_cast<double>(now.tv_nsec - before.tv_nsec) * 1e-9;
  const bool first = before.tv_sec == 0;
  before = now;
  return first || since > 0.5;
}

}  // namespace wcam
