// What becomes of a worker's connections, from what the socket's monitor says. libzmq tries again in silence
// after some failures and stops trying, as silently, after others (a broken protocol, a key not admitted): so
// a connection that is lost, or never was, is made anew by the session, and a coordinator that will never
// talk to us is told from one that is away.
#pragma once

#include <zmq.h>

#include <chrono>
#include <optional>
#include <string>

#include "common/wire/keys.h"
#include "common/wire/socket_monitor.h"

namespace wcam {

class HandshakeMonitor {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr int kEvents = ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                                 ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                                 ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

  // A new connection to this endpoint begins; failures count as long as it stays the same.
  void connecting(const std::string& endpoint);

  enum class Next { kGoOn, kReconnect };
  Next on(const SocketMonitor::Event& event, TimePoint now);

  // Whether the latest connection's handshake succeeded.
  bool stood() const { return up_; }
  // Whether the coordinator has said that it does not admit the key.
  bool turned_away() const { return turned_away_; }
  // HandshakeMonitor, and nothing else, have failed for two seconds: time to ask who is there.
  bool in_vain(TimePoint now) const;
  // The failures have an innocent cause, such as a coordinator that is away behind a proxy: counts anew.
  void forgive() { failures_ = greetings_ = 0; }
  // To be told that whoever is there greets, although handshakes fail. True when that is so twice in a row:
  // the first time it may be a network that cuts connections. Counts failures anew.
  bool greeted() {
    failures_ = 0;
    return ++greetings_ >= 2;
  }

 private:
  void fail(TimePoint now);

  std::string endpoint_;
  bool up_ = false;      // the handshake succeeded
  bool failed_ = false;  // it failed, and the disconnection that follows says nothing new
  bool turned_away_ = false;
  int failures_ = 0, greetings_ = 0;  // in a row
  TimePoint first_failure_{};
};

// What to tell people, of a coordinator that turned the key away, and of one that greets with this mechanism
// (zmtp_probe.h) and with whom handshakes fail. No key: the worker was started with --insecure.
std::string not_admitted(const std::string& endpoint, const WorkerKey& key);
std::string mismatch(const std::string& endpoint, const std::optional<WorkerKey>& key,
                     const std::string& mechanism);

}  // namespace wcam
