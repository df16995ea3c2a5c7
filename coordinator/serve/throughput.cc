#include "coordinator/serve/throughput.h"

namespace wcam {

namespace {

constexpr std::chrono::minutes kOver{5};
constexpr std::chrono::seconds kMarkEvery{
    5};  // so that the marks of a thousand workers stay below a megabyte

void count(std::vector<std::uint64_t>& counts, std::size_t index) {
  if (counts.size() <= index) counts.resize(index + 1);
  ++counts[index];
}

std::uint64_t at(const std::vector<std::uint64_t>& counts, std::size_t index) {
  return index < counts.size() ? counts[index] : 0;
}

}  // namespace

Throughput::Throughput(const SweepState& state) : state_(state) {
  for (const auto& [id, job] : state.jobs().all())
    if (job.state == JobState::kDone) count(now_.by_case, job.spec.case_index);
}

void Throughput::note(std::span<const Event> events) {
  for (const Event& event : events) {
    const auto* of_job = std::get_if<JobEvent>(&event);
    if (of_job == nullptr) continue;
    if (const auto* given = std::get_if<JobHandedOut>(of_job)) {
      holders_[given->job] = {given->attempt, given->worker};
    } else if (const auto* adopted = std::get_if<JobAdopted>(of_job)) {
      holders_[adopted->job] = {adopted->attempt, adopted->worker};
    } else if (const auto* done = std::get_if<JobDone>(of_job)) {
      count(now_.by_case, state_.jobs().at(done->job).spec.case_index);
      const auto holder = holders_.find(done->job);
      if (holder == holders_.end()) continue;
      if (holder->second.first == done->attempt) count(now_.by_worker, value(holder->second.second));
      holders_.erase(holder);
    } else if (const auto* cancelled = std::get_if<JobCancelled>(of_job)) {
      holders_.erase(cancelled->job);
    }
  }
}

void Throughput::mark(TimePoint now) {
  now_.time = now;
  if (marks_.empty() || now - marks_.back().time >= kMarkEvery) marks_.push_back(now_);
  while (marks_.size() > 1 && now - marks_.front().time > kOver) marks_.pop_front();
}

Pace Throughput::pace(Counts Mark::*counts, std::size_t index) const {
  Pace pace{at(now_.*counts, index)};
  if (marks_.empty() || now_.time <= marks_.front().time) return pace;
  const std::chrono::duration<double, std::ratio<60>> minutes = now_.time - marks_.front().time;
  pace.jobs_per_minute = static_cast<double>(pace.done - at(marks_.front().*counts, index)) / minutes.count();
  return pace;
}

Pace Throughput::of_case(std::size_t case_index) const { return pace(&Mark::by_case, case_index); }

Pace Throughput::of_worker(WorkerId worker) const { return pace(&Mark::by_worker, value(worker)); }

}  // namespace wcam
