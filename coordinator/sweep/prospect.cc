#include "coordinator/sweep/prospect.h"

#include <span>
#include <utility>

#include "coordinator/ledger/ledger_reader.h"
#include "coordinator/queue/scheduler.h"
#include "coordinator/sweep/open_sweep.h"
#include "coordinator/sweep/status.h"

namespace wcam {

namespace {

// What a coordinator does before the first worker comes: the scheduler itself is asked, so that what is told
// beforehand is what is done.
void follow(SweepState& state, const std::vector<JobDone>& inherited) {
  SchedulerOptions options;
  for (const JobDone& done : inherited) options.inherited.emplace(done.job, done);
  Scheduler scheduler(state, options);
  for (bool goes_on = true; goes_on;) {
    scheduler.advance({});
    scheduler.settle([&](std::span<const Event> events) { goes_on = !events.empty(); },
                     [](const Message&) { return true; });
  }
}

void count_forwards(Prospect& prospect, const SweepState& state) {
  for (const auto& [id, job] : state.jobs().all()) {
    if (job.spec.kind != JobKind::kPredict) continue;
    (job.finished() ? prospect.forwards_predicted : prospect.forwards_to_predict) +=
        state.plan().predict_block_of(job.spec.variant).size();
  }
}

// Only predictions have labels.
void count_waiting_results(Prospect& prospect, const SweepState& state,
                           const std::vector<JobDone>& inherited) {
  constexpr auto kDone = static_cast<std::size_t>(JobState::kDone);
  for (const JobDone& done : inherited) {
    if (state.jobs().find(done.job) != nullptr) continue;
    const bool predict = !done.labels.empty();
    ++(predict ? prospect.counts.predict : prospect.counts.explain).in_state[kDone];
    prospect.forwards_predicted += done.labels.size();
    if (!predict) ++prospect.wcams_of_undecided;
  }
}

std::size_t images_to_skip(const SweepState& state) {
  std::size_t count = 0;
  for (std::uint32_t image = state.next_undecided(); image < state.opened(); ++image) {
    const auto labels = state.labels(image);
    if (!labels.empty() && !select(state.plan(), state.order()[image].index, labels).selected) ++count;
  }
  return count;
}

}  // namespace

Prospect prospect_of(SweepState state, const std::vector<JobDone>& inherited) {
  follow(state, inherited);
  Prospect prospect;
  prospect.counts = state.counts(false);
  count_forwards(prospect, state);
  count_waiting_results(prospect, state, inherited);
  prospect.undecided_to_skip = images_to_skip(state);
  return prospect;
}

Prospect prospect_of(const Counts& counts, const Plan& plan) {
  Prospect prospect;
  prospect.counts = counts;
  const std::size_t to_do = counts.predict[JobState::kWaiting] + counts.predict[JobState::kLeased];
  const auto forwards_of = [&](std::size_t jobs) {
    return jobs * (plan.variants.size() + 1) / plan.predict_blocks().size();
  };
  prospect.forwards_to_predict = forwards_of(to_do);
  prospect.forwards_predicted = forwards_of(counts.predict.all() - to_do);
  return prospect;
}

Prospect prospect_of(const SweepDirectory& sweep, const Plan& plan) {
  const Status status = read_status(sweep.root);
  if (status.running) return prospect_of(status.counts, plan);
  Database ledger = open_ledger_to_read(sweep);
  return prospect_of(read_ledger(ledger, plan), inherited_results(ledger));
}

}  // namespace wcam
