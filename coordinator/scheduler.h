// Who does what next: pure decisions on the sweep's state. Needs no socket and no clock, so a lost worker is
// one call in a test. Handlers change the state through events; settle() makes these durable and only then
// sends what follows from them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "coordinator/sweep_state.h"
#include "wire.pb.h"

namespace wcam {

struct SchedulerOptions {
  std::chrono::milliseconds lease{30'000};     // silence after which a worker is lost
  std::chrono::milliseconds heartbeat{1'000};  // the workers' period, well below the lease
  std::uint32_t max_attempts = 3;              // failures, or lost workers, after which a job is set aside
  // Images whose predictions are asked for ahead of the first undecided one, at most: enough work for many
  // workers and long runs with one model, and bounds memory. Fewer when the sample needs fewer: no prediction
  // is wasted.
  std::uint32_t look_ahead = 1'024;
  // Whether the process is known to have ended: asked after three heartbeats' silence, so that a worker
  // killed on the coordinator's own host is not waited for until its lease ends. Empty: nobody knows.
  std::function<bool(const WorkerInfo&)> has_ended;
  // Whom an attempt was handed to, as the ledger has it: asked about answers and jobs in hand of attempts
  // that have ended (a lost worker that comes back, a coordinator that restarted). Those of others are not
  // believed. Empty: everybody is believed.
  std::function<std::optional<WorkerId>(JobId, Attempt)> holder;
};

struct Message {
  std::string worker;  // Hello.worker
  wire::Envelope envelope;
};

// Of what was received and is not part of the sweep's state.
struct SchedulerCounters {
  std::uint64_t unknown_answers = 0;    // of a job or attempt that was never handed out, or to another worker
  std::uint64_t duplicate_answers = 0;  // of a job that needs none any more
  std::uint64_t unfit_answers = 0;      // with results that do not fit the plan
  std::uint64_t workers_lost = 0;
};

class Scheduler {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // The state outlives the scheduler.
  Scheduler(SweepState& state, const SchedulerOptions& options);

  // Once, before anything else: what was leased when the coordinator stopped waits again, and is left with
  // its worker if that worker comes back with it in hand before another has taken it.
  void start();

  // One sound message of a worker. A worker that is not known here (it was lost) is asked to say Hello again.
  void on_message(const std::string& worker, const wire::Envelope& envelope, TimePoint now);
  // Workers silent for longer than the lease are lost. Call only when everything that has arrived was
  // handled, or workers are blamed for our own slowness.
  void expire(TimePoint now);
  // Decides images that can be, opens those the sample may need, and hands out jobs against credit. After
  // each round of messages.
  void plan_ahead(TimePoint now);
  // Ends a turn: `commit` makes the events since the last one durable, together, or throws; only then does
  // `send` get the messages, and says false of one that could not be sent. Events that follow from that go
  // with the next turn.
  void settle(const std::function<void(std::span<const Event>)>& commit,
              const std::function<bool(const Message&)>& send);

  // No job is handed out any more; every worker, also one that comes later, is told to stop.
  void stop(const std::string& reason);
  bool stopping() const { return stopping_; }

  std::size_t workers() const { return links_.size(); }
  bool connected(WorkerId id) const {
    return value(id) < connected_name_.size() && !connected_name_[value(id)].empty();
  }
  const SchedulerCounters& counters() const { return counters_; }
  // Links and the job table agree; aborts. For tests.
  void check_invariants() const;

 private:
  // A connected worker.
  struct Link {
    std::string name;
    std::string place;  // "cuda:0 of pid 4711 on node3", for people
    WorkerId id{};
    TimePoint last_heard;
    std::uint32_t credit = 0;
    // Cases it has loaded, as Ready told, the one of the job given last in front; most recently used first.
    // The last may have to make room for the first.
    std::vector<int> cases;
    // Jobs it holds, with the time of the latest proof that it does (assignment, heartbeat).
    std::unordered_map<JobId, TimePoint> confirmed;
    // Its last heartbeat named jobs that are not its any more, or one was released since: it may still be
    // computing that.
    bool holds_others = false;
  };
  using Links = std::map<std::string, Link>;

  void emit(Event event);
  void send(const std::string& worker, wire::Envelope envelope);

  void on_hello(const std::string& worker, const wire::Hello& hello, TimePoint now);
  void tell_to_stop(const std::string& worker);
  void on_ready(Link& link, const wire::Ready& ready);
  void on_heartbeat(Link& link, const wire::Heartbeat& heartbeat, TimePoint now);
  void on_outcomes(Link& link, const wire::Outcomes& outcomes);
  void on_outcome(Link& link, const wire::Outcome& outcome);
  void on_success(const Job& job, const wire::Outcome& outcome);
  void on_failure(JobId id, const wire::Outcome& outcome);
  void on_goodbye(const std::string& worker, const std::string& reason);
  // A message could not be sent: jobs it assigned are free again.
  void on_undelivered(const Message& message);

  // Whether this attempt of the job was handed to that worker.
  bool was_given(const Link& link, const Job& job, std::uint32_t attempt) const;
  // The holder of the job no longer has it, for this cause; set aside when that was once too often.
  void give_up_lease(JobId id, Cause cause, const std::string& text);
  void set_aside(JobId id, const std::string& text);
  void set_image_aside(std::uint32_t image, const std::string& text);
  void cancel_jobs_of(std::uint32_t image, const std::string& text);
  // Tells the holder, if there is one, that a job is not wanted from it any more.
  void release_holder(const Job& job);
  bool is_lost(const Link& link, TimePoint now) const;
  void lose(Links::iterator link, TimePoint now);
  void remove_link(Links::iterator link);

  void decide_images();
  void decide(std::uint32_t image);
  void open_images();
  void hand_out(TimePoint now);
  bool give_one(Link& link, TimePoint now);
  std::optional<JobId> choose(const Link& link) const;
  void give(Link& link, JobId id, TimePoint now);
  // The cases the link has from now on; `first`, unless negative, in front of the others.
  void set_cases(Link& link, std::vector<int> cases, int first);
  wire::Job to_wire(const Job& job) const;

  SweepState& state_;
  const SchedulerOptions options_;
  std::vector<Event> events_;    // to be made durable together, and then
  std::vector<Message> outbox_;  // these are sent
  Links links_;
  std::unordered_map<std::string, WorkerId> ids_;    // of every worker the sweep has met
  std::vector<std::string> connected_name_;          // by WorkerId; empty: not connected
  std::unordered_map<std::string, int> case_index_;  // by name
  std::vector<std::uint32_t> crowd_;                 // by case: links that have it
  std::map<std::string, wire::Assign> assignments_;  // of the current plan_ahead()
  bool stopping_ = false;
  std::string stop_reason_;
  std::optional<TimePoint> last_expire_;
  std::string plan_json_;
  SchedulerCounters counters_;
};

}  // namespace wcam
