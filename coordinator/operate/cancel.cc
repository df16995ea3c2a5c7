#include "coordinator/operate/cancel.h"

#include <algorithm>

namespace wcam {

namespace {

constexpr const char* kByItself = "cancelled on request";

class Planner {
 public:
  Planner(const SweepState& state, const JobSelection& choice) : state_(state), choice_(choice) {
    for (const auto& [id, job] : state.jobs().all())
      if (!job.finished()) unfinished_.push_back(id);
    std::sort(unfinished_.begin(), unfinished_.end());
  }

  Cancellation plan() {
    if (choice_.all) cancel_all();
    for (const std::uint16_t c : choice_.cases) cancel_case(c);
    for (const JobId id : choice_.jobs) cancel_job(state_.jobs().at(id));
    for (const std::uint32_t image : choice_.images) cancel_image(image);
    std::sort(result_.cancelled.begin(), result_.cancelled.end());
    return std::move(result_);
  }

 private:
  void cancel_all() {
    if (state_.finished()) return leave("the sweep has nothing left to do");
    if (state_.course() != Course::kCancelled) result_.events.emplace_back(CourseChanged{Course::kCancelled});
    cancel_where([](const Job&) { return true; }, "the sweep is cancelled");
  }

  void cancel_case(std::uint16_t c) {
    if (state_.is_cancelled(c))
      leave("case " + state_.plan().cases[c].name + " is cancelled already");
    else
      result_.events.emplace_back(CaseCancelled{c});
    cancel_where(
        [c](const Job& job) { return job.spec.case_index == c && job.spec.kind == JobKind::kExplain; },
        "its case is cancelled");
  }

  void cancel_job(const Job& job) {
    if (job.finished()) return leave(state_.name_of(job.spec) + " is " + to_string(job.state));
    if (job.spec.kind == JobKind::kPredict && is_undecided(job.spec.image)) return give_up(job.spec.image);
    cancel(job, kByItself);
  }

  void cancel_image(std::uint32_t image) {
    const std::string name = "image " + state_.planned(image).path + " ";
    if (is_undecided(image))
      return image < state_.opened() ? give_up(image) : leave(name + "is not begun: nothing of it to cancel");
    if (!cancel_where([image](const Job& job) { return job.spec.image == image; }, kByItself))
      leave(name + "is " + to_string(state_.images()[image].state) + " and has nothing left to do");
  }

  bool is_undecided(std::uint32_t image) const {
    return state_.images()[image].state == ImageState::kUndecided;
  }

  // Once, however many of its jobs are named.
  void give_up(std::uint32_t image) {
    if (!given_up_.insert(image).second) return;
    result_.events.emplace_back(ImageDecided{image, {ImageState::kSetAside, std::nullopt, kByItself}});
    cancel_where([image](const Job& job) { return job.spec.image == image; }, "its image is cancelled");
  }

  template <typename Belongs>
  bool cancel_where(const Belongs& belongs, const std::string& why) {
    const std::size_t before = result_.jobs;
    for (const JobId id : unfinished_)
      if (const Job& job = state_.jobs().at(id); belongs(job)) cancel(job, why);
    return result_.jobs > before;
  }

  void cancel(const Job& job, const std::string& why) {
    const Event event = JobEvent{JobCancelled{job.id, why}};
    result_.events.push_back(event);
    result_.cancelled.push_back(state_.name_of(job.spec));
    ++result_.jobs;
  }

  void leave(const std::string& line) { result_.left.push_back(line); }

  const SweepState& state_;
  const JobSelection& choice_;
  std::vector<JobId> unfinished_;
  std::set<std::uint32_t> given_up_;
  Cancellation result_;
};

}  // namespace

Cancellation plan_cancel(const SweepState& state, const JobSelection& choice) {
  return Planner(state, choice).plan();
}

}  // namespace wcam
