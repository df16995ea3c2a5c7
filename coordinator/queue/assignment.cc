#include "coordinator/queue/assignment.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

namespace wcam {

std::chrono::milliseconds pause_after(std::uint32_t failures, std::chrono::milliseconds backoff) {
  constexpr std::chrono::milliseconds kLongest{60'000};
  std::chrono::milliseconds pause = backoff;
  for (std::uint32_t i = 1; i < failures && pause < kLongest; ++i) pause *= 4;
  return std::min(pause, kLongest);
}

Assignment::Assignment(const SweepState& state, const Roster& roster, const FailureRecord& failures,
                       const SchedulerOptions& options, TimePoint now)
    : state_(state),
      roster_(roster),
      failures_(failures),
      options_(options),
      now_(now),
      sound_(static_cast<std::size_t>(
          std::count_if(roster.links().begin(), roster.links().end(),
                        [this](const auto& entry) { return is_sound(entry.second); }))) {}

std::vector<const Link*> Assignment::hungry() const {
  std::vector<const Link*> hungry;
  for (const auto& [name, link] : roster_.links())
    if (link.credit.any() && !is_drained(state_, link) && !is_held_back(link)) hungry.push_back(&link);
  std::stable_sort(hungry.begin(), hungry.end(),
                   [](const Link* a, const Link* b) { return a->in_hand() < b->in_hand(); });
  return hungry;
}

bool Assignment::is_sound(const Link& link) const {
  return link.trouble.empty() && !link.others_in_hand && !is_drained(state_, link) &&
         !failures_.doubtful(link.id);
}

// Where all fail, the jobs are to blame.
bool Assignment::is_doubtful(const Link& link) const { return failures_.doubtful(link.id) && sound_ > 0; }

// It shows with one job at a time whether it is of use again.
bool Assignment::is_held_back(const Link& link) const {
  if (!is_doubtful(link)) return false;
  const FailureRecord::Row& row = *failures_.row(link.id);
  const auto pause = pause_after(row.failures - FailureRecord::kDoubtful + 1, options_.backoff);
  return !link.leases.empty() || now_ < row.latest + pause;
}

// What failed here is tried elsewhere first, while somebody else is there who might do it: for a lease, or an
// hour where everything fails. Not for ever, since nobody knows who else will ever ask.
bool Assignment::is_for_others(const Link& link, JobId id) const {
  constexpr std::chrono::hours kLongest{1};
  const FailureRecord::Where* where = failures_.where(id);
  if (where == nullptr ||
      std::find(where->workers.begin(), where->workers.end(), link.id) == where->workers.end())
    return false;
  const auto sound = std::count_if(where->workers.begin(), where->workers.end(), [this](WorkerId worker) {
    const Link* found = roster_.find(worker);
    return found != nullptr && is_sound(*found);
  });
  return sound_ > static_cast<std::size_t>(sound) &&
         now_ - where->latest < (is_doubtful(link) ? TimePoint::duration(kLongest) : options_.lease);
}

// At a suspect, or as the second at a job, which would else take the blame for the neighbours it has here and
// for those it has there.
bool Assignment::works_alone(const Link& link) const {
  if (state_.jobs().leases_suspect(link.id)) return true;
  if (link.leases.size() != 1) return false;
  const auto hands = state_.jobs().at(link.leases.begin()->first).in_hand();
  return hands.size() == 2 && hands[1].worker == link.id;
}

// A suspect goes to a worker that has nothing in hand, and nothing else goes there until it is answered: if
// that worker is lost too, the suspect alone is to blame. Otherwise jobs of a case the worker has loaded come
// first, since a model may take longer to load than a job to do; among them explain before predict, since
// only the former are results; then the case used most recently, or, where one must be loaded, the one that
// the fewest workers have, so that models spread over the workers; then by priority. No case is left behind
// for long: images are opened only so far ahead of the first undecided one (look_ahead), and that one waits
// for every case.
std::optional<JobId> Assignment::next_job(const Link& link) const {
  const JobTable& jobs = state_.jobs();
  if (is_held_back(link) || works_alone(link)) return std::nullopt;
  if (jobs.leased_to(link.id).empty() && !link.others_in_hand)
    if (const auto suspect = jobs.waiting_suspect())
      if (link.credit.left(jobs.at(*suspect).spec.kind) > 0) return suspect;
  std::optional<JobId> best;
  std::tuple<bool, bool, std::ptrdiff_t, std::uint64_t> best_key;
  for (std::size_t i = 0; i < state_.plan().cases.size(); ++i) {
    const auto c = static_cast<std::uint16_t>(i);
    const auto recency = std::find(link.cases.begin(), link.cases.end(), c) - link.cases.begin();
    const bool loaded = recency < std::ssize(link.cases);
    for (const JobKind kind : {JobKind::kExplain, JobKind::kPredict}) {
      if (link.credit.left(kind) == 0) continue;
      const auto head = jobs.head(kind, c, [&](JobId id) { return is_for_others(link, id); });
      if (!head) continue;
      const std::tuple key{!loaded, kind == JobKind::kPredict,
                           loaded ? recency : std::ptrdiff_t{roster_.crowd(i)}, head->priority};
      if (best && !(key < best_key)) continue;
      best = head->job;
      best_key = key;
    }
  }
  return best;
}

// A worker that can store nothing keeps its jobs for a lease, since it has most of them finished, and then
// until somebody has nothing else to do. Its results count all the same, if it stores them first.
std::optional<Assignment::TakeOver> Assignment::take_over(const Link& link) const {
  if (!link.credit.any() || works_alone(link)) return std::nullopt;
  for (const auto& [name, holder] : roster_.links()) {
    if (holder.trouble.empty() || now_ - holder.trouble_since < options_.lease) continue;
    const std::set<JobId>& held = state_.jobs().leased_to(holder.id);
    if (held.empty()) continue;
    const JobId job = *held.begin();
    return TakeOver{job, Attempt{state_.jobs().at(job).lease_with(holder.id)->attempt},
                    "its worker can store no result: " + holder.trouble};
  }
  return std::nullopt;
}

// Those with most in hand are asked for what they would begin last. It is free when a heartbeat shows that
// they have dropped it.
std::vector<Assignment::AskBack> Assignment::ask_backs(const std::vector<const Link*>& idle) const {
  std::vector<AskBack> asked;
  std::size_t jobs = idle.size();
  std::vector<const Link*> holders;
  for (const auto& [name, link] : roster_.links()) {
    for (const auto& [id, lease] : link.leases)
      if (lease.asked_back && now_ - *lease.asked_back < 2 * options_.heartbeat && jobs-- == 1) return asked;
    if (link.in_hand() > 1) holders.push_back(&link);
  }
  std::stable_sort(holders.begin(), holders.end(),
                   [](const Link* a, const Link* b) { return a->in_hand() > b->in_hand(); });
  for (const Link* link : holders) {
    if (asked.size() == jobs) break;
    if (const auto id = last_unbegun(*link, idle)) asked.push_back({link, *id});
  }
  return asked;
}

// Of those that an idle worker may have, the one it would begin last, if it may not have begun: it has others
// to do before, and was not asked for it. One that has only just arrived is left to it.
std::optional<JobId> Assignment::last_unbegun(const Link& link, const std::vector<const Link*>& idle) const {
  std::optional<JobId> last;
  std::uint64_t first = std::numeric_limits<std::uint64_t>::max(), number = 0;
  for (const auto& [id, lease] : link.leases) {
    if (!link.others_in_hand) first = std::min(first, lease.number);
    const JobId job = id;
    if (lease.number < number ||
        std::all_of(idle.begin(), idle.end(), [&](const Link* other) { return is_for_others(*other, job); }))
      continue;
    last = id;
    number = lease.number;
  }
  if (!last || number == first) return std::nullopt;
  const Link::Lease& lease = link.leases.at(*last);
  const Job& job = state_.jobs().at(*last);
  const bool settled = lease.arrived && now_ - lease.since >= options_.heartbeat;
  if (lease.asked_back || !settled || job.suspect() || job.in_hand().size() > 1) return std::nullopt;
  return last;
}

std::vector<Assignment::SecondAttempt> Assignment::second_attempts(
    const std::vector<const Link*>& idle, const std::array<JobTimes, 2>& times,
    const std::unordered_set<JobId>& tried) const {
  std::vector<std::pair<std::uint64_t, JobId>> stragglers;
  for (const auto& [name, link] : roster_.links())
    for (const auto& [id, lease] : link.leases)
      if (straggles(state_.jobs().at(id), lease, times, tried)) stragglers.emplace_back(lease.number, id);
  std::sort(stragglers.begin(), stragglers.end());
  std::vector<SecondAttempt> attempts;
  std::vector<const Link*> free = idle;
  for (const auto& [number, job] : stragglers) {
    const JobKind kind = state_.jobs().at(job).spec.kind;
    const auto taker =
        std::find_if(free.begin(), free.end(), [&](const Link* link) { return link->credit.left(kind) > 0; });
    if (taker == free.end()) continue;
    attempts.push_back({*taker, job});
    free.erase(taker);
  }
  return attempts;
}

// Not what failed or was lost with a worker: it would take a second one along. The answer to a short job may
// be on its way for a heartbeat or two, and so may what was asked back.
bool Assignment::straggles(const Job& job, const Link::Lease& lease, const std::array<JobTimes, 2>& times,
                           const std::unordered_set<JobId>& tried) const {
  if (now_ - lease.asked_back.value_or(lease.since) <= 2 * options_.heartbeat) return false;
  if (job.in_hand().size() > 1 || job.failures + job.losses > 0 || tried.contains(job.id)) return false;
  const auto median = times[static_cast<std::size_t>(job.spec.kind)].median();
  return median && now_ - lease.since > 2 * *median;
}

}  // namespace wcam
