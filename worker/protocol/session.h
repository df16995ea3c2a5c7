// The worker's end of the wire: one DEALER socket and the conversation (worker/protocol/conversation.h) held
// on it by a thread of its own, so that a long forward never delays a heartbeat.
#pragma once

#include <wire.pb.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/wire/keys.h"
#include "worker/protocol/conversation.h"

namespace wcam {

struct SessionOptions {
  std::string endpoint;                 // "tcp://host:port"; empty: the one in `endpoint_file`
  std::filesystem::path endpoint_file;  // looked at again and again: a coordinator that restarts rewrites it
  std::string sweep_id;                 // that the coordinator must serve; empty: the one it serves first
  std::optional<WorkerKey> key;         // without: plain, to a coordinator that was told --insecure
  std::string device;                   // told to the coordinator
  std::string log{};                    // told to the coordinator: Hello.log
  std::string provenance{};             // told to the coordinator
  std::size_t jobs_ahead = 64;          // Conversation::Options
  // A coordinator may be restarted or requeued: that long without a word from one, and the worker gives up.
  std::chrono::seconds patience{600};
};

class Session {
 public:
  using State = Conversation::State;

  explicit Session(SessionOptions options);
  ~Session();  // leave() with no patience, if it was not called
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // All of these may be called from any thread.
  State state() const;
  // Why the state is neither kConnecting nor kServing: one line.
  std::string reason() const;
  // Text of the plan; nullopt when none has come within `patience` or the session has ended.
  std::optional<std::string> wait_for_plan(std::chrono::milliseconds patience);
  // The next job to compute; nullopt when none has come within `patience`, or when the state is no longer
  // kServing.
  std::optional<wire::Job> next_job(std::chrono::milliseconds patience);
  // Takes durable results. They are kept, and sent again after a reconnect, until the coordinator
  // acknowledges them.
  void report(std::vector<wire::Outcome> outcomes);
  // Takes results in a segment that the coordinator is to store; they are reported once it has.
  void deliver(SegmentTransfer parcel);
  std::size_t undelivered() const;  // results, in such segments
  // Tells which cases are loaded, most recently used first; the coordinator hears it with the next Ready.
  void tell_loaded(std::vector<std::string> cases);
  // Tells why nothing can be stored now, in one line; empty: it can. next_job() gives none until then.
  void tell_trouble(const std::string& trouble);
  // No more jobs from now on (a signal to this process).
  void stop(const std::string& reason);
  // Waits up to `patience` (from the last progress, where segments are delivered) for what was reported to be
  // acknowledged, says Goodbye and ends the thread.
  void leave(const std::string& reason, std::chrono::milliseconds patience);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wcam
