#include "worker/admission.h"

#include "common/error.h"
#include "common/socket_monitor.h"

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace wcam {

namespace {

constexpr int kHandshakeEnds = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                               ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

}  // namespace

void check_endpoint(const std::string& endpoint) {
  if (endpoint.rfind("tcp://", 0) != 0)
    throw UsageError("--coordinator '" + endpoint + "' is not of the form tcp://HOST:PORT");
}

void set_key(zmq::socket_t& socket, const WorkerKey& key) {
  socket.set(zmq::sockopt::curve_serverkey, key.coordinator);
  socket.set(zmq::sockopt::curve_publickey, key.own.public_key);
  socket.set(zmq::sockopt::curve_secretkey, key.own.secret);
}

Admission ask_for_admission(const std::string& endpoint, const WorkerKey& key, milliseconds patience) {
  zmq::context_t context;
  zmq::socket_t socket(context, zmq::socket_type::dealer);
  SocketMonitor monitor(context, socket, kHandshakeEnds);
  set_key(socket, key);
  socket.set(zmq::sockopt::linger, 0);
  socket.connect(endpoint);
  const auto deadline = Clock::now() + patience;
  for (auto left = patience; left.count() > 0;
       left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now())) {
    zmq::pollitem_t item{monitor.handle(), 0, ZMQ_POLLIN, 0};
    zmq::poll(&item, 1, left);
    if (const auto event = monitor.next())
      return event->kind == ZMQ_EVENT_HANDSHAKE_SUCCEEDED     ? Admission::kAdmitted
             : event->kind == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH ? Admission::kTurnedAway
                                                              : Admission::kNone;
  }
  return Admission::kNone;
}

}  // namespace wcam
