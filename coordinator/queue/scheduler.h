// Who does what next: pure decisions on the sweep's state. Needs no socket and no clock, so a lost worker is
// one call in a test. Handlers change the state through events; settle() makes these durable and only then
// sends what follows from them.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/wire/credit.h"
#include "common/wire/job_times.h"
#include "coordinator/queue/failure_record.h"
#include "coordinator/queue/sweep_state.h"
#include "coordinator/queue/worker_ending.h"
#include "wire.pb.h"

namespace wcam {

struct SchedulerOptions {
  std::chrono::milliseconds lease{30'000};     // silence after which a worker is lost
  std::chrono::milliseconds heartbeat{1'000};  // the workers' period, well below the lease
  std::uint32_t max_attempts = 3;              // failures, or lost workers, after which a job is set aside
  // Before a job that failed, or whose worker was lost, goes out again: what caused it may pass. Four times
  // as long after each further failure or loss, a minute at most. In memory only: a restart forgets it.
  std::chrono::milliseconds backoff{1'000};
  // A worker that would have nothing to do tries as well what others have had in hand for more than twice as
  // long as such jobs take: see second_attempts(). The first durable answer counts.
  bool speculate = false;
  // Images whose predictions are asked for ahead of the first undecided one, at most: enough work for many
  // workers and long runs with one model, and bounds memory. Fewer when the sample needs fewer: no prediction
  // is wasted.
  std::uint32_t look_ahead = 1'024;
  // Of plans on their way to workers, or one: each may have megabytes, and lies in memory until the network
  // has taken it.
  std::size_t plan_bytes = std::size_t{64} << 20;
  // Whether the process is known to have ended: asked after three heartbeats' silence, so that a worker
  // killed on the coordinator's own host is not waited for until its lease ends. Empty: nobody knows.
  std::function<bool(const WorkerInfo&)> has_ended;
  // How a lost worker ended, and what it logged last, in Hello.log: kept with the jobs it had in hand. Empty:
  // nobody knows.
  std::function<WorkerEnding(const WorkerInfo&, const std::string& log)> ending_of;
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
  // its worker if that worker comes back with it in hand before another has taken it. Unless that worker is
  // known to have ended, it goes to others only after five heartbeats.
  void start(TimePoint now);

  // One sound message of a worker. A worker that is not known here (it was lost) is asked to say Hello again.
  void on_message(const std::string& worker, const wire::Envelope& envelope, TimePoint now);
  // Workers silent for longer than the lease are lost. Call only when everything that has arrived was
  // handled, or workers are blamed for our own slowness.
  void expire(TimePoint now);
  // Sends the plan to who needs it, decides images that can be, opens those the sample may need, and hands
  // out jobs against credit. After each round of messages.
  void plan_ahead(TimePoint now);
  // Ends a turn: `commit` makes the events since the last one durable, together, or throws; only then does
  // `send` get the messages, and says false of one that could not be sent. Events that follow from that go
  // with the next turn.
  void settle(const std::function<void(std::span<const Event>)>& commit,
              const std::function<bool(const Message&)>& send);

  // No job is handed out any more; every worker, also one that comes later, is told to stop.
  void stop(const std::string& reason);

  // What an operator wants (operate.h), as events that follow from the state: made, and said to the workers
  // that they concern.
  void carry_out(const std::vector<Event>& events);
  bool stopping() const { return stopping_; }
  const std::string& stop_reason() const { return stop_reason_; }

  std::size_t workers() const { return links_.size(); }
  bool connected(WorkerId id) const {
    return value(id) < connected_name_.size() && !connected_name_[value(id)].empty();
  }
  // A line for each worker that can store nothing, or that fails what it is given while others do not: which,
  // and why.
  std::vector<std::string> troubles() const;
  const SchedulerCounters& counters() const { return counters_; }
  // Links and the job table agree; aborts. For tests.
  void check_invariants() const;

 private:
  // A connected worker.
  struct Link {
    std::string name;
    std::string log;    // Hello.log
    std::string place;  // "cuda:0 of pid 4711 on node3", for people
    WorkerId id{};
    TimePoint last_heard;
    bool awaits_plan = false;            // then it is in awaiting_plan_
    std::optional<TimePoint> plan_sent;  // and nothing but Hello heard since
    int plans_sent = 0;                  // and nothing but Hello heard since
    Credit credit;
    std::string trouble;  // why it can store nothing; empty: it can
    TimePoint trouble_since;
    // Cases it has loaded, as Ready told, the one of the job given last in front; most recently used first.
    // The last may have to make room for the first.
    std::vector<int> cases;
    struct Hold {
      std::uint64_t number = 0;  // of all hand-outs: a worker begins its jobs in this order
      TimePoint since;
      TimePoint confirmed;                  // latest proof that it has it: assignment, heartbeat
      bool arrived = false;                 // a heartbeat named this attempt, not only an earlier one
      std::optional<TimePoint> asked_back;  // for a worker that has nothing to do
    };
    std::unordered_map<JobId, Hold> holds;
    // Its last heartbeat named jobs that are not its any more, or one was released since: it may still be
    // computing that.
    bool holds_others = false;

    std::size_t in_hand() const { return holds.size() + (holds_others ? 1 : 0); }
  };
  using Links = std::map<std::string, Link>;

  void emit(Event event);
  void send(const std::string& worker, wire::Envelope envelope);

  void on_hello(const std::string& worker, const wire::Hello& hello, TimePoint now);
  void welcome(const Link& link, bool with_plan);
  static bool plan_is_under_way(const Link& link, TimePoint now);
  void send_plans(TimePoint now);
  bool is_drained(const Link& link) const { return state_.workers()[value(link.id)].drained; }
  // If it is to stop: everybody, or this worker.
  void tell_to_stop(const Link& link);
  void on_ready(Link& link, const wire::Ready& ready, TimePoint now);
  void on_heartbeat(Link& link, const wire::Heartbeat& heartbeat, TimePoint now);
  void note_missing(Link& link, TimePoint now);
  void on_outcomes(Link& link, const wire::Outcomes& outcomes, TimePoint now);
  void on_outcome(Link& link, const wire::Outcome& outcome, TimePoint now);
  void on_success(const Link& link, const Job& job, const wire::Outcome& outcome);
  void on_failure(const Link& link, JobId id, const wire::Outcome& outcome, TimePoint now);
  void on_goodbye(const std::string& worker, const std::string& reason);
  // A message could not be sent: jobs it assigned are free again.
  void on_undelivered(const Message& message);

  // Whether this attempt of the job was handed to that worker.
  bool was_given(const Link& link, const Job& job, std::uint32_t attempt) const;
  // The attempt's holder no longer has the job, for this cause; it is set aside when that was once too often
  // and nobody else has it in hand.
  void give_up_lease(JobId id, Attempt attempt, Cause cause, const std::string& text);
  void give_up_all_of(WorkerId worker, Cause cause, const std::string& text);
  // Before what went wrong so often is tried again.
  std::chrono::milliseconds pause_after(std::uint32_t failures) const;
  // After a failure or loss, if it waits now.
  void back_off(JobId id, TimePoint now);
  void set_aside(JobId id, const std::string& text);
  void set_image_aside(std::uint32_t image, const std::string& text);
  void cancel_jobs_of(std::uint32_t image, const std::string& text);
  void cancel(JobId id, const std::string& text);
  // Tells who has it in hand that the job is not wanted any more, save who has just answered this attempt.
  void release_holders(const Job& job, std::uint32_t answered = 0);
  Link* link_of(WorkerId worker);  // nullptr: not connected
  bool is_lost(const Link& link, TimePoint now) const;
  void lose(Links::iterator link, TimePoint now);
  void remove_link(Links::iterator link);

  void decide_images();
  void decide(std::uint32_t image);
  void open_images();
  void hand_out(TimePoint now);
  bool give_one(Link& link, TimePoint now);
  // Of whom most is to be expected.
  bool is_sound(const Link& link) const;
  bool is_doubtful(const Link& link) const;
  bool is_held_back(const Link& link, TimePoint now) const;
  bool is_for_others(const Link& link, JobId id, TimePoint now) const;
  bool take_over(TimePoint now);
  bool works_alone(const Link& link) const;
  std::optional<JobId> choose(const Link& link, TimePoint now) const;
  void ask_back(const std::vector<Link*>& idle, TimePoint now);
  std::optional<JobId> last_unbegun(const Link& link, const std::vector<Link*>& idle, TimePoint now) const;
  void second_attempts(const std::vector<Link*>& idle, TimePoint now);
  bool straggles(const Job& job, const Link::Hold& hold, TimePoint now) const;
  void give(Link& link, JobId id, TimePoint now);
  // The cases the link has from now on; `first`, unless negative, in front of the others.
  void set_cases(Link& link, std::vector<int> cases, int first);
  wire::Job to_wire(const Job& job) const;

  SweepState& state_;
  const SchedulerOptions options_;
  std::vector<Event> events_;    // to be made durable together, and then
  std::vector<Message> outbox_;  // these are sent
  Links links_;
  std::deque<std::string> awaiting_plan_;  // links, and some that were; who said Hello first comes first
  std::unordered_map<std::string, WorkerId> ids_;    // of every worker the sweep has met
  std::vector<std::string> connected_name_;          // by WorkerId; empty: not connected
  std::unordered_map<std::string, int> case_index_;  // by name
  std::vector<std::uint32_t> crowd_;                 // by case: links that have it
  std::map<std::string, wire::Assign> assignments_;  // of the current plan_ahead()
  std::uint64_t hand_outs_ = 0;
  std::array<JobTimes, 2> times_;         // by kind
  std::unordered_set<JobId> second_try_;  // jobs that had a second attempt beside the first
  FailureRecord failures_;
  std::size_t sound_ = 0;  // links, at the latest hand_out()
  bool stopping_ = false;
  std::string stop_reason_;
  std::optional<TimePoint> last_expire_;
  const std::string plan_json_, plan_sha256_;
  SchedulerCounters counters_;
};

}  // namespace wcam
