// Who gets which job: the policy, on the state, the roster and the record of failures as they are when it is
// asked. Pure: it changes nothing, and what it says depends on nothing else. The scheduler asks, does what it
// says, and asks on.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "common/wire/job_times.h"
#include "coordinator/queue/failure_record.h"
#include "coordinator/queue/roster.h"
#include "coordinator/queue/scheduler_options.h"
#include "coordinator/queue/sweep_state.h"

namespace wcam {

// Before what went wrong so often is tried again.
std::chrono::milliseconds pause_after(std::uint32_t failures, std::chrono::milliseconds backoff);

// For one time; all that it is made of outlives it. Who comes or goes, or becomes sound, meanwhile: make
// another.
class Assignment {
 public:
  using TimePoint = Roster::TimePoint;

  // O(links).
  Assignment(const SweepState& state, const Roster& roster, const FailureRecord& failures,
             const SchedulerOptions& options, TimePoint now);

  // Who may get a job, who has least in front, so that the last jobs of a sweep are spread.
  std::vector<const Link*> hungry() const;
  // The job that it should get next; nullopt: it gets none now.
  std::optional<JobId> next_job(const Link& link) const;

  struct TakeOver {
    JobId job{};
    Attempt attempt{};
    std::string why;
  };
  // What another worker has in hand and is to give up, so that this one has something to do.
  std::optional<TakeOver> take_over(const Link& link) const;

  struct AskBack {
    const Link* link = nullptr;
    JobId job{};
  };
  // Nothing is left to hand out, and the workers `idle` have nothing to do: what the others are asked to give
  // back.
  std::vector<AskBack> ask_backs(const std::vector<const Link*>& idle) const;

  struct SecondAttempt {
    const Link* link = nullptr;
    JobId job{};
  };
  // As well (SchedulerOptions::speculate): a second attempt for what the others have had in hand for longest.
  // `times`: how long jobs take, by kind. `tried`: jobs that had a second attempt.
  std::vector<SecondAttempt> second_attempts(const std::vector<const Link*>& idle,
                                             const std::array<JobTimes, 2>& times,
                                             const std::unordered_set<JobId>& tried) const;

  // It fails what it is given, and others do not.
  bool is_doubtful(const Link& link) const;

 private:
  bool is_sound(const Link& link) const;
  bool is_held_back(const Link& link) const;
  bool is_for_others(const Link& link, JobId id) const;
  bool works_alone(const Link& link) const;
  std::optional<JobId> last_unbegun(const Link& link, const std::vector<const Link*>& idle) const;
  bool straggles(const Job& job, const Link::Lease& lease, const std::array<JobTimes, 2>& times,
                 const std::unordered_set<JobId>& tried) const;

  const SweepState& state_;
  const Roster& roster_;
  const FailureRecord& failures_;
  const SchedulerOptions& options_;
  const TimePoint now_;
  const std::size_t sound_;  // links of whom most is to be expected
};

}  // namespace wcam
