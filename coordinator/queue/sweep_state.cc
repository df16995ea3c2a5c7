#include "coordinator/queue/sweep_state.h"

#include <algorithm>

#include "common/base/error.h"
#include "common/base/message_text.h"

namespace wcam {

std::string to_string(ImageState state) {
  static constexpr const char* kNames[] = {"undecided", "selected", "skipped", "set_aside"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string to_string(Course course) {
  static constexpr const char* kNames[] = {"on", "paused", "cancelled"};
  return kNames[static_cast<std::size_t>(course)];
}

SweepState::SweepState(Plan plan)
    : plan_(std::move(plan)),
      sweep_id_(sweep_id(plan_)),
      predict_blocks_(plan_.predict_blocks()),
      order_(taking_order(plan_)),
      jobs_(plan_.cases.size()),
      images_(plan_.images.size()),
      case_cancelled_(plan_.cases.size()) {}

void SweepState::apply(const Event& event) {
  std::visit([this](const auto& e) { take(e); }, event);
}

void SweepState::take(const WorkerJoined& event) {
  if (value(event.worker) != workers_.size()) invariant_broken("worker ids must count up");
  restore_worker(event.info);
}

void SweepState::take(const ImageDecided& event) {
  const ImageProgress& before = images_.at(event.image);
  const bool decided_now =
      before.state == ImageState::kUndecided && event.progress.state != ImageState::kUndecided;
  const bool given_up = before.state == ImageState::kSelected &&
                        event.progress.state == ImageState::kSetAside && event.progress.rank == before.rank;
  if (!decided_now && !given_up)
    invariant_broken("image " + planned(event.image).path + " cannot go from " + to_string(before.state) +
                     " to " + to_string(event.progress.state));
  if (event.progress.state == ImageState::kSelected && event.progress.rank != selected_)
    invariant_broken("image " + planned(event.image).path + " selected with another rank than the next");
  if (given_up) --selected_, --images_decided_;  // counted again just below, with its rank
  restore_image(event.image, event.progress);
  if (!is_open(event.image)) answers_.erase(event.image);
}

bool SweepState::is_open(std::uint32_t image) const {
  const ImageProgress& progress = images_.at(image);
  return progress.state == ImageState::kUndecided ||
         (progress.state == ImageState::kSetAside && !progress.rank);
}

bool SweepState::may_be_retried(std::uint32_t image) const {
  const ImageProgress& progress = images_.at(image);
  return progress.state == ImageState::kSetAside && (progress.rank || remaining() > 0);
}

void SweepState::take(const ImageRetried& event) {
  ImageProgress& progress = images_.at(event.image);
  if (!may_be_retried(event.image))
    invariant_broken("image " + planned(event.image).path + ", " + to_string(progress.state) +
                     ", cannot be retried with " + std::to_string(remaining()) + " still to be selected");
  progress.state = progress.rank ? ImageState::kSelected : ImageState::kUndecided;
  progress.text.clear();
  --images_set_aside_;
  ++images_retried_;
  if (progress.rank) return;
  --images_decided_;
  next_undecided_ = std::min(next_undecided_, event.image);
}

void SweepState::take(const WorkerDrained& event) { workers_.at(value(event.worker)).drained = true; }

void SweepState::take(const CourseChanged& event) {
  if (event.course == course_ || (course_ == Course::kCancelled && event.course == Course::kPaused))
    invariant_broken("a sweep that is " + to_string(course_) + " cannot become " + to_string(event.course));
  course_ = event.course;
}

void SweepState::take(const CaseCancelled& event) { case_cancelled_.at(event.case_index) = true; }

void SweepState::take(const CaseRetried& event) { case_cancelled_.at(event.case_index) = false; }

void SweepState::take(const JobEvent& event) {
  jobs_.apply(event);
  if (const auto* added = std::get_if<JobAdded>(&event)) note_job(added->spec);
  if (const auto* done = std::get_if<JobDone>(&event)) {
    has_results_.at(value(done->worker)) = true;
    const JobSpec& spec = jobs_.at(done->job).spec;
    if (spec.kind == JobKind::kPredict && !keep_labels(spec, done->labels))
      invariant_broken("a case answered twice for an image");
  }
  if (const auto* undone = std::get_if<JobUndone>(&event)) forget_labels(jobs_.at(undone->job).spec);
}

void SweepState::restore_worker(WorkerInfo info) {
  workers_.push_back(std::move(info));
  has_results_.push_back(false);
}

void SweepState::restore_image(std::uint32_t image, ImageProgress progress) {
  if (progress.rank) ++selected_;
  if (progress.state == ImageState::kSetAside) ++images_set_aside_;
  if (progress.state == ImageState::kSkipped) ++images_skipped_;
  ++images_decided_;
  images_.at(image) = std::move(progress);
  while (next_undecided_ < images_.size() && images_[next_undecided_].state != ImageState::kUndecided)
    ++next_undecided_;
}

bool SweepState::restore_job(const Job& job) {
  note_job(job.spec);
  return jobs_.restore(job);
}

void SweepState::note_job(const JobSpec& spec) {
  if (spec.kind == JobKind::kPredict) opened_ = std::max(opened_, spec.image + 1);
}

bool SweepState::keep_labels(const JobSpec& predict, const Labels& labels) {
  if (!is_open(predict.image)) return true;
  Answers& answers = answers_[predict.image];
  answers.by_case.resize(plan_.cases.size());
  Labels& of_case = answers.by_case[predict.case_index];
  of_case.resize(plan_.variants.size() + 1, kNoLabel);
  if (of_case[predict.variant] != kNoLabel) return false;
  std::copy(labels.begin(), labels.end(), of_case.begin() + predict.variant);
  ++answers.count;
  return true;
}

void SweepState::forget_labels(const JobSpec& predict) {
  const auto found = answers_.find(predict.image);
  if (predict.kind != JobKind::kPredict || found == answers_.end()) return;
  const PredictBlock block = plan_.predict_block_of(predict.variant);
  Labels& of_case = found->second.by_case[predict.case_index];
  std::fill(of_case.begin() + block.begin, of_case.begin() + block.end, kNoLabel);
  if (--found->second.count == 0) answers_.erase(found);
}

std::span<const Labels> SweepState::labels(std::uint32_t image) const {
  const auto found = answers_.find(image);
  if (images_.at(image).state != ImageState::kUndecided || found == answers_.end() ||
      found->second.count < predict_jobs_per_image())
    return {};
  return found->second.by_case;
}

Counts SweepState::counts(bool with_reasons) const {
  Counts counts{jobs_.tally(JobKind::kPredict),
                jobs_.tally(JobKind::kExplain),
                images_.size(),
                images_decided_,
                selected_,
                images_skipped_,
                images_set_aside_,
                {},
                course_,
                {}};
  for (std::size_t w = 0; w < workers_.size(); ++w)
    if (has_results_[w]) ++counts.provenances[workers_[w].provenance];
  if (!with_reasons) return counts;
  for (std::uint32_t i = 0; i < images_.size() && images_set_aside_ > 0; ++i)
    if (images_[i].state == ImageState::kSetAside)
      counts.set_aside.push_back("image " + planned(i).path + ": " + first_line(images_[i].text));
  for (const JobId id : jobs_.set_aside()) {
    const Job& job = jobs_.at(id);
    if (images_[job.spec.image].state == ImageState::kSetAside) continue;  // its image stands for it
    counts.set_aside.push_back(name_of(job.spec) + ": " + first_line(job.text));
  }
  return counts;
}

JobId SweepState::job_id(const JobSpec& spec) const {
  const std::string& image = planned(spec.image).path;
  const std::string& case_name = plan_.cases.at(spec.case_index).name;
  if (spec.kind == JobKind::kPredict)
    return plan_.predict_job(image, plan_.predict_block_of(spec.variant), case_name);
  return explain_job_id(image, plan_.variant_name(spec.variant), case_name, to_string(spec.explained.first()),
                        spec.replicate);
}

std::string SweepState::name_of(const JobSpec& spec) const {
  const bool predict = spec.kind == JobKind::kPredict;
  std::string name = to_string(spec.kind) + " " + planned(spec.image).path + " " +
                     (predict && spec.variant == 0 ? "" : plan_.variant_name(spec.variant) + " ") +
                     plan_.cases.at(spec.case_index).name;
  if (predict) return name;
  if (spec.explained.first() != LabelKind::kPredicted)
    name += " for the " + to_string(spec.explained.first()) + " label";
  if (spec.replicate > 0) name += ", replicate " + std::to_string(spec.replicate);
  return name;
}

std::optional<std::string> SweepState::problem() const {
  if (auto of_jobs = jobs_.problem()) return of_jobs;
  std::uint32_t ranks = 0, waiting = 0;  // waiting: opened and undecided
  for (std::uint32_t i = 0; i < images_.size(); ++i) {
    if (images_[i].rank) ++ranks;
    if (i < opened_ && images_[i].state == ImageState::kUndecided) ++waiting;
    if (i < next_undecided_ && images_[i].state == ImageState::kUndecided)
      return "an undecided image before next_undecided";
    if (!is_open(i) && answers_.contains(i)) return "answers kept for a decided image";
    if (i >= opened_ && images_[i].state != ImageState::kUndecided)
      return "an image decided that was never opened";
  }
  if (ranks != selected_) return "selected() is not the number of ranks";
  if (ranks > static_cast<std::uint32_t>(plan_.selection.sample_size)) return "more selected than asked";
  if (waiting > remaining() + images_retried_) return "predictions beyond what the sample may need";
  return std::nullopt;
}

void SweepState::check_invariants() const {
  if (const auto found = problem()) invariant_broken(*found);
}

bool SweepState::operator==(const SweepState& other) const {
  return sweep_id_ == other.sweep_id_ && jobs_ == other.jobs_ && workers_ == other.workers_ &&
         images_ == other.images_ && answers_ == other.answers_ && images_retried_ == other.images_retried_ &&
         course_ == other.course_ && case_cancelled_ == other.case_cancelled_ &&
         next_undecided_ == other.next_undecided_ && opened_ == other.opened_ && selected_ == other.selected_;
}

}  // namespace wcam
