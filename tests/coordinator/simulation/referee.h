// What must hold in every schedule, checked from what can be seen from outside: events made durable, messages
// sent, segments written, answers computed. Keeps books of its own, so that a mistake in the code under test
// is not repeated here.
#pragma once

#include <wire.pb.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/queue/scheduler.h"
#include "coordinator/queue/sweep_state.h"
#include "tests/coordinator/simulation/clock.h"
#include "tests/coordinator/simulation/study.h"

namespace wcam::simulation {

// A schedule in which something that must hold does not.
class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What happened in one schedule or many, so that a test can see that the simulation is worth something.
using Happenings = std::map<std::string, std::uint64_t>;

class Referee {
 public:
  Referee(const Study& study, const SchedulerOptions& options, const Clock& clock);

  // --- what workers do
  void begins(const std::string& worker, const wire::Job& job);
  void fails(const std::string& worker, const wire::Job& job);
  void succeeds(const std::string& worker, const wire::Job& job);
  // Something happens to a worker that may keep it from being heard for so long.
  void disturbed(const std::string& worker, milliseconds duration);
  void dies(const std::string& worker);
  // For want of a word from a coordinator, for so long.
  void gives_up(const std::string& worker, milliseconds patience) const;
  void killed_by(const std::string& worker, const wire::Job& job);
  void segment_is_durable(const std::string& name, const std::vector<wire::Outcome>& outcomes);
  void worker_hears(const std::string& worker, const wire::Envelope& envelope);
  void worker_says(const wire::Envelope& envelope);
  bool has_failed(JobId job) const { return failures_.contains(job); }

  // --- what the coordinator does
  void coordinator_starts();
  void coordinator_ends() { is_there_ = false; }
  void hears(const std::string& worker, const wire::Envelope& envelope);
  // `decided`: when they were made, which is earlier where they had to wait for room.
  void commits(std::span<const Event> events, TimePoint decided);
  void sends(const std::string& worker, const wire::Envelope& envelope);
  void replies(const wire::Reply& reply);
  // An operator's request is heard; the events follow from it, none where it is refused.
  void operator_asks(const wire::Request& request, const std::vector<Event>& events);
  void coordinator_is_away_until(TimePoint time) {
    there_since_ = std::max(there_since_, time);
    coordinator_is_busy_until(time);
  }
  // It hears and answers, and does nothing else.
  void coordinator_is_busy_until(TimePoint time) { heard_from_ = std::max(heard_from_, time); }
  void something_was_injected() { quiet_ = false; }

  // The sweep has finished: state and books must agree, and the outcome must be the only one possible.
  void judge(const SweepState& state, const SchedulerCounters& counters) const;

  Happenings happenings;

 private:
  struct Record {
    JobSpec spec;
    bool finished = false, is_done = false, open = false;
    std::uint32_t attempts = 0, failures = 0, losses = 0, neighbour_losses = 0;
    std::uint32_t second_attempts = 0, given_back = 0;
    std::map<std::uint32_t, std::pair<WorkerId, TimePoint>> hands;  // by attempt: whose, and since when
    TimePoint rests_until{};                                        // before it goes out again
    std::set<std::uint32_t> failed_attempts;
    std::string segment;
    bool retried = false;

    bool waits(TimePoint now) const { return !finished && hands.empty() && now >= rests_until; }
  };

  void commit(const WorkerJoined& event);
  void commit(const ImageDecided& event);
  void commit(const ImageRetried& event);
  void commit(const WorkerDrained& event);
  void commit(const CourseChanged& event);
  void commit(const CaseCancelled& event);
  void commit(const CaseRetried& event);
  void commit(const JobEvent& event);
  void commit_job(const JobAdded& event);
  void commit_job(const JobHandedOut& event);
  void commit_job(const JobAdopted& event);
  void commit_job(const JobReturned& event);
  void commit_job(const JobDone& event);
  void commit_job(const JobSetAside& event);
  void commit_job(const JobCancelled& event);
  void commit_job(const JobRetried& event);
  void commit_job(const JobUndone& event);
  static void end_without_result(Record& record);
  void check_second_attempt(const Record& record, const JobHandedOut& event) const;
  void check_loss(Record& record, const JobReturned& event);
  TimePoint rest_of(const Record& record, Cause cause) const;
  void judge_images(const SweepState& state) const;
  void judge_images_in_any_order(const SweepState& state) const;
  void judge_decisions(const SweepState& state) const;
  void judge_drained() const;
  void judge_job(const SweepState& state, const Job& job) const;
  void judge_quiet(const SweepState& state, const SchedulerCounters& counters) const;
  std::string image_of(const JobSpec& spec) const;

  const Study& study_;
  const SchedulerOptions options_;
  const Clock& clock_;
  const std::vector<KeyedImage> order_;
  bool quiet_;  // nothing happens that an undisturbed sweep does not know

  std::uint64_t releases_ = 0;  // leases, sent
  TimePoint decided_{};         // the events being committed
  // The coordinator's process; its latest absence ended then.
  bool is_there_ = false;
  TimePoint there_since_{};
  // Of operators who wait for theirs, in order: whether what they asked for is still to be made durable.
  std::deque<bool> replies_due_;

  // Durable.
  std::map<JobId, Record> jobs_;
  std::vector<std::string> workers_;
  std::map<std::string, std::set<std::pair<JobId, std::uint32_t>>> segments_;
  std::set<std::pair<JobId, std::uint32_t>> stored_;  // in any segment
  // The operator's.
  Course course_ = Course::kOn;
  std::map<WorkerId, TimePoint> drained_;
  TimePoint heard_from_{};  // since then the coordinator has been there
  std::set<std::uint16_t> cancelled_cases_;
  std::uint64_t cancels_ = 0, retries_ = 0;  // requests that asked for it
  std::set<std::uint32_t> ranked_;           // images that were selected
  bool in_order_ = true;                     // no image was put back that had to be decided
  struct Wanted {
    std::array<std::uint32_t, 2> jobs{};  // predict, explain
    double given = 0;                     // of the whole
    // Of so many of either kind, a job takes one part.
    double part(JobKind kind) const { return 1.0 / jobs.at(static_cast<std::size_t>(kind)); }
    bool takes(JobKind kind) const { return given + part(kind) < 1 + 1e-3; }  // none: infinite
  };
  std::map<std::string, Wanted> wanted_;  // by worker, as it last said
  // Of workers, by name.
  std::map<std::string, TimePoint> last_heard_, trouble_until_;
  std::map<std::string, JobId> killed_by_;
  std::set<std::string> greeting_;  // have said Hello and not heard Welcome
  std::set<std::string> dead_;
  std::set<std::string> in_trouble_;                   // has said that it can store nothing
  std::set<std::pair<std::string, JobId>> computed_;   // and not released since
  std::set<std::pair<std::string, JobId>> released_;   // and not assigned since
  std::map<JobId, std::uint32_t> failures_;            // computed
  std::set<std::pair<std::string, JobId>> failed_at_;  // the same, by worker
  std::set<std::pair<JobId, std::uint32_t>> failed_;   // handed in
  std::set<std::pair<JobId, std::uint32_t>> dropped_;  // given back, that is, never begun
};

// "e41c/2": the last digits of a job's id, and the attempt.
std::string short_name(std::uint64_t job, std::uint32_t attempt);
// A message in a line.
std::string describe(const wire::Envelope& envelope);

}  // namespace wcam::simulation
