// The jobs of a sweep and the one function that changes their state. States and transitions: ledger.md.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/ids.h"
#include "common/store/records.h"

namespace wcam {

// A worker process, numbered from 0 in the order in which the sweep met them.
enum class WorkerId : std::uint32_t {};
constexpr std::uint32_t value(WorkerId id) { return static_cast<std::uint32_t>(id); }

enum class JobState : std::uint8_t { kWaiting, kLeased, kDone, kSetAside, kCancelled };
inline constexpr std::array kJobStates{JobState::kWaiting, JobState::kLeased, JobState::kDone,
                                       JobState::kSetAside, JobState::kCancelled};

// Why a worker no longer has a job that it did not do.
enum class Cause : std::uint8_t {
  kFailed,       // it answered with an error: counts towards setting aside
  kLost,         // it fell silent: counts towards setting aside
  kGivenBack,    // it said Goodbye, gave back what it had not begun, or could store no result for a lease
  kNotReceived,  // it never had the job in hand
  kRestart,      // the coordinator restarted
};

std::string to_string(JobState state);
std::string to_string(Cause cause);

// What a job is. Nothing of it ever changes.
struct JobSpec {
  JobKind kind = JobKind::kPredict;
  std::uint32_t image = 0;       // position in the order in which images are taken
  std::uint16_t case_index = 0;  // into Plan::cases
  // 0: the source; v: Plan::variants[v - 1]. Of a predict job: the first of its PredictBlock.
  std::uint16_t variant = 0;
  // From here on: of explain jobs only.
  Role role = Role::kSource;
  std::uint16_t role_index = 0;  // coordinator/queue/selection.h
  std::uint32_t rank = 0;        // of the image in the sample
  std::int64_t label = 0;        // class explained
  LabelKinds explained{};        // all that it is
  std::uint16_t replicate = 0;   // of the design
  std::uint16_t control_of = 0;  // the altered variant whose control this one is; 0: of none
  bool operator==(const JobSpec&) const = default;
};

// An attempt in a worker's hand.
struct Lease {
  std::uint32_t attempt = 0;  // 0: none
  WorkerId worker{};
  bool operator==(const Lease&) const = default;
};

struct Job {
  JobId id{};
  JobSpec spec;
  JobState state = JobState::kWaiting;
  std::uint32_t attempts = 0;  // handed out so often
  // The latest attempt is in hand, or may still be answered or found in a worker's hand. Once finished it
  // matters only if the job is retried or undone.
  bool open = false;
  std::uint32_t failures = 0, losses = 0;  // since it was added or last retried
  std::uint32_t retries = 0;               // put back after it was set aside or cancelled
  // Who has the job while it is leased: one worker, or two, the earlier first, when a second one tries it
  // too.
  std::array<Lease, 2> leases{};
  std::string text;  // why set aside or cancelled

  bool finished() const { return state != JobState::kWaiting && state != JobState::kLeased; }
  std::span<const Lease> in_hand() const {
    const auto taken = static_cast<std::size_t>(leases[0].attempt != 0) + (leases[1].attempt != 0 ? 1 : 0);
    return {leases.data(), taken};
  }
  const Lease* lease_with(WorkerId worker) const;      // nullptr: not in its hand
  const Lease* lease_of(std::uint32_t attempt) const;  // nullptr: in nobody's hand
  // Whether a success still counts. That of an explain job counts also after the job was set aside or
  // cancelled, since its result is stored. The image of a predict job has been passed over by then.
  bool may_be_done() const {
    return !finished() || (state != JobState::kDone && spec.kind == JobKind::kExplain);
  }
  // Whether the job was in hand when a worker was lost. It is then handed out alone, so that a job that kills
  // its worker is found without its neighbours being blamed.
  bool suspect() const { return losses > 0; }
  bool operator==(const Job&) const = default;
};

struct JobAdded {
  JobId job{};
  JobSpec spec;
};
// The next attempt goes to a worker: of a job that waits, or that one other worker has in hand.
struct JobHandedOut {
  JobId job{};
  Attempt attempt{};
  WorkerId worker{};
};
// The latest attempt was found in a worker's hand after all.
struct JobAdopted {
  JobId job{};
  Attempt attempt{};
  WorkerId worker{};
};
struct JobReturned {
  JobId job{};
  Attempt attempt{};
  Cause cause{};
  std::string text;
};
// Any attempt's success will do: results depend on the job alone, and the first durable answer wins.
struct JobDone {
  JobId job{};
  Attempt attempt{};
  std::string segment;
  double seconds = 0;                // explain jobs
  std::vector<std::int64_t> labels;  // predict jobs
  WorkerId worker{};                 // to whom the attempt was handed
};
struct JobSetAside {
  JobId job{};
  std::string text;
};
struct JobCancelled {
  JobId job{};
  std::string text;
};
// Somebody wants the job tried again, as often as a new one; attempts count on.
struct JobRetried {
  JobId job{};
};
// The job's result was stored and is lost: to be done again.
struct JobUndone {
  JobId job{};
  std::string text;
};
using JobEvent = std::variant<JobAdded, JobHandedOut, JobAdopted, JobReturned, JobDone, JobSetAside,
                              JobCancelled, JobRetried, JobUndone>;

// What makes a job done that waits or is leased, by an attempt that was made before the job was added or
// behind the back of its lease.
std::vector<JobEvent> taking_in(const Job& job, const JobDone& done);

// How many jobs of one kind are in each state.
struct Tally {
  std::array<std::size_t, 5> in_state{};
  std::size_t operator[](JobState state) const { return in_state[static_cast<std::size_t>(state)]; }
  std::size_t all() const;
  bool operator==(const Tally&) const = default;
};

// Every operation costs O(log jobs) at most, unless it says otherwise.
class JobTable {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit JobTable(std::size_t cases);

  // The only way a job changes. Aborts, printing job and event, on what ledger.md does not allow.
  void apply(const JobEvent& event);
  // Takes in a job as the ledger has it, at start. False when there is one of that id.
  [[nodiscard]] bool restore(const Job& job);

  // Lets a waiting job rest: head() and waiting_suspect() do not offer it until wake() is told that time. The
  // rest is no part of the job's state: a restart forgets it.
  void rest(JobId job, TimePoint until);
  void wake(TimePoint now);
  std::size_t resting() const { return resting_.size(); }

  const Job* find(JobId id) const;  // nullptr: no such job
  const Job& at(JobId id) const;    // aborts when there is none

  // The first of some waiting jobs; `priority` tells which of two heads goes first, the smaller one.
  struct Head {
    JobId job{};
    std::uint64_t priority = 0;
  };
  // Of the waiting jobs of this kind and case that neither rest nor are suspect, the one to do first: explain
  // jobs by rank, role and role_index, predict jobs by their image's place in the order. A job that has
  // failed before goes ahead of these, unless `skip` is true of it.
  std::optional<Head> head(JobKind kind, std::uint16_t case_index,
                           const std::function<bool(JobId)>& skip = {}) const;
  std::optional<JobId> waiting_suspect() const;

  const std::set<JobId>& leased_to(WorkerId worker) const;
  bool leases_suspect(WorkerId worker) const;
  const Tally& tally(JobKind kind) const { return tallies_[static_cast<std::size_t>(kind)]; }
  const Tally& tally_of_case(std::size_t case_index) const { return tallies_of_cases_[case_index]; }
  std::size_t unfinished() const;
  // The jobs set aside.
  const std::set<JobId>& set_aside() const { return set_aside_; }
  const std::unordered_map<JobId, Job>& all() const { return jobs_; }

  // A sentence on what no events could have made, an index that disagrees with the jobs included; nullopt:
  // all is sound. O(jobs).
  std::optional<std::string> problem() const;
  // What one job cannot be.
  static std::optional<std::string> problem(const Job& job);
  void check_invariants() const;  // aborts when there is a problem(): for tests
  // Whether both have the same jobs in the same states. O(jobs).
  bool operator==(const JobTable& other) const { return jobs_ == other.jobs_; }

 private:
  using Queue = std::set<std::pair<std::uint64_t, JobId>>;

  void enter(const Job& job);  // into the indices below
  void leave(const Job& job);
  void withdraw(const Job& job);  // it waits: from the queue, or from its rest
  Queue& queue_of(const Job& job);

  std::size_t cases_;
  std::unordered_map<JobId, Job> jobs_;
  std::unordered_map<JobId, TimePoint> resting_;
  std::set<std::pair<TimePoint, JobId>> alarms_;  // resting_, by time
  // From here on indices: functions of jobs_ and of who rests.
  std::vector<Queue> queues_;  // [kind * cases + case]
  std::vector<Queue> failed_;  // [kind * cases + case], of jobs that have failed before
  Queue suspects_;
  std::vector<std::set<JobId>> held_;           // by worker
  std::vector<std::uint32_t> suspects_leased_;  // by worker
  std::set<JobId> set_aside_;
  std::array<Tally, 2> tallies_{};
  std::vector<Tally> tallies_of_cases_;
};

}  // namespace wcam
