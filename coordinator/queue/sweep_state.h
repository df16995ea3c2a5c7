// All that the coordinator knows of a sweep, as a fold of events: what the ledger holds is what these events
// made, and reading the ledger gives this state again.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "common/study/plan.h"
#include "coordinator/queue/job_table.h"
#include "coordinator/queue/seeded_order.h"
#include "coordinator/queue/selection.h"

namespace wcam {

enum class ImageState : std::uint8_t {
  kUndecided,
  kSelected,  // explained
  kSkipped,   // selection did not choose it
  // It cannot be read, or one of its predict jobs was set aside: passed over if it was undecided, given up if
  // it was selected.
  kSetAside,
};
std::string to_string(ImageState state);

struct ImageProgress {
  ImageState state = ImageState::kUndecided;
  std::optional<std::uint32_t> rank;  // in the sample, once selected; kept when set aside later
  std::string text;                   // why skipped or set aside
  bool operator==(const ImageProgress&) const = default;
};

struct WorkerInfo {
  std::string name;  // Hello.worker
  std::string host, device;
  std::int64_t pid = 0;
  bool drained = false;      // gets no job any more
  std::string provenance{};  // Hello.provenance
  bool operator==(const WorkerInfo&) const = default;
};

// What an operator has made of a sweep as a whole.
enum class Course : std::uint8_t {
  kOn,
  kPaused,     // nothing is handed out
  kCancelled,  // no image is decided any more; jobs retried on their own are done
};
std::string to_string(Course course);

// A worker process seen for the first time; ids count up from 0.
struct WorkerJoined {
  WorkerId worker{};
  WorkerInfo info;
};
struct ImageDecided {
  std::uint32_t image = 0;  // position in the order in which images are taken
  ImageProgress progress;
};
// An image that was set aside is taken up again: one with a rank is selected as before, any other is
// undecided and, in its turn, joins the sample behind those that were selected meanwhile. Only while the
// sample is not full.
struct ImageRetried {
  std::uint32_t image = 0;
};
// An operator wants a worker to get no more jobs.
struct WorkerDrained {
  WorkerId worker{};
};
struct CourseChanged {
  Course course{};
};
// The explain jobs that this case would have got from now on are cancelled as they are added. Its predictions
// go on: no image can be decided without them.
struct CaseCancelled {
  std::uint16_t case_index = 0;
};
struct CaseRetried {
  std::uint16_t case_index = 0;
};
using Event = std::variant<WorkerJoined, ImageDecided, ImageRetried, WorkerDrained, CourseChanged,
                           CaseCancelled, CaseRetried, JobEvent>;

// How far a sweep is.
struct Counts {
  Tally predict, explain;
  std::size_t images = 0, images_decided = 0, images_selected = 0, images_skipped = 0, images_set_aside = 0;
  std::vector<std::string> set_aside;  // a line an image or job: what and why
  Course course = Course::kOn;
  // WorkerInfo::provenance of the workers that have results, and how many these are.
  std::map<std::string, std::size_t> provenances;
  std::size_t cancelled() const { return predict[JobState::kCancelled] + explain[JobState::kCancelled]; }
  bool operator==(const Counts&) const = default;
};

class SweepState {
 public:
  static constexpr std::int64_t kNoLabel = -1;

  explicit SweepState(Plan plan);

  // The only way the state changes after it was restored. Aborts on what cannot follow from the state.
  void apply(const Event& event);

  // JobTable::rest() and JobTable::wake().
  void rest(JobId job, JobTable::TimePoint until) { jobs_.rest(job, until); }
  void wake(JobTable::TimePoint now) { jobs_.wake(now); }

  // At start, from the ledger: workers in order and images, then jobs and labels.
  void restore_worker(WorkerInfo info);
  void restore_has_results(WorkerId worker) { has_results_.at(value(worker)) = true; }
  void restore_image(std::uint32_t image, ImageProgress progress);
  // False when there is a job of that id.
  [[nodiscard]] bool restore_job(const Job& job);
  void restore_images_retried(std::uint32_t count) { images_retried_ = count; }
  void restore_course(Course course) { course_ = course; }
  void restore_case_cancelled(std::uint16_t case_index) { case_cancelled_.at(case_index) = true; }
  // False when this case has answered for this image before.
  [[nodiscard]] bool restore_labels(const JobSpec& predict, const Labels& labels) {
    return keep_labels(predict, labels);
  }

  const Plan& plan() const { return plan_; }
  const std::string& sweep() const { return sweep_id_; }
  const JobTable& jobs() const { return jobs_; }
  const std::vector<WorkerInfo>& workers() const { return workers_; }
  // The images in the order in which they are taken.
  const std::vector<KeyedImage>& order() const { return order_; }
  const std::vector<ImageProgress>& images() const { return images_; }
  const PlannedImage& planned(std::uint32_t image) const { return plan_.images[order_[image].index]; }

  // Every image before this one is decided.
  std::uint32_t next_undecided() const { return next_undecided_; }
  // Images before this one have their predict jobs.
  std::uint32_t opened() const { return opened_; }
  std::uint32_t selected() const { return selected_; }
  // Images still to be selected.
  std::uint32_t remaining() const {
    return static_cast<std::uint32_t>(plan_.selection.sample_size) - selected_;
  }
  // The sample is full, the images are exhausted or the sweep is cancelled.
  bool all_decided() const {
    return remaining() == 0 || next_undecided_ == images_.size() || course_ == Course::kCancelled;
  }
  bool finished() const { return all_decided() && jobs_.unfinished() == 0; }
  Course course() const { return course_; }
  bool is_cancelled(std::uint16_t case_index) const { return case_cancelled_.at(case_index); }
  // Whether ImageRetried may happen to this image.
  bool may_be_retried(std::uint32_t image) const;
  // One entry a case once every case has answered for an undecided image; empty before and after.
  std::span<const Labels> labels(std::uint32_t image) const;

  // One for each case and block of variants.
  std::size_t predict_jobs_per_image() const { return plan_.cases.size() * predict_blocks_.size(); }
  // Calls act(spec) with each predict job of an image.
  template <typename Act>
  void for_each_predict_job(std::uint32_t image, const Act& act) const {
    JobSpec spec;
    spec.image = image;
    for (std::size_t c = 0; c < plan_.cases.size(); ++c)
      for (const PredictBlock& block : predict_blocks_) {
        spec.case_index = static_cast<std::uint16_t>(c);
        spec.variant = block.begin;
        act(spec);
      }
  }

  // How far the sweep is. O(images + set aside) with a line for each thing set aside, O(1) without reasons.
  Counts counts(bool with_reasons) const;
  bool anything_set_aside() const { return images_set_aside_ > 0 || !jobs_.set_aside().empty(); }

  JobId job_id(const JobSpec& spec) const;
  // "explain a.png corruptions/contrast/3 vit", "predict a.png vit".
  std::string name_of(const JobSpec& spec) const;

  // A sentence on what cannot follow from any events; nullopt: all is sound. O(jobs + images).
  std::optional<std::string> problem() const;
  void check_invariants() const;  // aborts when there is a problem(): for tests
  bool operator==(const SweepState& other) const;

 private:
  void take(const WorkerJoined& event);
  void take(const ImageDecided& event);
  void take(const ImageRetried& event);
  void take(const WorkerDrained& event);
  void take(const CourseChanged& event);
  void take(const CaseCancelled& event);
  void take(const CaseRetried& event);
  void take(const JobEvent& event);
  void forget_labels(const JobSpec& predict);
  bool keep_labels(const JobSpec& predict, const Labels& labels);
  void note_job(const JobSpec& spec);
  // Whether this image's labels are, or may be, needed.
  bool is_open(std::uint32_t image) const;

  // What never changes:
  Plan plan_;
  std::string sweep_id_;
  std::vector<PredictBlock> predict_blocks_;
  std::vector<KeyedImage> order_;
  // What events change:
  JobTable jobs_;
  std::vector<WorkerInfo> workers_;
  // Of each worker, whether it has done a job, be it that the result was lost since. For people: no decision
  // rests on it, and it is not compared, since a repair cannot tell who did what it finds.
  std::vector<bool> has_results_;
  std::vector<ImageProgress> images_;
  struct Answers {
    std::vector<Labels> by_case;  // empty or kNoLabel: not yet
    std::size_t count = 0;        // of predict jobs
    bool operator==(const Answers&) const = default;
  };
  std::unordered_map<std::uint32_t, Answers> answers_;  // of open images only
  // Times that an image was retried. Each may leave one that was opened and that the sample no longer needs.
  std::uint32_t images_retried_ = 0;
  Course course_ = Course::kOn;
  std::vector<bool> case_cancelled_;
  // Functions of the members above, kept up to date:
  std::uint32_t next_undecided_ = 0, opened_ = 0, selected_ = 0, images_decided_ = 0, images_skipped_ = 0,
                images_set_aside_ = 0;
};

}  // namespace wcam
