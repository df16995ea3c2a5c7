// A sweep on one machine: one coordinator, some workers, then the figures.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/base/error.h"

namespace wcam {

struct LocalSweep {
  std::filesystem::path sweep;
  int workers = 2;                               // 1..256
  std::vector<std::string> devices{"cpu"};       // worker i gets devices[i % size]
  std::vector<std::string> coordinator_options;  // passed on as they are
  std::vector<std::string> worker_options;
  bool figures = true;
  bool page = false;  // the coordinator serves one (--http): it stays until the figures are drawn
};

// Runs the sweep to its end or to a signal. A worker that dies is started again, with growing pauses; one
// that refuses to work (exit code 2 or 3) is not, and when none is left the coordinator is stopped. Nor is
// one that the coordinator has let go (0: `wcam drain`); the coordinator then goes on for workers from
// elsewhere. SIGINT or SIGTERM stops the sweep in order (what is finished is stored; kInterrupted); a second
// one at once. Returns the coordinator's exit code, or kInterrupted when it was killed.
ExitCode run_local_sweep(const LocalSweep& sweep);

}  // namespace wcam
