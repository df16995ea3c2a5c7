// What a worker says, hears and holds: its half of the protocol (proto/wire.proto) without socket, thread and
// clock. The session drives it with a real socket, the simulation of the queue with a made-up network.
//
// What is in hand lives in one map from the moment a job arrives until its answer is acknowledged:
//
//   queued -> begun -> (reported: an outcome is kept) -> acknowledged: erased
//
// Every heartbeat lists the map, so the coordinator always knows what this worker still owes it.
#pragma once

#include <wire.pb.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/utf8.h"
#include "common/wire/credit.h"
#include "common/wire/job_times.h"
#include "common/wire/segment_transfer.h"

namespace wcam {

class Conversation {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  enum class State {
    kConnecting,  // no Welcome yet
    kServing,
    kStopping,   // stop() was called: what has begun is handed in, nothing more is begun
    kDismissed,  // the same, and it was the coordinator that said so
    kRefused,    // for good, or there is no such coordinator
    kAlone,      // no word from a coordinator for longer than `patience`
  };

  struct Options {
    std::string worker;    // Hello.worker
    std::string host;      // Hello.host
    std::int64_t pid = 0;  // Hello.pid
    std::string device;    // Hello.device
    std::string sweep_id;  // that the coordinator must serve; empty: the one it serves first
    // Jobs that wait here while one is computed, at most: a second's work, by the time that those reported so
    // far took; one as long as that is not known.
    std::size_t jobs_ahead = 64;
    std::chrono::seconds patience{600};
    std::string log{};         // Hello.log
    std::string provenance{};  // Hello.provenance
  };

  // Hands one message to the network, never blocking. False: it takes none now, say it again later.
  using Send = std::function<bool(const wire::Envelope&)>;

  Conversation(Options options, TimePoint now);

  // --- for who computes ---

  State state() const { return state_; }
  // Why the state is neither kConnecting nor kServing: one line.
  const std::string& reason() const { return reason_; }
  bool ended() const { return state_ != State::kConnecting && state_ != State::kServing; }
  const std::string& plan_json() const { return plan_json_; }  // empty before the first Welcome
  // Whether a job waits to be computed. None while there is trouble, or while segments to deliver pile up.
  bool has_job() const { return trouble().empty() && !is_behind() && !queue_.empty(); }
  // The next job to compute. Aborts when there is none.
  wire::Job next_job();
  // Takes durable results of jobs taken with next_job(). Kept, and sent again after every Welcome, until the
  // coordinator acknowledges them.
  void report(std::vector<wire::Outcome> outcomes);
  // Takes a segment that the coordinator is to store; its results are reported once that is done.
  void deliver(SegmentTransfer parcel);
  std::size_t undelivered() const;  // results
  // Bytes of segments that the coordinator is known to have: grows as long as delivery makes progress.
  std::uint64_t delivered_bytes() const { return stored_bytes_ + delivery_.have; }
  // The cases that are loaded, most recently used first: told with the next Ready.
  void tell_loaded(std::vector<std::string> cases) { loaded_cases_ = std::move(cases); }
  // Tells why nothing can be stored now, in one line; empty: it can. As long as it cannot, no job is wanted.
  void tell_trouble(const std::string& trouble) { trouble_ = made_utf8(trouble); }
  // What tell_trouble() said, or else why the coordinator cannot store what is delivered.
  const std::string& trouble() const { return trouble_.empty() ? delivery_.trouble : trouble_; }
  // No more jobs from now on. The first reason stands.
  void stop(const std::string& reason) { end(State::kStopping, reason); }
  // There will be no conversation: the connection itself is refused.
  void refuse(const std::string& reason) { end(State::kRefused, reason); }
  bool all_acknowledged() const;

  // --- for who carries the messages ---

  // On a new connection nobody knows us: Hello comes first.
  void connected(TimePoint now);
  void hear(wire::Envelope envelope, TimePoint now);
  // Says all that is due.
  void speak(TimePoint now, const Send& send);
  // The last word to the coordinator.
  static wire::Envelope goodbye(const std::string& reason);
  // Ends with kAlone when no coordinator has spoken for longer than `patience`; says so in the log before.
  void give_up_if_alone(TimePoint now);

  // Aborts unless queue and map agree: for tests.
  void check_invariants() const;

 private:
  struct Held {
    std::uint32_t attempt = 0;
    std::optional<wire::Outcome> outcome;  // once reported
    bool sent = false;
  };

  void end(State state, const std::string& reason);
  void hear_welcome(wire::Welcome& welcome, TimePoint now);
  void accept(wire::Job& job);
  void forget(const wire::Lease& lease);
  void release(const wire::Lease& lease);
  std::deque<wire::Job>::iterator in_queue(std::uint64_t id);
  void say_again(Held& held);
  Credit credit() const;
  wire::Envelope hello() const;
  void send_outcomes(const Send& send);
  void send_heartbeat(TimePoint now, const Send& send);
  bool is_behind() const { return parcels_.size() > kParcelsAhead; }
  void send_piece(TimePoint now, const Send& send);
  void tell_delivery_trouble(const std::string& trouble);
  void hear_received(const wire::Received& received, TimePoint now);
  void tell_credit(const Send& send);

  const Options options_;
  State state_ = State::kConnecting;
  std::string reason_, plan_json_, plan_sha256_;
  std::string sweep_id_;  // the first Welcome's when none was asked for
  std::deque<wire::Job> queue_;
  std::map<std::uint64_t, Held> in_hand_;  // by job
  bool something_unsent_ = false;          // a job in hand may have an outcome that was not sent
  std::vector<std::string> loaded_cases_;
  std::string trouble_;
  static constexpr std::size_t kParcelsAhead = 2;
  std::deque<SegmentTransfer> parcels_;  // the first is on its way
  std::uint64_t stored_bytes_ = 0;       // of the parcels before it
  struct Delivery {
    // Bytes that the coordinator is known to have; up to where bytes were sent.
    std::uint64_t have = 0, sent = 0;
    bool asking = false;  // for how much the coordinator has
    TimePoint ask_at = TimePoint::max();
    std::string trouble;
  } delivery_;
  bool welcomed_ = false;
  bool silence_told_ = false;
  std::array<JobTimes, 2> times_;  // by kind
  struct Told {
    Credit credit;  // less what has come since
    std::string trouble;
    bool operator==(const Told&) const = default;
  };
  std::optional<Told> told_;
  std::chrono::milliseconds heartbeat_every_{1000};
  TimePoint next_hello_, next_heartbeat_, last_heard_;
};

}  // namespace wcam
