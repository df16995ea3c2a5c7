#include "coordinator/serve/progress.h"

#include <algorithm>

namespace wcam {

namespace {

constexpr std::chrono::seconds kOver{60};
constexpr std::size_t kOverWcams = 4;

double unfinished(const SweepState& state, JobKind kind) {
  const Tally& tally = state.jobs().tally(kind);
  return static_cast<double>(tally[JobState::kWaiting] + tally[JobState::kLeased]);
}

double wcams_per_image(const SweepState& state) {
  const Plan& plan = state.plan();
  const double selected = state.selected();
  if (selected > 0) return static_cast<double>(state.jobs().tally(JobKind::kExplain).all()) / selected;
  const auto sample = static_cast<std::size_t>(plan.selection.sample_size);
  return static_cast<double>(most_wcams(plan)) / static_cast<double>(std::min(plan.images.size(), sample));
}

}  // namespace

JobsDone jobs_done(const SweepState& state) {
  return {state.jobs().tally(JobKind::kPredict)[JobState::kDone],
          state.jobs().tally(JobKind::kExplain)[JobState::kDone]};
}

JobsLeft jobs_left(const SweepState& state) {
  const double to_come = state.all_decided() ? 0 : wcams_per_image(state) * state.remaining();
  return {unfinished(state, JobKind::kPredict), unfinished(state, JobKind::kExplain) + to_come};
}

void Progress::mark(TimePoint now, const JobsDone& done) {
  marks_.push_back({now, done});
  // WCAMs may take minutes each: the last few are what the rate is measured over, however long they took.
  const auto to_spare = [&] {
    return marks_.size() > 2 && now - marks_.front().time > kOver &&
           (done.explained == 0 || done.explained >= marks_[1].done.explained + kOverWcams);
  };
  while (to_spare()) marks_.pop_front();
}

double Progress::elapsed_seconds() const {
  if (marks_.empty()) return 0;
  return std::chrono::duration<double>(marks_.back().time - marks_.front().time).count();
}

double Progress::jobs_per_minute() const {
  const double elapsed = elapsed_seconds();
  if (elapsed <= 0) return 0;
  const auto jobs = [](const JobsDone& done) { return done.predicted + done.explained; };
  return 60 * static_cast<double>(jobs(marks_.back().done) - jobs(marks_.front().done)) / elapsed;
}

std::optional<double> Progress::eta_seconds(const JobsLeft& left) const {
  const double elapsed = elapsed_seconds();
  if (elapsed <= 0) return std::nullopt;
  const auto work = [this](const JobsDone& done) {
    return forwards(static_cast<double>(done.predicted), static_cast<double>(done.explained));
  };
  const JobsDone &first = marks_.front().done, &last = marks_.back().done;
  const double per_second = (work(last) - work(first)) / elapsed;
  const bool measured = left.to_explain == 0 || last.explained > first.explained;
  if (per_second <= 0 || !measured) return std::nullopt;
  return forwards(left.to_predict, left.to_explain) / per_second;
}

}  // namespace wcam
