// The coordinator's end of the conversation (proto/wire.proto): one ROUTER socket. Sockets have one owner
// thread: the one that makes the session makes all calls, none of which blocks longer than it is told.
#pragma once

#include <wire.pb.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <zmq.hpp>

#include "coordinator/scheduler.h"

namespace wcam {

struct SessionOptions {
  // "tcp://ADDRESS:PORT", PORT may be *. Loopback unless `insecure`: nothing is encrypted in this version.
  std::string bind = "tcp://127.0.0.1:*";
  bool insecure = false;
  // Tried first when `bind` leaves the port open: workers of a coordinator that restarts find it where it
  // was.
  std::string earlier_endpoint;
  std::string sweep_id;

  // What is wrong, in a sentence; nullopt when usable.
  std::optional<std::string> problem() const;
};

// Messages that were not handled, by reason.
struct SessionCounters {
  std::uint64_t malformed =
      0;  // does not parse, is more than one frame, has no body or one of the other direction
  std::uint64_t before_hello = 0;  // from a peer that has not said who it is: told to
  std::uint64_t refused = 0;       // another protocol, software or sweep: told so
  std::uint64_t undelivered = 0;   // to a worker that is gone or takes nothing
  // Oversized messages are dropped by ZeroMQ with their connection, uncounted.
};

class Session {
 public:
  // Binds, trying for a second: the port of a coordinator that just ended may still be closing. Throws
  // InputError naming the address and the reason.
  explicit Session(const SessionOptions& options);

  // Where workers connect: the address bound, with this host's name in place of "any address".
  const std::string& endpoint() const { return endpoint_; }

  // The next sound message of a worker that has said Hello (Hello itself included). nullopt when none came
  // within `patience` or a signal interrupted the wait. What is not sound is dropped or answered here.
  [[nodiscard]] std::optional<Message> receive(std::chrono::milliseconds patience);

  // Never blocks. False: the worker is not connected or takes nothing; the message is gone.
  [[nodiscard]] bool send(const Message& message);

  const SessionCounters& counters() const { return counters_; }

 private:
  void bind(const SessionOptions& options);
  bool try_bind(const std::string& address, std::chrono::milliseconds patience);
  std::optional<wire::Envelope> read(std::string& peer, bool& empty);
  std::optional<Message> accept(const std::string& peer, wire::Envelope envelope);
  bool welcome(const std::string& peer, const wire::Hello& hello);
  void refuse(const std::string& peer, const std::string& reason, bool again);
  bool deliver(const std::string& peer, wire::Envelope envelope);

  std::string sweep_id_;
  zmq::context_t context_;
  zmq::socket_t socket_;
  std::string endpoint_;
  // Both ways between a connection (ZeroMQ's routing id) and the worker that last said Hello on it.
  std::unordered_map<std::string, std::string> worker_of_, peer_of_;
  SessionCounters counters_;
};

}  // namespace wcam
