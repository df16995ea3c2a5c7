// The queue in a made-up world: one coordinator and some workers, all of their decisions the real code's, on
// a clock and a network of our own, while processes are killed, stopped and told to end and connections
// break. One seed, one schedule, the same on every run.
#pragma once

#include <cstdint>

#include "tests/coordinator/simulation/referee.h"

namespace wcam::simulation {

// Runs the schedule to the end of its sweep. Throws Violation when something does not hold that must, or when
// the sweep does not end; aborts when the code under test finds its own invariants broken. With `traced`,
// what happens is printed to stdout, a line an event.
Happenings simulate(std::uint64_t seed, bool traced);

}  // namespace wcam::simulation
