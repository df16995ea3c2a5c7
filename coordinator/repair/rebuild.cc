#include "coordinator/repair/rebuild.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "common/base/sha256.h"
#include "coordinator/queue/scheduler.h"

namespace wcam {

namespace {

constexpr const char* kPassedOver = "its predictions were not stored when the ledger was made anew";

// Who did what is not known any more, only what with: a worker for each provenance of what is stored.
WorkerInfo earlier_worker(const std::string& provenance) {
  const std::string which = provenance.empty() ? "" : "-" + sha256_of(provenance).substr(0, 8);
  return {"before-the-repair" + which, "unknown", "unknown", 0, false, provenance};
}

JobDone done_by(const StoredResult& result, JobId job, const std::string& segment, WorkerId worker) {
  return {job, result.attempt, segment, result.seconds, result.labels, worker};
}

class Rebuilder {
 public:
  Rebuilder(const Plan& plan, const StoredResults& stored)
      : stored_(stored), state_(plan), scheduler_(state_, {}) {
    for (const auto* results : {&stored.in_segments, stored.packed ? &*stored.packed : nullptr})
      if (results != nullptr)
        for (const auto& [job, answers] : *results) note(answers.front().spec);
  }

  Rebuilt rebuild() {
    for (std::uint32_t i = 0; i < stored_.provenances.size(); ++i)
      emit(WorkerJoined{WorkerId{i}, earlier_worker(stored_.provenances[i])});
    decide();
    while (!state_.all_decided() && pass(state_.next_undecided())) decide();
    take_up_postponed();
    take_up_passed_over();
    for (std::uint32_t image = state_.next_undecided(); image < state_.opened(); ++image)
      if (state_.images()[image].state == ImageState::kUndecided) answer(image);
    decide();
    explain();
    return {std::move(state_), std::move(events_), unused()};
  }

 private:
  void note(const JobSpec& spec) {
    if (spec.kind == JobKind::kPredict) {
      end_of_predicted_ = std::max(end_of_predicted_, std::uint64_t{spec.image} + 1);
      return;
    }
    image_of_rank_.emplace(spec.rank, spec.image);
    rank_of_image_.emplace(spec.image, spec.rank);
  }

  void emit(Event event) {
    state_.apply(event);
    events_.push_back(std::move(event));
  }
  // What follows from the predictions known: images decided, jobs added.
  void decide() {
    scheduler_.advance({});
    scheduler_.settle(
        [this](std::span<const Event> events) {
          events_.insert(events_.end(), events.begin(), events.end());
        },
        [](const Message&) { return true; });
  }

  // Gets past the first undecided image, as the sweep did; false: it did not.
  bool pass(std::uint32_t image) {
    const std::vector<Labels> labels = stored_labels(image);
    if (labels.empty()) {
      if (!was_passed_over(image)) return false;
      set_aside(image);
      passed_over_.push_back(image);
      return true;
    }
    if (select(state_.plan(), state_.order()[image].index, labels).selected && joined_later(image)) {
      emit(ImageDecided{image, {ImageState::kSetAside, std::nullopt, kPassedOver}});
      postponed_.push_back(image);
    }
    answer(image);
    return true;
  }

  // One entry a case; empty unless all are stored.
  std::vector<Labels> stored_labels(std::uint32_t image) const {
    std::vector<Labels> labels(state_.plan().cases.size());
    bool complete = true;
    state_.for_each_predict_job(image, [&](const JobSpec& spec) {
      const StoredResult* result = stored_.chosen(state_.job_id(spec));
      complete = complete && result != nullptr;
      if (!complete) return;
      Labels& of_case = labels[spec.case_index];
      of_case.insert(of_case.end(), result->labels.begin(), result->labels.end());
    });
    return complete ? labels : std::vector<Labels>{};
  }

  // Images behind it were selected, or predicted so far ahead as only a later image's turn explains. Not
  // where its predictions may have been lost instead: a file is damaged, it has a rank, or one rank has no
  // image.
  bool was_passed_over(std::uint32_t image) const {
    if (!stored_.damaged.empty() || rank_of_image_.contains(image)) return false;
    const auto next = image_of_rank_.lower_bound(state_.selected());
    if (next != image_of_rank_.end() && next->first > state_.selected()) return false;
    const bool selected_behind = !rank_of_image_.empty() && std::prev(rank_of_image_.end())->first > image;
    return selected_behind || end_of_predicted_ > std::uint64_t{image} + state_.remaining();
  }

  // Not in its turn: the next rank went to an image behind it, or its own is a later one.
  bool joined_later(std::uint32_t image) const {
    if (const auto own = rank_of_image_.find(image); own != rank_of_image_.end())
      return own->second > state_.selected();
    const auto next = image_of_rank_.find(state_.selected());
    return next != image_of_rank_.end() && next->second > image;
  }

  void set_aside(std::uint32_t image) {
    std::vector<JobId> missing;
    state_.for_each_predict_job(image, [&](const JobSpec& spec) {
      const JobId id = state_.job_id(spec);
      if (!finish(id)) missing.push_back(id);
    });
    emit(JobEvent{JobSetAside{missing.front(), kPassedOver}});
    emit(ImageDecided{image, {ImageState::kSetAside, std::nullopt, kPassedOver}});
    for (std::size_t i = 1; i < missing.size(); ++i)
      emit(JobEvent{JobCancelled{missing[i], "its image is set aside: " + std::string(kPassedOver)}});
  }

  void take_up_postponed() {
    const auto rank = [&](std::uint32_t image) {
      const auto own = rank_of_image_.find(image);
      return own == rank_of_image_.end() ? UINT32_MAX : own->second;
    };
    std::stable_sort(postponed_.begin(), postponed_.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return rank(a) < rank(b); });
    for (const std::uint32_t image : postponed_) {
      if (!state_.may_be_retried(image)) continue;
      emit(ImageRetried{image});
      decide();
    }
  }

  // Whether such an image was set aside, or what it had is lost, nobody can tell: it is tried again, if the
  // sample has room.
  void take_up_passed_over() {
    for (const std::uint32_t image : passed_over_) {
      if (!state_.may_be_retried(image)) continue;
      emit(ImageRetried{image});
      state_.for_each_predict_job(image, [&](const JobSpec& spec) {
        const JobId id = state_.job_id(spec);
        if (state_.jobs().at(id).state != JobState::kDone) emit(JobEvent{JobRetried{id}});
      });
    }
    decide();
  }

  // The predictions of an image that are stored.
  void answer(std::uint32_t image) {
    state_.for_each_predict_job(image, [&](const JobSpec& spec) { finish(state_.job_id(spec)); });
  }

  void explain() {
    std::vector<JobId> waiting;
    for (const auto& [id, job] : state_.jobs().all())
      if (job.spec.kind == JobKind::kExplain) waiting.push_back(id);
    std::sort(waiting.begin(), waiting.end());
    for (const JobId id : waiting) finish(id);
  }

  // Done, if its result is stored and is what this job asks for.
  bool finish(JobId id) {
    const StoredResult* result = stored_.chosen(id);
    const Job& job = state_.jobs().at(id);
    if (result == nullptr || job.finished() || !answers(*result, job)) return false;
    const JobDone done = done_by(*result, id, stored_.name_of(*result), WorkerId{result->provenance});
    for (const JobEvent& event : taking_in(job, done)) emit(event);
    ++finished_;
    return true;
  }

  std::size_t unused() const {
    std::size_t jobs = stored_.in_segments.size();
    if (stored_.packed)
      for (const auto& [job, answers] : *stored_.packed)
        if (!stored_.in_segments.contains(job)) ++jobs;
    return jobs - finished_;
  }

  const StoredResults& stored_;
  SweepState state_;
  std::vector<Event> events_;
  Scheduler scheduler_;
  // Of the images whose WCAMs are stored.
  std::map<std::uint32_t, std::uint32_t> image_of_rank_, rank_of_image_;
  std::uint64_t end_of_predicted_ = 0;  // behind the last image with a stored prediction
  std::vector<std::uint32_t> postponed_, passed_over_;
  std::size_t finished_ = 0;
};

}  // namespace

Rebuilt rebuild(const Plan& plan, const StoredResults& stored) { return Rebuilder(plan, stored).rebuild(); }

Rebuilt rebuild_from_sound(const Plan& plan, StoredResults& stored) {
  for (;;) {
    Rebuilt rebuilt = rebuild(plan, stored);
    std::map<std::uint32_t, std::string> odd;
    for (const auto* results : {&stored.in_segments, stored.packed ? &*stored.packed : nullptr})
      if (results != nullptr)
        for (const auto& [id, all] : *results)
          for (const StoredResult& result : all)
            if (const Job* job = rebuilt.state.jobs().find(id); job != nullptr && !answers(result, *job))
              odd.try_emplace(result.file, "has another '" + rebuilt.state.name_of(job->spec) +
                                               "' than its plan and predictions ask for");
    if (odd.empty()) return rebuilt;
    for (const auto& [file, what] : odd) stored.discard(file, what);
  }
}

bool answers(const StoredResult& result, const Job& job) {
  if (job.spec.kind == JobKind::kPredict) return result.spec == job.spec;
  // True labels may have become known since.
  JobSpec known = result.spec;
  if (job.spec.explained.contains(LabelKind::kTrue)) known.explained.insert(LabelKind::kTrue);
  return known == job.spec;
}

std::vector<Event> amendments(const SweepState& state, const std::vector<LostResult>& lost,
                              const std::vector<JobId>& unknown, const StoredResults& stored) {
  std::vector<Event> events;
  for (const LostResult& result : lost) {
    const Event undone = JobEvent{JobUndone{result.job, result.segment + " does not give it any more"}};
    events.push_back(undone);
  }
  if (unknown.empty()) return events;
  std::vector<WorkerInfo> workers = state.workers();
  const auto worker_of = [&](const StoredResult& result) {
    const WorkerInfo wanted = earlier_worker(stored.provenances[result.provenance]);
    const auto known = std::find(workers.begin(), workers.end(), wanted);
    const WorkerId worker{static_cast<std::uint32_t>(known - workers.begin())};
    if (known == workers.end()) {
      workers.push_back(wanted);
      events.emplace_back(WorkerJoined{worker, wanted});
    }
    return worker;
  };
  for (const JobId id : unknown) {
    const StoredResult& result = *stored.chosen(id);
    const WorkerId worker = worker_of(result);
    for (const JobEvent& event :
         taking_in(state.jobs().at(id), done_by(result, id, stored.name_of(result), worker)))
      events.emplace_back(event);
  }
  return events;
}

}  // namespace wcam
