// The coordinator's end of the conversation (proto/wire.proto): one ROUTER socket, encrypted and open to
// admitted keys alone (door.h). Sockets have one owner thread: the one that makes the session makes all
// calls, none of which blocks longer than it is told.
#pragma once

#include <wire.pb.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <zmq.hpp>

#include "coordinator/queue/scheduler.h"
#include "coordinator/transport/door.h"
#include "coordinator/transport/rate_bound.h"

namespace wcam {

struct SessionOptions {
  std::string bind = "tcp://127.0.0.1:*";  // "tcp://ADDRESS:PORT", PORT may be *
  // Without: plain, for whoever can connect. Beyond loopback only if `insecure`.
  std::optional<DoorKeys> keys;
  bool insecure = false;
  // Tried first when `bind` leaves the port open: workers of a coordinator that restarts find it where it
  // was.
  std::string earlier_endpoint;
  std::string sweep_id;
  // Tells the seconds of RateBound; a test can hold it.
  std::function<RateBound::TimePoint()> clock = std::chrono::steady_clock::now;

  // What is wrong, in a sentence; nullopt when usable.
  std::optional<std::string> problem() const;
  // Another host could connect to `bind`.
  bool beyond_loopback() const;
};

// Messages that were not handled, by reason.
struct SessionCounters {
  std::uint64_t malformed =
      0;  // does not parse, is more than one frame, has no body or one of the other direction
  std::uint64_t before_hello = 0;  // from a peer that has not said who it is: told to
  std::uint64_t refused = 0;       // another protocol, software or sweep: told so
  std::uint64_t undelivered = 0;   // to a worker that is gone or takes nothing
  std::uint64_t too_many = 0;      // beyond RateBound of one connection
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
  // Connections are admitted here too, while it waits.
  //
  // Message::worker is what the worker calls itself, after "KEY." where keys are in use: a name belongs to a
  // key, so no other key's holder can pass for that worker, not even at a coordinator that just restarted.
  // Of an operator's Request it is a name of that connection, which no worker can have: for the Reply.
  [[nodiscard]] std::optional<Message> receive(std::chrono::milliseconds patience);

  // Never blocks. False: the worker is not connected or takes nothing; the message is gone.
  [[nodiscard]] bool send(const Message& message);

  const SessionCounters& counters() const { return counters_; }
  std::uint64_t turned_away() const { return door_.turned_away(); }  // Door::turned_away()

 private:
  void bind(const SessionOptions& options);
  bool try_bind(const std::string& address, std::chrono::milliseconds patience);
  bool wait(std::chrono::steady_clock::time_point deadline);
  std::optional<Message> take_one(bool& empty);
  bool floods(const std::string& peer);
  std::optional<Message> accept(const std::string& peer, const std::string& key, wire::Envelope envelope);
  std::optional<Message> accept_request(const std::string& peer, const std::string& key,
                                        wire::Envelope envelope);
  bool welcome(const std::string& peer, const std::string& key, const wire::Hello& hello);
  void forget(const std::string& peer);
  void refuse(const std::string& peer, const std::string& reason, bool again);
  bool deliver(const std::string& peer, wire::Envelope envelope);

  std::string sweep_id_;
  std::function<RateBound::TimePoint()> clock_;
  zmq::context_t context_;
  zmq::socket_t socket_;
  Door door_;
  std::string endpoint_;
  // Both ways between a connection (ZeroMQ's routing id) and the worker that last said Hello on it.
  std::unordered_map<std::string, std::string> worker_of_, peer_of_;
  RateBound rate_bound_;
  SessionCounters counters_;
};

}  // namespace wcam
