// What the parts of a simulation share.
#pragma once

#include <cstdio>
#include <string>

#include "tests/coordinator/simulation/clock.h"
#include "tests/coordinator/simulation/network.h"
#include "tests/coordinator/simulation/referee.h"
#include "tests/coordinator/simulation/study.h"

namespace wcam::simulation {

struct World {
  World(std::uint64_t seed, bool with_trace);

  // The next thing happens. Throws Violation when the sweep should have ended by now.
  void step();

  // A line of the trace; `text` makes it only when it is wanted.
  template <typename Text>
  void tell(const std::string& who, const Text& text) const {
    if (!traced) return;
    const std::string line = text();
    std::printf("%9.3f  %-5s %s\n", static_cast<double>(clock.elapsed().count()) / 1000, who.c_str(),
                line.c_str());
  }

  const bool traced;
  const bool collects;  // the coordinator stores the workers' segments, and they send them (--collect)
  const milliseconds no_room_until;  // for what is collected
  Chance chance;
  Clock clock;
  const Study study;
  SchedulerOptions options;
  Network network;
  Referee referee;
  std::uint32_t endpoint_file = 1;  // SWEEP/coordinator.endpoint
};

}  // namespace wcam::simulation
