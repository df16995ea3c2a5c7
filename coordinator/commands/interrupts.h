// Ctrl-C and a cluster's notice, for verbs that stop in order.
#pragma once

#include <atomic>

namespace wcam {

// From now on SIGINT and SIGTERM are counted instead of ending the process. Returns their number, which
// rises.
const std::atomic<int>& count_interrupts();

}  // namespace wcam
