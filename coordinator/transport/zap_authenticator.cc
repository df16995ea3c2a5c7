#include "coordinator/transport/zap_authenticator.h"

#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <array>
#include <iterator>
#include <utility>
#include <vector>
#include <zmq_addon.hpp>

#include "common/base/error.h"
#include "common/base/log_throttle.h"
#include "common/wire/connect.h"

using std::chrono::seconds;

namespace wcam {

namespace {

constexpr const char* kDomain = "wcam";
// Between looks at the allow-list on behalf of connections that are open.
constexpr seconds kLookEvery{1};
// Loopback takes milliseconds, the far side of the world one second. A coordinator that is busy answers late:
// what is cut off then comes again.
constexpr int kHandshakeMs = 10'000;
constexpr int kEvents = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                        ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL;

// "10.0.0.7:41234", of the other end of a connection that may be closed by now.
std::string address_of(int descriptor) {
  Address address;
  address.size = sizeof address.bytes;
  const bool open =
      ::getpeername(descriptor, reinterpret_cast<sockaddr*>(&address.bytes), &address.size) == 0;
  if (open) try {
      return address.endpoint().substr(6);
    } catch (const InputError&) {  // the descriptor is another's by now
    }
  return "an address unknown";
}

std::string z85(const zmq::message_t& key) {
  std::array<char, 41> text{};
  if (key.size() != 32) return "";
  return zmq_z85_encode(text.data(), key.data<std::uint8_t>(), key.size());
}

}  // namespace

ZapAuthenticator::ZapAuthenticator(zmq::context_t& context, zmq::socket_t& socket,
                                   const std::optional<RouterKeys>& keys)
    : questions_(context, zmq::socket_type::rep), monitor_(context, socket, kEvents) {
  questions_.set(zmq::sockopt::linger, 0);
  questions_.bind("inproc://zeromq.zap.01");
  socket.set(zmq::sockopt::handshake_ivl, kHandshakeMs);
  if (!keys) return;
  own_key_ = keys->coordinator.public_key;
  allowed_.emplace(keys->allowed);
  socket.set(zmq::sockopt::curve_server, true);
  socket.set(zmq::sockopt::curve_secretkey, keys->coordinator.secret);
  socket.set(zmq::sockopt::zap_domain, kDomain);
}

void ZapAuthenticator::serve() {
  while (answer_question()) {
  }
  while (const auto event = monitor_.next()) watch(*event);
}

// RFC 27: version, request id, domain, address, routing id, mechanism, credentials.
bool ZapAuthenticator::answer_question() {
  std::vector<zmq::message_t> frames;
  if (!zmq::recv_multipart(questions_, std::back_inserter(frames), zmq::recv_flags::dontwait)) return false;
  if (frames.size() < 6) invariant_broken("ZeroMQ asks in " + std::to_string(frames.size()) + " frames");
  std::string key;
  bool admitted = false;
  if (frames.size() == 7 && frames[2].to_string_view() == kDomain && frames[5].to_string_view() == "CURVE") {
    key = z85(frames[6]);
    allowed_->refresh();
    admitted = holder_of(key).has_value();
  }
  if (!admitted)
    turn_away(frames[3].to_string(), "its key is not in " + allowed_->folder().string(), ": " + key);
  const std::array<std::string, 6> answer{"1.0",
                                          frames[1].to_string(),
                                          admitted ? "200" : "400",
                                          admitted ? "OK" : "not admitted",
                                          admitted ? key : "",
                                          ""};
  std::vector<zmq::const_buffer> parts;
  for (const std::string& part : answer) parts.push_back(zmq::buffer(part));
  (void)zmq::send_multipart(questions_, parts, zmq::send_flags::dontwait);  // who asked may be gone
  return true;
}

// ZeroMQ's one thread tells of a failure just before it closes that connection.
void ZapAuthenticator::watch(const SocketMonitor::Event& event) {
  switch (event.kind) {
    case ZMQ_EVENT_ACCEPTED:
      address_of_[event.value] = address_of(static_cast<int>(event.value));
      break;
    case ZMQ_EVENT_DISCONNECTED:
      if (!failure_.empty()) turn_away(address_of_[event.value], std::exchange(failure_, {}));
      address_of_.erase(event.value);
      break;
    default:
      failure_ = "the handshake failed: " + handshake_failure(event);
  }
}

void ZapAuthenticator::turn_away(const std::string& address, const std::string& why,
                                 const std::string& detail) {
  ++turned_away_;
  const std::uint64_t times = ++times_[why];
  if (worth_logging(times))
    spdlog::warn("turned away a connection from {}: {}{} ({} so far)", address, why, detail, times);
}

std::optional<std::string> ZapAuthenticator::sender(const zmq::message_t& frame) {
  if (!allowed_) return "";
  const auto now = std::chrono::steady_clock::now();
  if (now >= next_look_) {
    next_look_ = now + kLookEvery;
    allowed_->refresh();
  }
  const char* key = zmq_msg_gets(frame.handle(), "User-Id");  // as answered above
  return key == nullptr ? std::nullopt : holder_of(key);
}

std::optional<std::string> ZapAuthenticator::holder_of(const std::string& key) const {
  return key == own_key_ ? Peers::kOperator : allowed_->name_of(key);
}

}  // namespace wcam
