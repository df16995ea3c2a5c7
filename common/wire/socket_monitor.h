// What befalls a ZeroMQ socket's connections: libzmq tries again in silence, a handshake that fails included.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <zmq.hpp>

namespace wcam {

// Of the thread that owns the socket.
class SocketMonitor {
 public:
  struct Event {
    int kind = 0;             // one of ZMQ_EVENT_*
    std::uint32_t value = 0;  // its meaning depends on the kind: zmq_socket_monitor(3)
  };

  // Before the socket is bound or connected, so that nothing is missed. `kinds`: ZMQ_EVENT_* of interest.
  SocketMonitor(zmq::context_t& context, zmq::socket_t& socket, int kinds);
  ~SocketMonitor();
  SocketMonitor(const SocketMonitor&) = delete;
  SocketMonitor& operator=(const SocketMonitor&) = delete;

  // Readable when there is an event.
  void* handle() { return events_.handle(); }
  // The next event; nullopt when there is none now.
  std::optional<Event> next();

 private:
  zmq::socket_t& socket_;
  zmq::socket_t events_;
};

// Why a handshake failed, from an event of kind ZMQ_EVENT_HANDSHAKE_FAILED_*, for people.
std::string handshake_failure(const SocketMonitor::Event& event);

}  // namespace wcam
