// Connections by a host's name. Left to itself ZeroMQ looks for addresses of one kind alone, IPv4 or IPv6,
// takes the first, and tries in silence, for ever, where there is none.
#pragma once

#include <sys/socket.h>

#include <string>
#include <vector>
#include <zmq.hpp>

namespace wcam {

struct Address {
  sockaddr_storage bytes{};
  socklen_t size = 0;

  // "tcp://10.0.0.5:5555", "tcp://[fd00::5]:5555"
  std::string endpoint() const;
  // A TCP socket that is being connected to it, not waited for: poll() says what came of it. Negative: none.
  int call() const;
};

// What the host of tcp://HOST:PORT stands for, the best first; never empty. Throws InputError with reason and
// remedy when that is not the endpoint's form, or the host is not found.
std::vector<Address> addresses_of(const std::string& endpoint);

// Connects to the endpoint's address, of several to the first that takes a connection now. Throws InputError
// as above.
void connect_to(zmq::socket_t& socket, const std::string& endpoint);

}  // namespace wcam
