// What follows from what the workers say and from their silence. Needs no socket and no clock, so a lost
// worker is one call in a test. Handlers change the state through events; settle() makes these durable and
// only then sends what follows from them. Who is there is the roster's, who gets which job the assignment's,
// who gets the plan its delivery's.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "common/wire/job_times.h"
#include "coordinator/queue/assignment.h"
#include "coordinator/queue/failure_record.h"
#include "coordinator/queue/message.h"
#include "coordinator/queue/plan_delivery.h"
#include "coordinator/queue/roster.h"
#include "coordinator/queue/scheduler_options.h"
#include "coordinator/queue/sweep_state.h"

namespace wcam {

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
  void advance(TimePoint now);
  // Ends a turn: `commit` makes the events since the last one durable, together, or throws; only then does
  // `send` get the messages, and says false of one that could not be sent. Events that follow from that go
  // with the next turn.
  void settle(const std::function<void(std::span<const Event>)>& commit,
              const std::function<bool(const Message&)>& send);

  // No job is handed out any more; every worker, also one that comes later, is told to stop.
  void stop(const std::string& reason);

  // What an operator wants (apply_request.h), as events that follow from the state: made, and said to the
  // workers that they concern.
  void carry_out(const std::vector<Event>& events);
  bool stopping() const { return stopping_; }
  const std::string& stop_reason() const { return stop_reason_; }

  std::size_t workers() const { return roster_.links().size(); }
  bool connected(WorkerId id) const { return roster_.find(id) != nullptr; }
  // A line for each worker that can store nothing, or that fails what it is given while others do not: which,
  // and why.
  std::vector<std::string> troubles() const;
  const SchedulerCounters& counters() const { return counters_; }
  // Links and the job table agree; aborts. For tests.
  void check_invariants() const;

 private:
  void emit(Event event);
  void send(const std::string& worker, wire::Envelope envelope);

  void on_hello(const std::string& worker, const wire::Hello& hello, TimePoint now);
  void welcome(const Link& link, bool with_plan);
  void send_plans(TimePoint now);
  // If it is to stop: everybody, or this worker.
  void tell_to_stop(const Link& link);
  void on_ready(Link& link, const wire::Ready& ready, TimePoint now);
  void on_heartbeat(Link& link, const wire::Heartbeat& heartbeat, TimePoint now);
  void note_missing(Link& link, TimePoint now);
  void on_outcomes(Link& link, const wire::Outcomes& outcomes, TimePoint now);
  void on_outcome(Link& link, const wire::Outcome& outcome, TimePoint now);
  void on_success(const Link& link, const Job& job, const wire::Outcome& outcome);
  void note_caution(std::uint32_t image, const std::string& caution);
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
  // After a failure or loss, if it waits now.
  void back_off(JobId id, TimePoint now);
  void set_aside(JobId id, const std::string& text);
  void set_image_aside(std::uint32_t image, const std::string& text);
  void cancel_jobs_of(std::uint32_t image, const std::string& text);
  void cancel(JobId id, const std::string& text);
  // Tells who has it in hand that the job is not wanted any more, save who has just answered this attempt.
  void release_holders(const Job& job, std::uint32_t answered = 0);
  bool is_lost(const Link& link, TimePoint now) const;
  void lose(Roster::Links::iterator link, TimePoint now);
  void remove_link(Roster::Links::iterator link);

  void decide_images();
  void decide(std::uint32_t image);
  // Done at once, if the sweep had its result before it was extended.
  JobId add(const JobSpec& spec);
  void open_images();
  void hand_out(TimePoint now);
  // To those who have nothing to do when nothing is left to hand out.
  void relieve(const std::vector<const Link*>& idle, const Assignment& assignment, TimePoint now);
  void ask_back(const Assignment::AskBack& asked, TimePoint now);
  void give(WorkerId worker, JobId id, TimePoint now);
  void send_assignments();
  wire::Job to_wire(const Job& job) const;

  SweepState& state_;
  const SchedulerOptions options_;
  std::vector<Event> events_;    // to be made durable together, and then
  std::vector<Message> outbox_;  // these are sent
  Roster roster_;
  FailureRecord failures_;
  std::array<JobTimes, 2> times_;                    // by kind
  std::unordered_set<JobId> second_try_;             // jobs that had a second attempt beside the first
  std::unordered_map<std::string, int> case_index_;  // by name
  std::map<std::string, wire::Assign> assignments_;  // by worker, of the current advance()
  bool stopping_ = false;
  std::string stop_reason_;
  TimePoint last_expire_{};  // or when it started
  const std::string plan_json_, plan_sha256_;
  PlanDelivery plans_;
  std::unordered_set<std::uint32_t> doubtful_;  // images whose caution was logged, the first few
  SchedulerCounters counters_;
};

}  // namespace wcam
