// What the router counts; apart from it, for who shows the numbers and needs no ZeroMQ.
#pragma once

#include <cstdint>

namespace wcam {

// Messages that were not handled, by reason.
struct RouterCounters {
  std::uint64_t malformed = 0;     // no Envelope in one frame, no body, or one of the other direction
  std::uint64_t before_hello = 0;  // from a peer that has not said who it is: told to
  std::uint64_t refused = 0;       // another protocol or sweep: told so
  std::uint64_t undelivered = 0;   // to a worker that is gone or takes nothing
  std::uint64_t too_many = 0;      // beyond RateBound of one connection
  // Oversized messages are dropped by ZeroMQ with their connection, uncounted.
};

}  // namespace wcam
