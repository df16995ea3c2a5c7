#include "worker/protocol/curve_probe.h"

#include <optional>
#include <thread>

#include "common/base/error.h"
#include "common/wire/address.h"
#include "common/wire/connect.h"
#include "common/wire/socket_monitor.h"
#include "worker/protocol/handshake_monitor.h"

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace wcam {

namespace {

constexpr milliseconds kPause{500};
constexpr int kHandshakeEnds = HandshakeMonitor::kEvents & ~ZMQ_EVENT_CLOSED;

// How one ends, an event; nullopt: not by the deadline.
std::optional<int> try_handshake(zmq::context_t& context, const std::string& endpoint, const WorkerKey& key,
                                 Clock::time_point deadline) {
  zmq::socket_t socket(context, zmq::socket_type::dealer);
  SocketMonitor monitor(context, socket, kHandshakeEnds);
  set_key(socket, key);
  socket.set(zmq::sockopt::linger, 0);
  connect_to(socket, endpoint);
  for (auto left = deadline - Clock::now(); left.count() > 0; left = deadline - Clock::now()) {
    zmq::pollitem_t item{monitor.handle(), 0, ZMQ_POLLIN, 0};
    zmq::poll(&item, 1, std::chrono::ceil<milliseconds>(left));
    if (const auto event = monitor.next()) return event->kind;
  }
  return std::nullopt;
}

}  // namespace

void check_endpoint(const std::string& endpoint) {
  if (!is_endpoint(endpoint))
    throw UsageError("--coordinator '" + endpoint +
                     "' is not of the form tcp://HOST:PORT (an IPv6 address in brackets)");
}

void set_key(zmq::socket_t& socket, const WorkerKey& key) {
  socket.set(zmq::sockopt::curve_serverkey, key.coordinator);
  socket.set(zmq::sockopt::curve_publickey, key.own.public_key);
  socket.set(zmq::sockopt::curve_secretkey, key.own.secret);
}

Admission ask_for_admission(const std::string& endpoint, const WorkerKey& key, milliseconds patience) {
  constexpr int kMostFailures = 3;
  zmq::context_t context;
  const auto deadline = Clock::now() + patience;
  for (int failures = 0; failures < kMostFailures; ++failures) {
    const auto end = try_handshake(context, endpoint, key, deadline);
    if (!end) return Admission::kNone;
    if (*end == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) return Admission::kAdmitted;
    if (*end == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) return Admission::kTurnedAway;
    std::this_thread::sleep_for(kPause);
  }
  return Admission::kFailing;
}

}  // namespace wcam
