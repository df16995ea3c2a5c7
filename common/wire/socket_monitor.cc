#include "common/wire/socket_monitor.h"

#include <atomic>
#include <cstring>
#include <string>

namespace wcam {

namespace {

// An endpoint of its own for each: names inside a context are free again only after the socket is closed.
std::string new_address() {
  static std::atomic<unsigned> count = 0;
  return "inproc://monitor-" + std::to_string(count++);
}

}  // namespace

SocketMonitor::SocketMonitor(zmq::context_t& context, zmq::socket_t& socket, int kinds)
    : socket_(socket), events_(context, zmq::socket_type::pair) {
  const std::string address = new_address();
  if (zmq_socket_monitor(socket.handle(), address.c_str(), kinds) != 0) throw zmq::error_t();
  // No bound: ZeroMQ's thread would wait for us at it, and with it every connection.
  events_.set(zmq::sockopt::rcvhwm, 0);
  events_.connect(address);
}

SocketMonitor::~SocketMonitor() { zmq_socket_monitor(socket_.handle(), nullptr, 0); }

std::optional<SocketMonitor::Event> SocketMonitor::next() {
  zmq::message_t frame, address;
  if (!events_.recv(frame, zmq::recv_flags::dontwait)) return std::nullopt;
  std::uint16_t kind = 0;
  Event event;
  std::memcpy(&kind, frame.data<char>(), sizeof kind);
  std::memcpy(&event.value, frame.data<char>() + sizeof kind, sizeof event.value);
  event.kind = kind;
  if (frame.more()) (void)events_.recv(address, zmq::recv_flags::dontwait);  // the endpoint, which we know
  return event;
}

std::string handshake_failure(const SocketMonitor::Event& event) {
  if (event.kind == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) return "the key is not admitted";
  if (event.kind == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)
    return "closed before it was done (" + std::string(zmq_strerror(static_cast<int>(event.value))) + ")";
  if (event.value == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH)
    return "one side encrypts, the other does not (--insecure)";
  if (event.value == ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC) return "made for another coordinator's key";
  return "ZeroMQ's protocol was broken (error " + std::to_string(event.value) + ")";
}

}  // namespace wcam
