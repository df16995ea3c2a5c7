// The coordinator's end of the conversation (proto/wire.proto): one ROUTER socket, encrypted and open to
// admitted keys alone (zap_authenticator.h). Sockets have one owner thread: the one that makes the router
// makes all calls, none of which blocks longer than it is told.
#pragma once

#include <wire.pb.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <zmq.hpp>

#include "coordinator/queue/message.h"
#include "coordinator/transport/peers.h"
#include "coordinator/transport/rate_bound.h"
#include "coordinator/transport/router_counters.h"
#include "coordinator/transport/zap_authenticator.h"

namespace wcam {

struct RouterOptions {
  // "tcp://ADDRESS:PORT": an address (an IPv6 one in brackets), an interface, or * for all; PORT may be *.
  std::string bind = "tcp://127.0.0.1:*";
  // Without keys all is plain, for whoever can connect. Beyond loopback that takes `insecure`.
  std::optional<RouterKeys> keys;
  bool insecure = false;
  // Tried first when `bind` leaves the port open, so that workers find a coordinator that restarts.
  std::string earlier_endpoint;
  std::string sweep_id;
  // Tells the seconds of RateBound; a test can hold it.
  std::function<RateBound::TimePoint()> clock = std::chrono::steady_clock::now;

  // What is wrong with the options, in a sentence; nullopt when they can be used.
  std::optional<std::string> problem() const;
  // Whether another host could connect to `bind`.
  bool beyond_loopback() const;
};

class Router {
 public:
  // Binds, trying for a second: the port of a coordinator that just ended may still be closing. Throws
  // InputError naming the address and the reason.
  explicit Router(const RouterOptions& options);

  // Where workers connect: the address bound, with this host's name in place of "any address".
  const std::string& endpoint() const { return endpoint_; }

  // The next sound message of a worker that has said Hello (Hello itself included). nullopt when none came
  // within `patience` or a signal interrupted the wait. What is not sound is dropped or answered here.
  // Connections are admitted here too, while it waits.
  // Message::worker: Peers::hear().
  [[nodiscard]] std::optional<Message> receive(std::chrono::milliseconds patience);

  // Sends without ever blocking. False: the worker is not connected or takes nothing; the message is gone.
  [[nodiscard]] bool send(const Message& message);

  const RouterCounters& counters() const { return counters_; }
  std::uint64_t turned_away() const {
    return authenticator_.turned_away();
  }  // ZapAuthenticator::turned_away()

 private:
  void bind(const RouterOptions& options);
  bool try_bind(const std::string& address, std::chrono::milliseconds patience);
  bool bind_to(const std::string& address);
  bool wait(std::chrono::steady_clock::time_point deadline);
  std::optional<Message> take_one(bool& empty);
  bool floods(const std::string& peer);
  std::optional<Message> accept(const std::string& peer, const std::string& key, wire::Envelope envelope);
  void refuse(const std::string& peer, const wire::Refused& refused);
  bool deliver(const std::string& peer, wire::Envelope envelope);

  std::function<RateBound::TimePoint()> clock_;
  zmq::context_t context_;
  zmq::socket_t socket_;
  ZapAuthenticator authenticator_;
  std::string endpoint_;
  Peers peers_;  // by ZeroMQ's routing id
  RateBound rate_bound_;
  RouterCounters counters_;
};

}  // namespace wcam
