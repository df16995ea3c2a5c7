// Whether a coordinator would let this worker in, without becoming one of its workers.
#pragma once

#include <chrono>
#include <string>
#include <zmq.hpp>

#include "common/wire/keys.h"

namespace wcam {

// What --coordinator names. Throws UsageError unless it is of the form tcp://HOST:PORT.
void check_endpoint(const std::string& endpoint);

// Before the socket connects: who it is, and whom it expects to meet.
void set_key(zmq::socket_t& socket, const WorkerKey& key);

enum class Admission {
  kAdmitted,    // the handshake succeeded
  kTurnedAway,  // the coordinator has said that it does not admit the key
  kFailing,     // handshakes fail, again and again
  kNone,        // none ends within the patience: nobody is there, or somebody who hangs
};

// Tries again, since a network may cut a connection. endpoint: "tcp://HOST:PORT". Throws InputError when its
// host cannot be found.
Admission ask_for_admission(const std::string& endpoint, const WorkerKey& key,
                            std::chrono::milliseconds patience);

}  // namespace wcam
