#include "coordinator/operate/operator_client.h"

#include <chrono>
#include <optional>
#include <zmq.hpp>

#include "common/base/error.h"
#include "common/base/host.h"
#include "common/wire/address.h"
#include "common/wire/connect.h"
#include "common/wire/keys.h"
#include "common/wire/protocol.h"
#include "common/wire/socket_monitor.h"
#include "coordinator/ledger/ledger.h"
#include "coordinator/operate/apply_request.h"
#include "coordinator/sweep/open_sweep.h"
#include "coordinator/sweep/status.h"
#include "coordinator/sweep/sweep_folder.h"

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace wcam {

namespace {

// A coordinator takes its messages some times a second; one whose disk is slow takes longer.
constexpr seconds kPatience{10};
constexpr int kFailures = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                          ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

std::string name_of(const Status& coordinator) {
  return "coordinator " + std::to_string(coordinator.pid) + " on " + coordinator.host + " (" +
         coordinator.endpoint + ")";
}

// One request and its reply, on a connection of its own.
class Errand {
 public:
  Errand(const SweepDirectory& sweep, const Status& coordinator)
      : coordinator_(coordinator),
        socket_(context_, zmq::socket_type::dealer),
        monitor_(context_, socket_, kFailures) {
    if (!coordinator.insecure) {
      const KeyPair own = read_coordinator_key(sweep.coordinator_key());
      socket_.set(zmq::sockopt::curve_serverkey, own.public_key);
      socket_.set(zmq::sockopt::curve_publickey, own.public_key);
      socket_.set(zmq::sockopt::curve_secretkey, own.secret);
    }
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::maxmsgsize, kMaxMessageBytes);
    connect_to(socket_, coordinator.endpoint);
  }

  wire::Reply run(const wire::Request& request) {
    wire::Envelope envelope;
    envelope.set_protocol_version(kProtocolVersion);
    *envelope.mutable_request() = request;
    socket_.send(zmq::buffer(envelope.SerializeAsString()), zmq::send_flags::dontwait);
    const auto deadline = Clock::now() + kPatience;
    while (Clock::now() < deadline) {
      zmq::pollitem_t items[] = {{socket_.handle(), 0, ZMQ_POLLIN, 0}, {monitor_.handle(), 0, ZMQ_POLLIN, 0}};
      zmq::poll(items, std::size(items), std::chrono::ceil<milliseconds>(deadline - Clock::now()));
      if (const auto reply = take_reply()) return *reply;
      if (const auto event = monitor_.next())
        throw InputError(name_of(coordinator_) + " does not take keys/coordinator.key as its own: " +
                         handshake_failure(*event) + "; was the key replaced since it started?");
    }
    throw InputError(name_of(coordinator_) + " does not answer within " + std::to_string(kPatience.count()) +
                     " s; it may still do what was asked once it goes on, and asking again does no harm");
  }

 private:
  std::optional<wire::Reply> take_reply() {
    zmq::message_t frame;
    if (!socket_.recv(frame, zmq::recv_flags::dontwait)) return std::nullopt;
    wire::Envelope envelope;
    if (!envelope.ParseFromArray(frame.data(), static_cast<int>(frame.size()))) return std::nullopt;
    if (envelope.has_refused())
      throw InputError("refused by " + name_of(coordinator_) + ": " + envelope.refused().reason());
    return envelope.has_reply() ? std::optional(envelope.reply()) : std::nullopt;
  }

  const Status& coordinator_;
  zmq::context_t context_;
  zmq::socket_t socket_;
  SocketMonitor monitor_;
};

void check_reachable(const SweepDirectory& sweep, const Status& coordinator) {
  if (coordinator.endpoint.empty())
    throw InputError(name_of(coordinator) + " is starting " + sweep.root.string() +
                     ": ask again once `wcam status` says that it is running");
  if (coordinator.host != host_name() && is_loopback(host_of_endpoint(coordinator.endpoint)))
    throw InputError(name_of(coordinator) + " is reached from its own host alone: run this there");
}

// A command on a ledger that nobody else has open.
wire::Reply act_at_rest(const SweepDirectory& sweep, const wire::Request& request) {
  const Plan plan = plan_of(sweep);
  if (only_asks(request)) {
    Database ledger = open_ledger_to_read(sweep);
    return look_up(ledger, request);
  }
  std::optional<Ledger> ledger;
  open_begun_ledger(ledger, sweep);
  SweepState state = ledger->load(plan);
  Operation operation = apply_request(state, request);
  ledger->commit(operation.events);
  for (const Event& event : operation.events) state.apply(event);
  ledger.reset();
  if (!operation.events.empty()) write_status_at_rest(sweep, state.finished());
  wire::Reply reply;
  *reply.mutable_report() = std::move(operation.report);
  return reply;
}

}  // namespace

OperatorAnswer carry_out(const SweepDirectory& sweep, const wire::Request& request) {
  const std::optional<Status> coordinator = running_status(sweep.root);
  if (!coordinator) return {act_at_rest(sweep, request), false};
  check_reachable(sweep, *coordinator);
  OperatorAnswer answer{Errand(sweep, *coordinator).run(request), true};
  if (answer.reply.has_refused()) throw UsageError(answer.reply.refused());
  return answer;
}

}  // namespace wcam
