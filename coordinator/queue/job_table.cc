#include "coordinator/queue/job_table.h"

#include <algorithm>
#include <numeric>

#include "common/base/error.h"
#include "common/study/plan.h"

namespace wcam {

namespace {

const char* name_of(const JobEvent& event) {
  static constexpr const char* kNames[] = {"added",     "handed out", "adopted", "returned", "done",
                                           "set aside", "cancelled",  "retried", "undone"};
  return kNames[event.index()];
}

std::string describe(const Job& job) {
  return to_string(job.spec.kind) + " job " + to_string(job.id) + " (" + to_string(job.state) +
         ", attempts " + std::to_string(job.attempts) + (job.open ? ", open" : "") + ", failures " +
         std::to_string(job.failures) + ", losses " + std::to_string(job.losses) + ")";
}

// What the event makes of the job: the table of transitions in ledger.md, a row a function.
struct Transition {
  Job job;

  void require(bool allowed, const char* event) const {
    if (!allowed) invariant_broken("'" + std::string(event) + "' does not apply to " + describe(job));
  }
  bool is(JobState state) const { return job.state == state; }
  bool is_latest(Attempt attempt) const { return job.attempts > 0 && value(attempt) == job.attempts; }

  void operator()(const JobAdded&) const { require(false, "added"); }
  void operator()(const JobHandedOut& e) {
    const bool second =
        is(JobState::kLeased) && job.in_hand().size() == 1 && job.lease_with(e.worker) == nullptr;
    require((is(JobState::kWaiting) || second) && value(e.attempt) == job.attempts + 1, "handed out");
    ++job.attempts;
    lease(e.worker);
  }
  void operator()(const JobAdopted& e) {
    require(is(JobState::kWaiting) && job.open && is_latest(e.attempt), "adopted");
    lease(e.worker);
  }
  // A failure may come after the lease has ended (its worker was lost and came back).
  void operator()(const JobReturned& e) {
    const bool held = job.lease_of(value(e.attempt)) != nullptr;
    const bool late_failure =
        !job.finished() && job.open && is_latest(e.attempt) && e.cause == Cause::kFailed;
    require(held || late_failure, "returned");
    if (e.cause == Cause::kFailed) ++job.failures;
    if (e.cause == Cause::kLost) ++job.losses;
    if (is_latest(e.attempt)) job.open = e.cause != Cause::kFailed && e.cause != Cause::kGivenBack;
    if (held) drop(value(e.attempt));
  }
  void operator()(const JobDone& e) {
    require(job.may_be_done() && value(e.attempt) >= 1 && value(e.attempt) <= job.attempts, "done");
    if (is_latest(e.attempt)) job.open = false;
    finish(JobState::kDone, "");
  }
  void operator()(const JobSetAside& e) {
    require(!job.finished(), "set aside");
    finish(JobState::kSetAside, e.text);
  }
  void operator()(const JobCancelled& e) {
    require(!job.finished(), "cancelled");
    finish(JobState::kCancelled, e.text);
  }
  void operator()(const JobRetried&) {
    require(is(JobState::kSetAside) || is(JobState::kCancelled), "retried");
    job.state = JobState::kWaiting;
    job.failures = job.losses = 0;
    ++job.retries;
    job.text.clear();
  }
  void operator()(const JobUndone&) {
    require(is(JobState::kDone), "undone");
    job.state = JobState::kWaiting;
  }

 private:
  // The latest attempt.
  void lease(WorkerId worker) {
    job.leases[job.in_hand().size()] = {job.attempts, worker};
    job.state = JobState::kLeased;
    job.open = true;
  }
  void drop(std::uint32_t attempt) {
    if (job.leases[0].attempt == attempt) job.leases[0] = job.leases[1];
    job.leases[1] = {};
    if (job.in_hand().empty()) job.state = JobState::kWaiting;
  }
  void finish(JobState state, const std::string& text) {
    // What is taken from a worker is not waited for; what was lost may turn up yet.
    if (job.lease_of(job.attempts) != nullptr) job.open = false;
    job.leases = {};
    job.state = state;
    job.text = text;
  }
};

// Explain jobs by rank, replicate, role, role_index; predict jobs by image.
std::uint64_t priority_of(const JobSpec& spec) {
  static_assert(kMostReplicates <= 1 << 8);
  if (spec.kind == JobKind::kPredict) return spec.image;
  return (std::uint64_t{spec.rank} << 26U) | (std::uint64_t{spec.replicate} << 18U) |
         (static_cast<std::uint64_t>(spec.role) << 16U) | spec.role_index;
}

template <typename Set, typename Item>
void put(Set& set, const Item& item, const Job& job) {
  if (!set.insert(item).second) invariant_broken("indexed twice: " + describe(job));
}

template <typename Set, typename Item>
void take(Set& set, const Item& item, const Job& job) {
  if (set.erase(item) != 1) invariant_broken("not indexed: " + describe(job));
}

}  // namespace

std::string to_string(JobState state) {
  static constexpr const char* kNames[] = {"waiting", "leased", "done", "set_aside", "cancelled"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string to_string(Cause cause) {
  static constexpr const char* kNames[] = {"failed", "lost", "given_back", "not_received", "restart"};
  return kNames[static_cast<std::size_t>(cause)];
}

std::vector<JobEvent> taking_in(const Job& job, const JobDone& done) {
  std::vector<JobEvent> events;
  for (const Lease& lease : job.in_hand())
    events.emplace_back(JobReturned{job.id, Attempt{lease.attempt}, Cause::kRestart, ""});
  for (std::uint32_t attempt = job.attempts + 1; attempt <= value(done.attempt); ++attempt) {
    events.emplace_back(JobHandedOut{job.id, Attempt{attempt}, done.worker});
    if (attempt < value(done.attempt))
      events.emplace_back(JobReturned{job.id, Attempt{attempt}, Cause::kGivenBack, "an earlier attempt"});
  }
  events.emplace_back(done);
  return events;
}

const Lease* Job::lease_with(WorkerId worker) const {
  for (const Lease& lease : in_hand())
    if (lease.worker == worker) return &lease;
  return nullptr;
}

const Lease* Job::lease_of(std::uint32_t attempt) const {
  for (const Lease& lease : in_hand())
    if (lease.attempt == attempt) return &lease;
  return nullptr;
}

std::size_t Tally::all() const { return std::accumulate(in_state.begin(), in_state.end(), std::size_t{0}); }

JobTable::JobTable(std::size_t cases)
    : cases_(cases), queues_(2 * cases), failed_(2 * cases), tallies_of_cases_(cases) {}

void JobTable::apply(const JobEvent& event) {
  if (const auto* added = std::get_if<JobAdded>(&event)) {
    Job job;
    job.id = added->job;
    job.spec = added->spec;
    if (!restore(job)) invariant_broken("added twice: " + describe(at(job.id)));
    return;
  }
  const JobId id = std::visit([](const auto& e) { return e.job; }, event);
  const auto found = jobs_.find(id);
  if (found == jobs_.end())
    invariant_broken("'" + std::string(name_of(event)) + "' for job " + to_string(id) +
                     ", which is not there");
  Transition transition{found->second};
  std::visit(transition, event);
  leave(found->second);
  found->second = std::move(transition.job);
  enter(found->second);
}

bool JobTable::restore(const Job& job) {
  if (job.spec.case_index >= cases_) invariant_broken("a case that is not there: " + describe(job));
  const auto [position, is_new] = jobs_.try_emplace(job.id, job);
  if (is_new) enter(position->second);
  return is_new;
}

void JobTable::rest(JobId id, TimePoint until) {
  const Job& job = at(id);
  if (job.state != JobState::kWaiting) invariant_broken("to rest, and not waiting: " + describe(job));
  withdraw(job);
  resting_.emplace(id, until);
  alarms_.emplace(until, id);
}

void JobTable::wake(TimePoint now) {
  while (!alarms_.empty() && alarms_.begin()->first <= now) {
    const Job& job = at(alarms_.begin()->second);
    withdraw(job);
    put(queue_of(job), std::pair(priority_of(job.spec), job.id), job);
  }
}

const Job* JobTable::find(JobId id) const {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : &found->second;
}

const Job& JobTable::at(JobId id) const {
  const Job* job = find(id);
  if (job == nullptr) invariant_broken("no job " + to_string(id));
  return *job;
}

std::optional<JobTable::Head> JobTable::head(JobKind kind, std::uint16_t case_index,
                                             const std::function<bool(JobId)>& skip) const {
  constexpr int kMostAsked = 64;  // so that the cost does not grow with how many have failed
  const std::size_t index = static_cast<std::size_t>(kind) * cases_ + case_index;
  int asked = 0;
  for (const auto& [priority, job] : failed_[index]) {
    if (!skip || !skip(job)) return Head{job, priority};
    if (++asked == kMostAsked) break;
  }
  if (queues_[index].empty()) return std::nullopt;
  return Head{queues_[index].begin()->second, queues_[index].begin()->first};
}

std::optional<JobId> JobTable::waiting_suspect() const {
  if (suspects_.empty()) return std::nullopt;
  return suspects_.begin()->second;
}

const std::set<JobId>& JobTable::leased_to(WorkerId worker) const {
  static const std::set<JobId> kNone;
  return value(worker) < held_.size() ? held_[value(worker)] : kNone;
}

bool JobTable::leases_suspect(WorkerId worker) const {
  return value(worker) < suspects_leased_.size() && suspects_leased_[value(worker)] > 0;
}

std::size_t JobTable::unfinished() const {
  std::size_t count = 0;
  for (const Tally& tally : tallies_) count += tally[JobState::kWaiting] + tally[JobState::kLeased];
  return count;
}

JobTable::Queue& JobTable::queue_of(const Job& job) {
  if (job.suspect()) return suspects_;
  return (job.failures > 0 ? failed_
                           : queues_)[static_cast<std::size_t>(job.spec.kind) * cases_ + job.spec.case_index];
}

void JobTable::enter(const Job& job) {
  ++tallies_[static_cast<std::size_t>(job.spec.kind)].in_state[static_cast<std::size_t>(job.state)];
  ++tallies_of_cases_[job.spec.case_index].in_state[static_cast<std::size_t>(job.state)];
  if (job.state == JobState::kWaiting) put(queue_of(job), std::pair(priority_of(job.spec), job.id), job);
  if (job.state == JobState::kSetAside) put(set_aside_, job.id, job);
  for (const Lease& lease : job.in_hand()) {
    if (held_.size() <= value(lease.worker)) {
      held_.resize(value(lease.worker) + std::size_t{1});
      suspects_leased_.resize(held_.size());
    }
    put(held_[value(lease.worker)], job.id, job);
    if (job.suspect()) ++suspects_leased_[value(lease.worker)];
  }
}

void JobTable::leave(const Job& job) {
  --tallies_[static_cast<std::size_t>(job.spec.kind)].in_state[static_cast<std::size_t>(job.state)];
  --tallies_of_cases_[job.spec.case_index].in_state[static_cast<std::size_t>(job.state)];
  if (job.state == JobState::kWaiting) withdraw(job);
  if (job.state == JobState::kSetAside) take(set_aside_, job.id, job);
  for (const Lease& lease : job.in_hand()) {
    take(held_[value(lease.worker)], job.id, job);
    if (job.suspect()) --suspects_leased_[value(lease.worker)];
  }
}

void JobTable::withdraw(const Job& job) {
  if (const auto resting = resting_.find(job.id); resting != resting_.end()) {
    take(alarms_, std::pair(resting->second, job.id), job);
    resting_.erase(resting);
  } else {
    take(queue_of(job), std::pair(priority_of(job.spec), job.id), job);
  }
}

std::optional<std::string> JobTable::problem(const Job& job) {
  const auto held = job.in_hand();
  if ((job.state == JobState::kLeased) == held.empty()) return "leased, or in hand, and not both";
  if (held.size() == 2 && (held[0].attempt >= held[1].attempt || held[0].worker == held[1].worker))
    return "in two hands that cannot be";
  if (!held.empty() && held.back().attempt > job.attempts) return "in hand by an attempt that never was";
  if (job.lease_of(job.attempts) != nullptr && !job.open) return "in hand and not open";
  if (job.failures > job.attempts) return "more failures than attempts";
  return std::nullopt;
}

std::optional<std::string> JobTable::problem() const {
  JobTable fresh(cases_);
  for (const auto& [id, job] : jobs_) {
    if (id != job.id) return "filed under " + to_string(id) + ": " + describe(job);
    if (const auto what = problem(job)) return *what + ": " + describe(job);
    (void)fresh.restore(job);
  }
  for (const auto& [id, until] : resting_) {
    if (at(id).state != JobState::kWaiting) return "it rests and does not wait: " + describe(at(id));
    fresh.rest(id, until);
  }
  fresh.held_.resize(held_.size());  // workers that hold nothing any more
  fresh.suspects_leased_.resize(held_.size());
  if (fresh.queues_ != queues_ || fresh.failed_ != failed_ || fresh.suspects_ != suspects_ ||
      fresh.held_ != held_ || fresh.suspects_leased_ != suspects_leased_ || fresh.set_aside_ != set_aside_ ||
      fresh.tallies_ != tallies_ || fresh.tallies_of_cases_ != tallies_of_cases_ || fresh.alarms_ != alarms_)
    return "the job table's indices disagree with its jobs";
  return std::nullopt;
}

void JobTable::check_invariants() const {
  if (const auto found = problem()) invariant_broken(*found);
}

}  // namespace wcam
