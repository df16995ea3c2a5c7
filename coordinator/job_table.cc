#include "coordinator/job_table.h"

#include <algorithm>
#include <numeric>

#include "common/error.h"

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
    require(is(JobState::kWaiting) && value(e.attempt) == job.attempts + 1, "handed out");
    ++job.attempts;
    lease(e.worker);
  }
  void operator()(const JobAdopted& e) {
    require(is(JobState::kWaiting) && job.open && is_latest(e.attempt), "adopted");
    lease(e.worker);
  }
  // A failure may come after the lease has ended (its worker was lost and came back): then the job is
  // waiting.
  void operator()(const JobReturned& e) {
    const bool late_failure = is(JobState::kWaiting) && job.open && e.cause == Cause::kFailed;
    require((is(JobState::kLeased) || late_failure) && is_latest(e.attempt), "returned");
    if (e.cause == Cause::kFailed) ++job.failures;
    if (e.cause == Cause::kLost) ++job.losses;
    job.open = e.cause != Cause::kFailed && e.cause != Cause::kGivenBack;
    release(JobState::kWaiting);
  }
  void operator()(const JobDone& e) {
    const bool late_for_set_aside = is(JobState::kSetAside) && job.spec.kind == JobKind::kExplain;
    require(
        (!job.finished() || late_for_set_aside) && value(e.attempt) >= 1 && value(e.attempt) <= job.attempts,
        "done");
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
    release(JobState::kWaiting);
    job.failures = job.losses = 0;
    ++job.retries;
    job.text.clear();
  }
  void operator()(const JobUndone&) {
    require(is(JobState::kDone), "undone");
    release(JobState::kWaiting);
  }

 private:
  void lease(WorkerId worker) {
    job.state = JobState::kLeased;
    job.worker = worker;
    job.open = true;
  }
  void release(JobState state) {
    job.state = state;
    job.worker = WorkerId{};
  }
  void finish(JobState state, const std::string& text) {
    if (is(JobState::kLeased))
      job.open = false;  // it is taken from the worker; what was lost may turn up yet
    release(state);
    job.text = text;
  }
};

// Explain jobs by rank, role, role_index; predict jobs by image.
std::uint64_t priority_of(const JobSpec& spec) {
  if (spec.kind == JobKind::kPredict) return spec.image;
  return (std::uint64_t{spec.rank} << 24U) | (static_cast<std::uint64_t>(spec.role) << 16U) | spec.role_index;
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

std::string to_string(JobKind kind) { return kind == JobKind::kPredict ? "predict" : "explain"; }

std::string to_string(JobState state) {
  static constexpr const char* kNames[] = {"waiting", "leased", "done", "set_aside", "cancelled"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string to_string(Cause cause) {
  static constexpr const char* kNames[] = {"failed", "lost", "given_back", "not_received", "restart"};
  return kNames[static_cast<std::size_t>(cause)];
}

std::size_t Tally::all() const { return std::accumulate(in_state.begin(), in_state.end(), std::size_t{0}); }

JobTable::JobTable(std::size_t cases) : cases_(cases), queues_(2 * cases) {}

void JobTable::apply(const JobEvent& event) {
  if (const auto* added = std::get_if<JobAdded>(&event)) {
    Job job;
    job.id = added->job;
    job.spec = added->spec;
    restore(std::move(job));
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

void JobTable::restore(Job job) {
  if (job.spec.case_index >= cases_) invariant_broken("a case that is not there: " + describe(job));
  const auto [position, is_new] = jobs_.emplace(job.id, std::move(job));
  if (!is_new) invariant_broken("added twice: " + describe(position->second));
  enter(position->second);
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

std::optional<JobTable::Head> JobTable::head(JobKind kind, std::uint16_t case_index) const {
  const Queue& queue = queues_[static_cast<std::size_t>(kind) * cases_ + case_index];
  if (queue.empty()) return std::nullopt;
  return Head{queue.begin()->second, queue.begin()->first};
}

std::optional<JobId> JobTable::waiting_suspect() const {
  if (suspects_.empty()) return std::nullopt;
  return suspects_.begin()->second;
}

const std::set<JobId>& JobTable::held_by(WorkerId worker) const {
  static const std::set<JobId> kNone;
  return value(worker) < held_.size() ? held_[value(worker)] : kNone;
}

std::size_t JobTable::unfinished() const {
  std::size_t count = 0;
  for (const Tally& tally : tallies_) count += tally[JobState::kWaiting] + tally[JobState::kLeased];
  return count;
}

JobTable::Queue& JobTable::queue_of(const Job& job) {
  if (job.suspect()) return suspects_;
  return queues_[static_cast<std::size_t>(job.spec.kind) * cases_ + job.spec.case_index];
}

void JobTable::enter(const Job& job) {
  ++tallies_[static_cast<std::size_t>(job.spec.kind)].in_state[static_cast<std::size_t>(job.state)];
  if (job.state == JobState::kWaiting) put(queue_of(job), std::pair(priority_of(job.spec), job.id), job);
  if (job.state == JobState::kSetAside) put(set_aside_, job.id, job);
  if (job.state != JobState::kLeased) return;
  if (held_.size() <= value(job.worker)) held_.resize(value(job.worker) + std::size_t{1});
  put(held_[value(job.worker)], job.id, job);
}

void JobTable::leave(const Job& job) {
  --tallies_[static_cast<std::size_t>(job.spec.kind)].in_state[static_cast<std::size_t>(job.state)];
  if (job.state == JobState::kWaiting) take(queue_of(job), std::pair(priority_of(job.spec), job.id), job);
  if (job.state == JobState::kSetAside) take(set_aside_, job.id, job);
  if (job.state == JobState::kLeased) take(held_[value(job.worker)], job.id, job);
}

std::optional<std::string> JobTable::problem() const {
  JobTable fresh(cases_);
  for (const auto& [id, job] : jobs_) {
    if (id != job.id) return "filed under " + to_string(id) + ": " + describe(job);
    if (job.state == JobState::kLeased && (job.attempts == 0 || !job.open))
      return "leased without an open attempt: " + describe(job);
    if (job.failures > job.attempts) return "more failures than attempts: " + describe(job);
    fresh.restore(job);
  }
  fresh.held_.resize(std::max(held_.size(), fresh.held_.size()));
  auto held = held_;
  held.resize(fresh.held_.size());
  if (fresh.queues_ != queues_ || fresh.suspects_ != suspects_ || fresh.held_ != held ||
      fresh.set_aside_ != set_aside_ || fresh.tallies_ != tallies_)
    return "the job table's indices disagree with its jobs";
  return std::nullopt;
}

void JobTable::check_invariants() const {
  if (const auto found = problem()) invariant_broken(*found);
}

}  // namespace wcam
