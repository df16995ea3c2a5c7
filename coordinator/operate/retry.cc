#include "coordinator/operate/retry.h"

#include <algorithm>

#include "common/base/message_text.h"

namespace wcam {

namespace {

class Planner {
 public:
  Planner(const SweepState& state, const JobSelection& choice) : state_(state), choice_(choice) {}

  Retry plan() {
    take_up_the_rest();
    for (const JobId id : candidates()) pick(id);
    for (std::uint32_t i = 0; i < state_.images().size(); ++i)
      if (is_set_aside(i) && (choice_.all || choice_.images.contains(i))) images_.insert(i);
    for (const std::uint32_t image : images_) put_back_image(image);
    if (result_.images > 0) pick_companions();
    for (const JobId id : picked_) put_back_job(state_.jobs().at(id));
    return std::move(result_);
  }

 private:
  bool is_set_aside(std::uint32_t image) const {
    return state_.images()[image].state == ImageState::kSetAside;
  }
  static bool may_be_retried(const Job& job) {
    return job.state == JobState::kSetAside || job.state == JobState::kCancelled;
  }
  bool is_taken_up(std::uint16_t c) const { return choice_.all || choice_.cases.contains(c); }

  // What would have come of the sweep or of a case.
  void take_up_the_rest() {
    if (choice_.all && state_.course() == Course::kCancelled)
      result_.events.emplace_back(CourseChanged{Course::kOn});
    for (std::size_t i = 0; i < state_.plan().cases.size(); ++i) {
      const auto c = static_cast<std::uint16_t>(i);
      if (is_taken_up(c) && state_.is_cancelled(c)) result_.events.emplace_back(CaseRetried{c});
    }
  }

  std::set<JobId> candidates() const {
    if (choice_.failed) return state_.jobs().set_aside();
    std::set<JobId> found = choice_.jobs;
    for (const auto& [id, job] : state_.jobs().all())
      if (may_be_retried(job) &&
          (is_taken_up(job.spec.case_index) || choice_.images.contains(job.spec.image)))
        found.insert(id);
    return found;
  }

  void pick(JobId id) {
    const Job& job = state_.jobs().at(id);
    if (!may_be_retried(job)) {
      result_.left.push_back(state_.name_of(job.spec) + " is " + to_string(job.state));
      return;
    }
    const bool of_image = is_set_aside(job.spec.image);
    if (of_image) images_.insert(job.spec.image);
    if (!of_image || job.state == JobState::kSetAside) picked_.insert(id);
  }

  // Why the image cannot be put back; empty: it can.
  std::string obstacle(std::uint32_t image) const {
    const bool waits_for_decision = !state_.images()[image].rank;
    if (waits_for_decision && state_.course() == Course::kCancelled && !choice_.all)
      return "the sweep is cancelled, `wcam retry` without options takes it up again";
    if (is_set_aside(image) && !state_.may_be_retried(image))
      return "the sample is full, another image has its place";
    return "";
  }

  void put_back_image(std::uint32_t image) {
    const std::string name = "image " + state_.planned(image).path + ": ";
    if (const std::string why = obstacle(image); !why.empty()) {
      result_.left.push_back(name + why);
      return;
    }
    ++result_.images;
    result_.put_back.push_back(name + first_line(state_.images()[image].text));
    result_.events.emplace_back(ImageRetried{image});
  }

  // The other jobs of images that come back.
  void pick_companions() {
    for (const auto& [id, job] : state_.jobs().all()) {
      const bool predict = job.spec.kind == JobKind::kPredict;
      const bool of_cancelled_case =
          !predict && state_.is_cancelled(job.spec.case_index) && !is_taken_up(job.spec.case_index);
      const bool goes_along = (job.state == JobState::kCancelled && !of_cancelled_case) ||
                              (job.state == JobState::kSetAside && predict);
      if (goes_along && images_.contains(job.spec.image)) picked_.insert(id);
    }
  }

  void put_back_job(const Job& job) {
    const bool of_image = is_set_aside(job.spec.image);
    const std::string why = obstacle(job.spec.image);
    if (!why.empty()) {
      if (!of_image) result_.left.push_back(state_.name_of(job.spec) + ": " + why);
      return;  // or its image's line says it
    }
    ++result_.jobs;
    if (!of_image) result_.put_back.push_back(state_.name_of(job.spec) + ": " + first_line(job.text));
    const Event retried = JobEvent{JobRetried{job.id}};
    result_.events.push_back(retried);
  }

  const SweepState& state_;
  const JobSelection& choice_;
  std::set<std::uint32_t> images_;  // set aside, asked for
  std::set<JobId> picked_;
  Retry result_;
};

}  // namespace

Retry plan_retry(const SweepState& state, const JobSelection& choice) {
  return Planner(state, choice).plan();
}

}  // namespace wcam
