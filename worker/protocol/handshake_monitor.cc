#include "worker/protocol/handshake_monitor.h"

#include <spdlog/spdlog.h>

#include <utility>

using std::chrono::seconds;

namespace wcam {

namespace {

// A coordinator that is killed in the middle of a handshake makes one fail, not several.
constexpr int kFailures = 3;
constexpr seconds kFailingFor{2};

}  // namespace

void HandshakeMonitor::connecting(const std::string& endpoint) {
  up_ = failed_ = false;
  if (std::exchange(endpoint_, endpoint) != endpoint) forgive();
}

HandshakeMonitor::Next HandshakeMonitor::on(const SocketMonitor::Event& event, TimePoint now) {
  switch (event.kind) {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
      up_ = true;
      forgive();
      return Next::kGoOn;
    case ZMQ_EVENT_CLOSED:  // nobody listens: the coordinator is away
      forgive();
      return Next::kReconnect;
    case ZMQ_EVENT_DISCONNECTED:  // without a word of a failure: not even ZeroMQ's protocol
      if (!up_ && !failed_) fail(now);
      return Next::kReconnect;
    default:
      spdlog::debug("handshake with {} failed: {}", endpoint_, handshake_failure(event));
      turned_away_ = event.kind == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
      failed_ = true;
      fail(now);
      return Next::kGoOn;
  }
}

void HandshakeMonitor::fail(TimePoint now) {
  if (failures_++ == 0) first_failure_ = now;
}

bool HandshakeMonitor::in_vain(TimePoint now) const {
  return failures_ >= kFailures && now - first_failure_ >= kFailingFor;
}

std::string not_admitted(const std::string& endpoint, const WorkerKey& key) {
  return "the coordinator at " + endpoint + " does not admit the key in " + key.file.string() + " (public " +
         key.own.public_key + "): is it in SWEEP/keys/allowed? `wcam keys SWEEP` lists those that are";
}

std::string mismatch(const std::string& endpoint, const std::optional<WorkerKey>& key,
                     const std::string& mechanism) {
  const std::string coordinator = "the coordinator at " + endpoint;
  if (!key)
    return coordinator + " talks to workers with a key alone, and this one was started with --insecure";
  if (mechanism == "CURVE")
    return coordinator + " does not answer to the key in " + key->file.string() +
           ": it is a key of another sweep";
  return coordinator + " was started with --insecure, and this worker has a key: start both alike";
}

}  // namespace wcam
