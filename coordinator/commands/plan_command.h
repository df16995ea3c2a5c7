// `plan`: what `run` with the same options would do, without doing it.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "common/base/error.h"

namespace wcam {

// Prints a forecast (coordinator/commands/forecast.h) and leaves nothing behind. Measures with as many
// `wcam-worker measure` at once as there will be workers. Throws what `run` throws for the same options;
// kInterrupted when `interrupts` rises.
ExitCode plan_command(const std::vector<std::string>& arguments, const std::atomic<int>& interrupts);

}  // namespace wcam
