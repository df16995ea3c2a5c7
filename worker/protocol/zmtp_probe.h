// How whoever listens at an endpoint wants to talk. Every speaker of ZeroMQ's protocol (ZMTP 3, RFC 23) says
// so before anything else, and libzmq keeps it to itself.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace wcam {

// "CURVE" (encrypted), "NULL" (plain), ...; nullopt when nobody at "tcp://HOST:PORT" greets so within
// `patience` (for each of its addresses; the name's resolution apart): nobody listens, a proxy whose other
// side is away, another protocol. Throws InputError when its host cannot be found.
std::optional<std::string> mechanism_at(const std::string& endpoint, std::chrono::milliseconds patience);

}  // namespace wcam
