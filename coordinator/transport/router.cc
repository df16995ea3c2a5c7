#include "coordinator/transport/router.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>

#include "common/base/error.h"
#include "common/base/host.h"
#include "common/base/log_throttle.h"
#include "common/wire/address.h"
#include "common/wire/connect.h"
#include "common/wire/protocol.h"

using std::chrono::milliseconds;

namespace wcam {

namespace {

static_assert(!std::is_copy_constructible_v<Router>);

constexpr milliseconds kBindPatience{1'000};
constexpr int kDroppedInARow = 1'000;  // then the loop gets to look after its workers

bool leaves_port_open(const std::string& endpoint) {
  const std::string port = port_of_endpoint(endpoint);
  return port == "*" || port == "0";
}

// `bind` with the port of another endpoint; empty when that has none.
std::string with_port_of(const std::string& bind, const std::string& endpoint) {
  const std::string port = port_of_endpoint(endpoint);
  const bool is_port = !port.empty() && port.find_first_not_of("0123456789") == std::string::npos;
  return is_port ? bind.substr(0, bind.rfind(':') + 1) + port : "";
}

// Workers on this host are the first that could not.
void warn_if_not_found(const std::string& endpoint) try {
  (void)addresses_of(endpoint);
} catch (const InputError& e) {
  spdlog::warn("workers may not find this coordinator: {}", e.what());
}

}  // namespace

std::optional<std::string> RouterOptions::problem() const {
  if (!is_bind(bind)) return "--bind '" + bind + "'" + kBindForm;
  return std::nullopt;
}

bool RouterOptions::beyond_loopback() const { return !is_loopback(host_of_endpoint(bind)); }

Router::Router(const RouterOptions& options)
    : clock_(options.clock),
      socket_(context_, zmq::socket_type::router),
      authenticator_(context_, socket_, options.keys),
      peers_(options.sweep_id) {
  if (!options.keys && !options.insecure && options.beyond_loopback())
    invariant_broken("an unencrypted socket beyond loopback that nobody asked for: " + options.bind);
  socket_.set(zmq::sockopt::router_mandatory, true);
  socket_.set(zmq::sockopt::maxmsgsize, kMaxMessageBytes);
  // A worker that is told to stop gets its message; one that is gone does not keep us.
  socket_.set(zmq::sockopt::linger, 1'000);
  socket_.set(zmq::sockopt::sndhwm, 10'000);
  socket_.set(zmq::sockopt::rcvhwm, 10'000);
  socket_.set(zmq::sockopt::tcp_keepalive, 1);
  socket_.set(zmq::sockopt::heartbeat_ivl, 5'000);
  socket_.set(zmq::sockopt::heartbeat_timeout, 15'000);
  bind(options);
}

void Router::bind(const RouterOptions& options) {
  // Another program may have the earlier port by now: then any will do.
  const std::string earlier = with_port_of(options.bind, options.earlier_endpoint);
  const bool bound =
      leaves_port_open(options.bind) && !earlier.empty() && try_bind(earlier, kBindPatience / 4);
  if (!bound && !try_bind(options.bind, kBindPatience))
    throw InputError("cannot listen on " + options.bind + ": " + zmq_strerror(errno) +
                     ": choose another --bind, or port *; `ip address` lists this host's interfaces and "
                     "addresses");
  endpoint_ = socket_.get(zmq::sockopt::last_endpoint);
  if (!is_any_address(host_of_endpoint(endpoint_))) return;
  endpoint_ = "tcp://" + host_name() + ":" + port_of_endpoint(endpoint_);
  warn_if_not_found(endpoint_);
}

bool Router::try_bind(const std::string& address, milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!bind_to(address)) {
    if (errno != EADDRINUSE || std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(milliseconds{20});
  }
  return true;
}

// Every address is one of both kinds, where this host has IPv6; an interface may have addresses of one alone.
bool Router::bind_to(const std::string& address) {
  const std::string host = host_of_endpoint(address);
  socket_.set(zmq::sockopt::ipv6, host == "*" || host.front() == '[');
  if (zmq_bind(socket_.handle(), address.c_str()) == 0) return true;
  if (errno != ENODEV) return false;
  socket_.set(zmq::sockopt::ipv6, true);
  return zmq_bind(socket_.handle(), address.c_str()) == 0;
}

std::optional<Message> Router::receive(milliseconds patience) try {
  if (patience.count() > 0 && !wait(std::chrono::steady_clock::now() + patience)) return std::nullopt;
  for (int dropped = 0; dropped < kDroppedInARow; ++dropped) {
    bool empty = false;
    auto message = take_one(empty);
    if (message || empty) return message;
  }
  return std::nullopt;
} catch (const zmq::error_t& e) {
  if (e.num() == EINTR) return std::nullopt;  // a signal: the loop looks at it
  throw;
}

// False when no message has come by then.
bool Router::wait(std::chrono::steady_clock::time_point deadline) {
  zmq::pollitem_t items[] = {{socket_.handle(), 0, ZMQ_POLLIN, 0},
                             {authenticator_.questions(), 0, ZMQ_POLLIN, 0},
                             {authenticator_.events(), 0, ZMQ_POLLIN, 0}};
  do {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now());
    zmq::poll(items, std::size(items), std::max(left, milliseconds{0}));
    if ((items[1].revents | items[2].revents) != 0) authenticator_.serve();
    if (items[0].revents != 0) return true;
  } while (std::chrono::steady_clock::now() < deadline);
  return false;
}

// One message off the socket, if it is sound; `empty` when there is none.
std::optional<Message> Router::take_one(bool& empty) {
  zmq::message_t id, frame;
  empty = !socket_.recv(id, zmq::recv_flags::dontwait);
  if (empty) return std::nullopt;
  const std::string peer = id.to_string();
  // The parts of one message arrive together.
  int frames = 0;
  for (bool more = id.more(); more; more = frame.more(), ++frames)
    if (!socket_.recv(frame, zmq::recv_flags::dontwait)) break;
  if (floods(peer)) return std::nullopt;
  const auto key = authenticator_.sender(frame);
  if (!key) {
    peers_.forget(peer);
    wire::Refused revoked;
    revoked.set_reason("its key was revoked");
    refuse(peer, revoked);
    return std::nullopt;
  }
  wire::Envelope envelope;
  if (frames == 1 && envelope.ParseFromArray(frame.data(), static_cast<int>(frame.size())))
    return accept(peer, *key, std::move(envelope));
  if (worth_logging(++counters_.malformed))
    spdlog::warn("dropped a message of {} frames, the last of {} bytes, that is not an Envelope ({} so far)",
                 frames, frame.size(), counters_.malformed);
  return std::nullopt;
}

bool Router::floods(const std::string& peer) {
  if (!rate_bound_.exceeded_by(peer, clock_())) return false;
  if (worth_logging(++counters_.too_many)) {
    const auto worker = peers_.worker_at(peer);
    spdlog::warn("dropped a message of {}, which sends more than {} a second ({} so far)",
                 worker ? "worker " + *worker : "a peer that has not said Hello", RateBound::kMessagesASecond,
                 counters_.too_many);
  }
  return true;
}

std::optional<Message> Router::accept(const std::string& peer, const std::string& key,
                                      wire::Envelope envelope) {
  Peers::Heard heard = peers_.hear(peer, key, std::move(envelope));
  if (auto* message = std::get_if<Message>(&heard)) return std::move(*message);
  if (const auto* refused = std::get_if<wire::Refused>(&heard))
    refuse(peer, *refused);
  else if (worth_logging(++counters_.malformed))
    spdlog::warn("dropped a message that no worker sends ({} so far)", counters_.malformed);
  return std::nullopt;
}

void Router::refuse(const std::string& peer, const wire::Refused& refused) {
  if (refused.again()) {
    if (worth_logging(++counters_.before_hello))
      spdlog::info("a peer that has not said Hello is asked to ({} so far)", counters_.before_hello);
  } else if (worth_logging(++counters_.refused)) {
    spdlog::warn("refused a peer: {} ({} so far)", refused.reason(), counters_.refused);
  }
  wire::Envelope answer;
  *answer.mutable_refused() = refused;
  deliver(peer, std::move(answer));
}

bool Router::send(const Message& message) {
  const auto peer = peers_.peer_of(message.worker);
  if (peer && deliver(*peer, message.envelope)) return true;
  if (!Peers::is_operator(message.worker) && worth_logging(++counters_.undelivered))
    spdlog::info("worker {} could not be reached ({} messages so far)", message.worker,
                 counters_.undelivered);
  return false;
}

bool Router::deliver(const std::string& peer, wire::Envelope envelope) try {
  envelope.set_protocol_version(kProtocolVersion);
  zmq::message_t frame(envelope.ByteSizeLong());
  envelope.SerializeToArray(frame.data(), static_cast<int>(frame.size()));
  if (!socket_.send(zmq::buffer(peer), zmq::send_flags::sndmore | zmq::send_flags::dontwait))
    return false;  // full
  return socket_.send(frame, zmq::send_flags::dontwait).has_value();
} catch (const zmq::error_t& e) {
  if (e.num() == EHOSTUNREACH || e.num() == EINTR) return false;
  throw;
}

}  // namespace wcam
