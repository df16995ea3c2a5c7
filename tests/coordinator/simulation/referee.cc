#include "tests/coordinator/simulation/referee.h"

#include <algorithm>

namespace wcam::simulation {

namespace {

void require(bool holds, const std::string& what) {
  if (!holds) throw Violation(what);
}

std::string leases_in(const auto& leases) {
  std::string text;
  for (const auto& lease : leases) text += " " + short_name(lease.job(), lease.attempt());
  return text;
}

}  // namespace

std::string short_name(std::uint64_t job, std::uint32_t attempt) {
  return to_string(JobId{job}).substr(12) + "/" + std::to_string(attempt);
}

std::string describe(const wire::Envelope& envelope) {
  switch (envelope.body_case()) {
    case wire::Envelope::kHello:
      return "Hello";
    case wire::Envelope::kReady:
      return "Ready " + std::to_string(envelope.ready().credit());
    case wire::Envelope::kHeartbeat:
      return "Heartbeat" + leases_in(envelope.heartbeat().in_hand());
    case wire::Envelope::kOutcomes: {
      std::string text = "Outcomes";
      for (const wire::Outcome& outcome : envelope.outcomes().outcomes())
        text += " " + short_name(outcome.job(), outcome.attempt()) + (outcome.has_failure() ? " failed" : "");
      return text;
    }
    case wire::Envelope::kGoodbye:
      return "Goodbye: " + envelope.goodbye().reason();
    case wire::Envelope::kWelcome:
      return "Welcome";
    case wire::Envelope::kRefused:
      return "Refused: " + envelope.refused().reason();
    case wire::Envelope::kAssign:
      return "Assign" + leases_in(envelope.assign().jobs());
    case wire::Envelope::kAcknowledge:
      return "Acknowledge" + leases_in(envelope.acknowledge().leases());
    case wire::Envelope::kRelease:
      return "Release" + leases_in(envelope.release().leases());
    case wire::Envelope::kStop:
      return "Stop: " + envelope.stop().reason();
    default:
      return "nothing";
  }
}

Referee::Referee(const Study& study, const SchedulerOptions& options, const Clock& clock)
    : study_(study),
      options_(options),
      clock_(clock),
      order_(taking_order(study.plan())),
      quiet_(study.sound()) {}

// --- workers ---

void Referee::begins(const std::string& worker, const wire::Job& job) {
  require(!computed_.contains({worker, JobId{job.job()}}),
          worker + " computes " + short_name(job.job(), job.attempt()) +
              " again, which it has done and which was not released");
  ++happenings["jobs computed"];
}

void Referee::fails(const std::string&, const wire::Job& job) {
  ++happenings["jobs that failed"];
  ++failures_[JobId{job.job()}];
}

void Referee::succeeds(const std::string& worker, const wire::Job& job) {
  const std::pair key{worker, JobId{job.job()}};
  if (!released_.contains(key)) computed_.insert(key);
}

void Referee::worker_hears(const std::string& worker, const wire::Envelope& envelope) {
  for (const wire::Lease& lease : envelope.release().leases()) {
    computed_.erase({worker, JobId{lease.job()}});
    released_.emplace(worker, JobId{lease.job()});
  }
  for (const wire::Job& job : envelope.assign().jobs()) released_.erase({worker, JobId{job.job()}});
}

void Referee::worker_says(const wire::Envelope& envelope) {
  for (const wire::Outcome& outcome : envelope.outcomes().outcomes())
    if (outcome.has_failure()) failed_.emplace(JobId{outcome.job()}, outcome.attempt());
}

void Referee::disturbed(const std::string& worker, milliseconds duration) {
  TimePoint& until = trouble_until_[worker];
  until = std::max(until, clock_.now() + duration);
}

void Referee::dies(const std::string& worker) { dead_.insert(worker); }

void Referee::killed_by(const std::string& worker, const wire::Job& job) {
  ++happenings["workers killed by a job"];
  killed_by_[worker] = JobId{job.job()};
}

void Referee::segment_is_durable(const std::string& name, const std::vector<wire::Outcome>& outcomes) {
  for (const wire::Outcome& outcome : outcomes)
    if (!outcome.has_failure()) {
      segments_[name].emplace(JobId{outcome.job()}, outcome.attempt());
      stored_.emplace(JobId{outcome.job()}, outcome.attempt());
    }
}

// --- the coordinator ---

void Referee::hears(const std::string& worker) { last_heard_[worker] = clock_.now(); }

void Referee::commits(std::span<const Event> events) {
  for (const Event& event : events) std::visit([this](const auto& e) { commit(e); }, event);
}

void Referee::commit(const WorkerJoined& event) { workers_.push_back(event.info.name); }

void Referee::commit(const ImageDecided& event) {
  if (event.progress.state == ImageState::kSelected) ++happenings["images selected"];
  if (event.progress.state == ImageState::kSetAside) ++happenings["images set aside"];
}

// `wcam retry` and `wcam repair` make these, while there is no coordinator.
void Referee::commit(const ImageRetried&) { require(false, "the coordinator retried an image"); }
void Referee::commit_job(const JobRetried&) { require(false, "the coordinator retried a job"); }
void Referee::commit_job(const JobUndone&) { require(false, "the coordinator gave up a result"); }

void Referee::commit(const JobEvent& event) {
  std::visit([this](const auto& e) { commit_job(e); }, event);
}

void Referee::commit_job(const JobAdded& event) {
  require(
      jobs_.try_emplace(event.job, Record{event.spec, false, false, false, 0, 0, 0, 0, {}, {}, ""}).second,
      "job " + to_string(event.job) + " was added twice");
}

void Referee::commit_job(const JobHandedOut& event) {
  ++happenings["jobs handed out"];
  Record& record = jobs_.at(event.job);
  require(!record.finished, "job " + to_string(event.job) + " was handed out after it was finished");
  record.attempts = value(event.attempt);
  record.open = true;
  record.worker = event.worker;
}

void Referee::commit_job(const JobAdopted& event) {
  ++happenings["jobs adopted"];
  Record& record = jobs_.at(event.job);
  require(!record.finished, "job " + to_string(event.job) + " was adopted after it was finished");
  record.worker = event.worker;
}

void Referee::commit_job(const JobReturned& event) {
  ++happenings["jobs returned: " + to_string(event.cause)];
  Record& record = jobs_.at(event.job);
  require(event.cause == Cause::kRestart || !record.finished, "a finished job was returned");
  if (event.cause == Cause::kFailed) {
    const std::uint32_t attempt = value(event.attempt);
    require(failed_.contains({event.job, attempt}),
            "a failure counts for " + short_name(value(event.job), attempt) + ", which did not fail");
    require(record.failures < failures_.at(event.job),
            "job " + to_string(event.job) + " failed less often than is counted");
    require(record.failed_attempts.insert(attempt).second,
            "the failure of " + short_name(value(event.job), attempt) + " counts twice");
    ++record.failures;
  }
  if (event.cause == Cause::kLost) check_loss(record, event);
  record.open = event.cause != Cause::kFailed && event.cause != Cause::kGivenBack;
}

// A worker is lost only when it was silent for a lease, which never happens to one that nothing happened to,
// however slow the coordinator was; and a job that kills workers takes no neighbour down more than once.
void Referee::check_loss(const Record& record, const JobReturned& event) {
  Record& mutable_record = jobs_.at(event.job);
  ++mutable_record.losses;
  const std::string& worker = workers_.at(value(record.worker));
  require(clock_.now() - last_heard_.at(worker) > options_.lease,
          worker + " was lost although it had been heard within the lease");
  const auto trouble = trouble_until_.find(worker);
  require(dead_.contains(worker) ||
              (trouble != trouble_until_.end() && clock_.now() <= trouble->second + 2 * options_.lease),
          worker + " was lost although nothing had happened to it");
  const auto killer = killed_by_.find(worker);
  if (killer == killed_by_.end() || killer->second == event.job) return;
  require(++mutable_record.neighbour_losses <= 1,
          "job " + to_string(event.job) + " was beside a deadly job twice");
}

void Referee::commit_job(const JobDone& event) {
  Record& record = jobs_.at(event.job);
  require(!record.is_done, "job " + to_string(event.job) + " was done twice");
  const std::uint32_t attempt = value(event.attempt);
  require(attempt >= 1 && attempt <= record.attempts, "done by an attempt that was never handed out");
  require(segments_[event.segment].contains({event.job, attempt}),
          short_name(value(event.job), attempt) + " counts as done, and no segment holds it");
  if (record.spec.kind == JobKind::kPredict)
    require(event.labels == study_.labels(image_of(record.spec)).at(record.spec.case_index),
            "the ledger holds other labels than were predicted");
  ++happenings["jobs done"];
  if (record.finished) ++happenings["jobs done after they were set aside"];
  if (attempt < record.attempts) ++happenings["jobs done by an earlier attempt"];
  record.finished = record.is_done = true;
  record.segment = event.segment;
}

void Referee::commit_job(const JobSetAside& event) {
  ++happenings["jobs set aside"];
  jobs_.at(event.job).finished = true;
}

void Referee::commit_job(const JobCancelled& event) {
  ++happenings["jobs cancelled"];
  jobs_.at(event.job).finished = true;
}

// A worker forgets what is acknowledged, so the ledger must know it by then.
void Referee::sends(const wire::Envelope& envelope) const {
  for (const wire::Lease& lease : envelope.acknowledge().leases()) {
    const auto found = jobs_.find(JobId{lease.job()});
    if (found == jobs_.end()) continue;
    const Record& record = found->second;
    const std::string name = short_name(lease.job(), lease.attempt());
    if (stored_.contains({found->first, lease.attempt()}))
      require(record.finished, "the success of " + name + " is acknowledged and not in the ledger");
    else
      require(record.finished || lease.attempt() < record.attempts || !record.open,
              "the failure of " + name + " is acknowledged and not in the ledger");
  }
  for (const wire::Job& job : envelope.assign().jobs()) {
    const auto found = jobs_.find(JobId{job.job()});
    require(found != jobs_.end() && found->second.attempts == job.attempt(),
            short_name(job.job(), job.attempt()) + " is assigned and the ledger does not know of it");
  }
}

// --- the end ---

std::string Referee::image_of(const JobSpec& spec) const {
  return study_.plan().images[order_[spec.image].index].path;
}

void Referee::judge(const SweepState& state, const SchedulerCounters& counters) const {
  state.check_invariants();
  require(state.finished(), "the sweep is not finished");
  require(state.jobs().all().size() == jobs_.size(), "state and ledger hold different jobs");
  judge_images(state);
  for (const auto& [id, job] : state.jobs().all()) judge_job(state, job);
  const Counts counts = state.counts(true);
  require(counts.predict.all() + counts.explain.all() == jobs_.size(), "the counts do not add up");
  require(counts.set_aside.empty() != state.anything_set_aside(), "set aside, and no line says what and why");
  require(counters.unknown_answers == 0 && counters.unfit_answers == 0,
          "an answer that the coordinator itself asked for was not understood");
  if (quiet_) judge_quiet(state, counters);
}

// Selection is what the pure function says of the labels, image after image, of those that were not set aside
// before their turn.
void Referee::judge_images(const SweepState& state) const {
  std::uint32_t rank = 0;
  std::size_t explain_jobs = 0;
  for (std::uint32_t i = 0; i < state.images().size(); ++i) {
    const ImageProgress& progress = state.images()[i];
    const std::string& image = state.planned(i).path;
    if (progress.state == ImageState::kSetAside && !progress.rank) continue;
    if (rank == static_cast<std::uint32_t>(study_.plan().selection.sample_size)) {
      require(progress.state == ImageState::kUndecided, image + " was decided after the sample was full");
      continue;
    }
    const auto labels = study_.labels(image);
    const Decision decision = select(study_.plan(), order_[i].index, labels);
    if (!decision.selected) {
      require(progress.state == ImageState::kSkipped, image + " should have been skipped");
      continue;
    }
    require(progress.rank == rank, image + " should have rank " + std::to_string(rank));
    for (const Choice& c : decision.choices) {
      const JobSpec spec{JobKind::kExplain, i, c.case_index, c.variant, c.role, c.role_index, rank, c.label};
      const Job* job = state.jobs().find(state.job_id(spec));
      require(job != nullptr && job->spec == spec, "a chosen variant of " + image + " has no job");
      ++explain_jobs;
    }
    ++rank;
  }
  require(state.jobs().tally(JobKind::kExplain).all() == explain_jobs, "more is explained than was chosen");
  require(state.selected() == rank, "the sample is not the number of images selected");
}

void Referee::judge_job(const SweepState& state, const Job& job) const {
  const Record& record = jobs_.at(job.id);
  const std::string name = to_string(job.spec.kind) + " job " + to_string(job.id);
  const ImageState image = state.images()[job.spec.image].state;
  require(job.attempts == record.attempts && job.failures == record.failures && job.losses == record.losses,
          name + " has other counts than its history");
  switch (job.state) {
    case JobState::kDone:
      require(record.is_done && segments_.contains(record.segment), name + " is done and nothing holds it");
      return;
    case JobState::kCancelled:
      require(image == ImageState::kSetAside, name + " is cancelled and its image is not set aside");
      return;
    case JobState::kSetAside: {
      const Fate fate = study_.fate(job.id, image_of(job.spec));
      const bool at_once = fate == Fate::kBadImage || fate == Fate::kDegenerate;
      require(!job.text.empty(), name + " is set aside without a reason");
      require((at_once && record.failures > 0) || record.failures >= options_.max_attempts ||
                  record.losses >= options_.max_attempts,
              name + " is set aside before its time");
      return;
    }
    default:
      require(false, name + " is not finished");
  }
}

// Without faults nothing is done twice, lost or late.
void Referee::judge_quiet(const SweepState& state, const SchedulerCounters& counters) const {
  require(!state.anything_set_aside(), "something was set aside and nothing had happened");
  for (const auto& [id, job] : state.jobs().all())
    require(job.attempts == 1, "job " + to_string(id) + " was handed out twice and nothing had happened");
  require(counters.duplicate_answers == 0 && counters.workers_lost == 0,
          "answers came twice or workers were lost, and nothing had happened");
}

}  // namespace wcam::simulation
