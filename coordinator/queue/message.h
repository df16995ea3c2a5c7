// What the scheduler hears from a worker, or wants said to one.
#pragma once

#include <wire.pb.h>

#include <string>

namespace wcam {

struct Message {
  std::string worker;  // as the session calls it (transport/peers.h)
  wire::Envelope envelope;
};

}  // namespace wcam
