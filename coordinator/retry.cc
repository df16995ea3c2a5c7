#include "coordinator/retry.h"

#include <algorithm>

namespace wcam {

namespace {

class Planner {
 public:
  Planner(const SweepState& state, const RetryRequest& request) : state_(state), request_(request) {}

  Retry plan() {
    for (const JobId id : candidates()) pick(id);
    if (asks_for_all())
      for (std::uint32_t i = 0; i < state_.images().size(); ++i)
        if (is_set_aside(i)) images_.insert(i);
    for (const std::uint32_t image : images_) put_back_image(image);
    if (result_.images > 0) pick_companions();
    for (const JobId id : picked_) put_back_job(state_.jobs().at(id));
    return std::move(result_);
  }

 private:
  bool asks_for_all() const { return request_.jobs.empty() && request_.cases.empty(); }
  bool is_set_aside(std::uint32_t image) const {
    return state_.images()[image].state == ImageState::kSetAside;
  }

  std::set<JobId> candidates() const {
    if (asks_for_all()) return state_.jobs().set_aside();
    std::set<JobId> found = request_.jobs;
    for (const JobId id : state_.jobs().set_aside())
      if (request_.cases.contains(state_.jobs().at(id).spec.case_index)) found.insert(id);
    return found;
  }

  void pick(JobId id) {
    const Job& job = state_.jobs().at(id);
    const bool of_image = is_set_aside(job.spec.image);
    if (of_image && (job.state == JobState::kCancelled || job.state == JobState::kSetAside))
      images_.insert(job.spec.image);
    if (job.state == JobState::kSetAside)
      picked_.insert(id);
    else if (!of_image || job.state != JobState::kCancelled)
      result_.left.push_back(state_.name_of(job.spec) + " is " + to_string(job.state));
  }

  void put_back_image(std::uint32_t image) {
    const std::string name = "image " + state_.planned(image).path + ": ";
    if (!state_.may_be_retried(image)) {
      result_.left.push_back(name + "the sample is full, another image has its place");
      return;
    }
    ++result_.images;
    result_.put_back.push_back(name + state_.images()[image].text);
    result_.events.emplace_back(ImageRetried{image});
  }

  // The other jobs of images that come back.
  void pick_companions() {
    for (const auto& [id, job] : state_.jobs().all()) {
      const bool goes_along = job.state == JobState::kCancelled ||
                              (job.state == JobState::kSetAside && job.spec.kind == JobKind::kPredict);
      if (goes_along && images_.contains(job.spec.image)) picked_.insert(id);
    }
  }

  void put_back_job(const Job& job) {
    const bool of_image = is_set_aside(job.spec.image);
    if (of_image && !state_.may_be_retried(job.spec.image)) return;  // its image's line says why
    ++result_.jobs;
    if (!of_image) result_.put_back.push_back(state_.name_of(job.spec) + ": " + job.text);
    const Event retried = JobEvent{JobRetried{job.id}};
    result_.events.push_back(retried);
  }

  const SweepState& state_;
  const RetryRequest& request_;
  std::set<std::uint32_t> images_;  // set aside, asked for
  std::set<JobId> picked_;
  Retry result_;
};

}  // namespace

Retry plan_retry(const SweepState& state, const RetryRequest& request) {
  return Planner(state, request).plan();
}

}  // namespace wcam
