#include "tests/coordinator/simulation/referee.h"

#include <algorithm>

#include "coordinator/queue/decision_check.h"

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
      return "Ready " + std::to_string(envelope.ready().predict_credit()) + "|" +
             std::to_string(envelope.ready().explain_credit()) +
             (envelope.ready().trouble().empty() ? "" : ", in trouble");
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
    case wire::Envelope::kPiece:
      return "Piece " + envelope.piece().segment() + " from " + std::to_string(envelope.piece().offset()) +
             ", " + std::to_string(envelope.piece().data().size()) + " of " +
             std::to_string(envelope.piece().size()) + " bytes";
    case wire::Envelope::kReceived:
      return "Received " + envelope.received().segment() +
             (envelope.received().stored() ? ": stored"
                                           : " up to " + std::to_string(envelope.received().have()));
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
  require(!dropped_.contains({JobId{job.job()}, job.attempt()}),
          worker + " begins " + short_name(job.job(), job.attempt()) + ", which was taken as given back");
  ++happenings["jobs computed"];
}

void Referee::fails(const std::string& worker, const wire::Job& job) {
  ++happenings["jobs that failed"];
  failed_at_.emplace(worker, JobId{job.job()});
  ++failures_[JobId{job.job()}];
}

void Referee::succeeds(const std::string& worker, const wire::Job& job) {
  const std::pair key{worker, JobId{job.job()}};
  if (!released_.contains(key)) computed_.insert(key);
}

void Referee::worker_hears(const std::string& worker, const wire::Envelope& envelope) {
  if (envelope.has_welcome()) greeting_.erase(worker);
  for (const wire::Lease& lease : envelope.release().leases()) {
    computed_.erase({worker, JobId{lease.job()}});
    released_.emplace(worker, JobId{lease.job()});
  }
  for (const wire::Job& job : envelope.assign().jobs()) released_.erase({worker, JobId{job.job()}});
}

void Referee::worker_says(const wire::Envelope& envelope) {
  if (envelope.has_hello()) greeting_.insert(envelope.hello().worker());
  for (const wire::Outcome& outcome : envelope.outcomes().outcomes())
    if (outcome.has_failure()) failed_.emplace(JobId{outcome.job()}, outcome.attempt());
}

void Referee::disturbed(const std::string& worker, milliseconds duration) {
  TimePoint& until = trouble_until_[worker];
  until = std::max(until, clock_.now() + duration);
}

void Referee::dies(const std::string& worker) { dead_.insert(worker); }

// Not one that is served by a coordinator that is there, however long that has no room; nor one that greets
// one that has time for it. What happens to a worker lasts for a third of its patience at most: then it has
// long been heard again.
void Referee::gives_up(const std::string& worker, milliseconds patience) const {
  const auto trouble = trouble_until_.find(worker);
  const bool had_trouble = trouble != trouble_until_.end() && clock_.now() - trouble->second < patience / 2;
  const TimePoint since = greeting_.contains(worker) ? heard_from_ : there_since_;
  require(!is_there_ || clock_.now() - since < patience || had_trouble,
          worker + " gives up, and the coordinator has been there all the time");
}

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

// What rests in memory alone is forgotten.
void Referee::coordinator_starts() {
  is_there_ = true;
  replies_due_.clear();
  coordinator_is_away_until(clock_.now());
  for (auto& [id, record] : jobs_) record.rests_until = {};
}

void Referee::hears(const std::string& worker, const wire::Envelope& envelope) {
  last_heard_[worker] = clock_.now();
  if (envelope.has_hello()) wanted_.erase(worker);
  if (!envelope.has_ready()) return;
  wanted_[worker] = {{envelope.ready().predict_credit(), envelope.ready().explain_credit()}};
  if (envelope.ready().trouble().empty())
    in_trouble_.erase(worker);
  else
    in_trouble_.insert(worker);
}

void Referee::commits(std::span<const Event> events, TimePoint decided) {
  decided_ = decided;
  if (!events.empty()) replies_due_.assign(replies_due_.size(), false);
  for (const Event& event : events) std::visit([this](const auto& e) { commit(e); }, event);
}

void Referee::commit(const WorkerJoined& event) { workers_.push_back(event.info.name); }

void Referee::commit(const ImageDecided& event) {
  if (event.progress.state == ImageState::kSelected) ++happenings["images selected"];
  if (event.progress.state == ImageState::kSelected) ranked_.insert(event.image);
  if (event.progress.state == ImageState::kSetAside) ++happenings["images set aside"];
}

void Referee::operator_asks(const wire::Request& request, const std::vector<Event>& events) {
  something_was_injected();
  replies_due_.push_back(!events.empty());
  if (events.empty()) return;
  if (request.has_cancel()) ++cancels_;
  if (request.has_retry()) ++retries_;
  static constexpr const char* kVerbs[] = {"", "pause", "resume", "drain", "cancel", "retry"};
  ++happenings[std::string("operator: ") + kVerbs[request.verb_case()]];
}

void Referee::commit(const ImageRetried& event) {
  require(retries_ > 0, "an image was retried and nobody had asked");
  ++happenings["images retried"];
  in_order_ = in_order_ && ranked_.contains(event.image);
}

void Referee::commit_job(const JobRetried& event) {
  require(retries_ > 0, "a job was retried and nobody had asked");
  ++happenings["jobs retried"];
  Record& record = jobs_.at(event.job);
  require(record.finished && !record.is_done, "a job was retried that had not ended without a result");
  record.finished = false;
  record.retried = true;
  record.failures = record.losses = 0;
  record.failed_attempts.clear();
  record.rests_until = {};
  // It is suspect no more: a deadly one may take its neighbours with it once more.
  for (auto& [id, other] : jobs_) other.neighbour_losses = 0;
  // A result that came after its job was cancelled is of no use, and the coordinator may have died before it
  // released the job.
  std::erase_if(computed_, [&](const auto& done) { return done.second == event.job; });
}

// `wcam repair` makes these.
void Referee::commit_job(const JobUndone&) { require(false, "the coordinator gave up a result"); }

void Referee::commit(const WorkerDrained& event) { drained_.emplace(event.worker, decided_); }

void Referee::commit(const CourseChanged& event) {
  course_ = event.course;
  if (course_ == Course::kOn) in_order_ = in_order_ && retries_ == 0;
}

void Referee::commit(const CaseCancelled& event) { cancelled_cases_.insert(event.case_index); }

void Referee::commit(const CaseRetried& event) { cancelled_cases_.erase(event.case_index); }

void Referee::commit(const JobEvent& event) {
  std::visit([this](const auto& e) { commit_job(e); }, event);
}

void Referee::commit_job(const JobAdded& event) {
  require(jobs_.try_emplace(event.job).second, "job " + to_string(event.job) + " was added twice");
  jobs_.at(event.job).spec = event.spec;
}

void Referee::commit_job(const JobHandedOut& event) {
  ++happenings["jobs handed out"];
  Record& record = jobs_.at(event.job);
  require(!record.finished, "job " + to_string(event.job) + " was handed out after it was finished");
  require(course_ != Course::kPaused, "job " + to_string(event.job) + " was handed out while paused");
  require(!drained_.contains(event.worker),
          "job " + to_string(event.job) + " was handed out to a drained worker");
  require(decided_ >= record.rests_until, "job " + to_string(event.job) + " was handed out before its time");
  if (!record.hands.empty()) {
    check_second_attempt(record, event);
    ++record.second_attempts;
    ++happenings["second attempts"];
  }
  record.attempts = value(event.attempt);
  record.open = true;
  record.hands[value(event.attempt)] = {event.worker, decided_};
}

// Only when it was asked for and nothing else is left to do, once a job (and life of the coordinator), and
// not of a job that may take a second worker along.
void Referee::check_second_attempt(const Record& record, const JobHandedOut& event) const {
  const std::string name = "job " + to_string(event.job);
  require(options_.speculate, name + " was given to a second worker, which nobody had asked for");
  require(record.hands.size() == 1, name + " was given to a third worker");
  const auto& [worker, since] = record.hands.begin()->second;
  require(worker != event.worker, name + " was given to one worker twice");
  require(decided_ - since > 2 * options_.heartbeat, name + " has a second attempt before it is late");
  require(record.failures + record.losses == 0, name + " has a second attempt although it was trouble");
  const std::string& helper = workers_.at(value(event.worker));
  const Wanted wanted = wanted_.contains(helper) ? wanted_.at(helper) : Wanted{};
  for (const auto& [id, other] : jobs_)
    require(!other.waits(decided_) || failed_at_.contains({helper, id}) || !wanted.takes(other.spec.kind),
            name + " has a second attempt, by " + helper + ", although job " + to_string(id) + " waits");
}

void Referee::commit_job(const JobAdopted& event) {
  ++happenings["jobs adopted"];
  Record& record = jobs_.at(event.job);
  require(!record.finished, "job " + to_string(event.job) + " was adopted after it was finished");
  record.rests_until = {};
  record.hands[value(event.attempt)] = {event.worker, decided_};
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
  // One that can store nothing is not asked: it may have begun.
  if (event.cause == Cause::kGivenBack) {
    ++record.given_back;
    const WorkerId worker = record.hands.at(value(event.attempt)).first;
    if (!in_trouble_.contains(workers_.at(value(worker)))) dropped_.emplace(event.job, value(event.attempt));
  }
  if (value(event.attempt) == record.attempts)
    record.open = event.cause != Cause::kFailed && event.cause != Cause::kGivenBack;
  record.hands.erase(value(event.attempt));
  if (!record.hands.empty()) ++happenings["one of two attempts ended"];
  if (record.hands.empty()) record.rests_until = rest_of(record, event.cause);
}

// 1 s, 4 s, 16 s, ... a minute (or not at all, in half of the schedules) after failures and losses; some
// heartbeats for a worker to come back to a coordinator that restarted.
TimePoint Referee::rest_of(const Record& record, Cause cause) const {
  if (cause == Cause::kRestart) return decided_ + 5 * options_.heartbeat;
  if (cause != Cause::kFailed && cause != Cause::kLost) return decided_;
  milliseconds rest = options_.backoff;
  for (std::uint32_t mishaps = record.failures + record.losses; mishaps > 1; --mishaps)
    rest = std::min(4 * rest, milliseconds{60'000});
  return decided_ + rest;
}

// A worker is lost only when it was silent for a lease, which never happens to one that nothing happened to,
// however slow the coordinator was; and a job that kills workers takes no neighbour down more than once.
void Referee::check_loss(Record& record, const JobReturned& event) {
  ++record.losses;
  const std::string& worker = workers_.at(value(record.hands.at(value(event.attempt)).first));
  require(decided_ - last_heard_.at(worker) > options_.lease,
          worker + " was lost although it had been heard within the lease");
  const auto trouble = trouble_until_.find(worker);
  require(dead_.contains(worker) ||
              (trouble != trouble_until_.end() && decided_ <= trouble->second + 2 * options_.lease),
          worker + " was lost although nothing had happened to it");
  const auto killer = killed_by_.find(worker);
  if (killer == killed_by_.end() || killer->second == event.job) return;
  require(++record.neighbour_losses <= 1, "job " + to_string(event.job) + " was beside a deadly job twice");
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
  record.hands.clear();
  record.segment = event.segment;
}

// Who has it in hand is not waited for any more, should it be retried.
void Referee::end_without_result(Record& record) {
  record.finished = true;
  if (record.hands.contains(record.attempts)) record.open = false;
  record.hands.clear();
}

void Referee::commit_job(const JobSetAside& event) {
  ++happenings["jobs set aside"];
  end_without_result(jobs_.at(event.job));
}

void Referee::commit_job(const JobCancelled& event) {
  ++happenings["jobs cancelled"];
  end_without_result(jobs_.at(event.job));
}

// A worker forgets what is acknowledged, so the ledger must know it by then.
void Referee::sends(const std::string& worker, const wire::Envelope& envelope) {
  require(!envelope.has_assign() || !in_trouble_.contains(worker),
          worker + " can store nothing, has said so, and is handed a job");
  releases_ += static_cast<std::uint64_t>(envelope.release().leases_size());
  for (const wire::Lease& lease : envelope.acknowledge().leases()) {
    const auto found = jobs_.find(JobId{lease.job()});
    if (found == jobs_.end()) continue;
    const Record& record = found->second;
    const std::string name = short_name(lease.job(), lease.attempt());
    if (stored_.contains({found->first, lease.attempt()}))
      // One that came when its job was cancelled is of no use, also if the job is retried in the same turn.
      require(record.finished || record.retried,
              "the success of " + name + " is acknowledged and not in the ledger");
    else
      require(record.finished || (!record.hands.contains(lease.attempt()) &&
                                  (lease.attempt() < record.attempts || !record.open)),
              "the failure of " + name + " is acknowledged and not in the ledger");
  }
  for (const wire::Job& job : envelope.assign().jobs()) {
    const auto found = jobs_.find(JobId{job.job()});
    require(found != jobs_.end() && found->second.attempts == job.attempt(),
            short_name(job.job(), job.attempt()) + " is assigned and the ledger does not know of it");
    Wanted& wanted = wanted_[worker];
    const JobKind kind = job.has_explain() ? JobKind::kExplain : JobKind::kPredict;
    require(wanted.takes(kind), worker + " is handed more than it wants");
    wanted.given += wanted.part(kind);
  }
}

void Referee::replies(const wire::Reply& reply) {
  require(!replies_due_.empty(), "an operator has a reply and has not asked");
  require(reply.has_refused() || !replies_due_.front(),
          "an operator has a reply, and what was asked for is not durable");
  replies_due_.pop_front();
}

// --- the end ---

std::string Referee::image_of(const JobSpec& spec) const {
  return study_.plan().images[order_[spec.image].index].path;
}

void Referee::judge(const SweepState& state, const SchedulerCounters& counters) const {
  state.check_invariants();
  require(state.finished(), "the sweep is not finished");
  require(state.jobs().all().size() == jobs_.size(), "state and ledger hold different jobs");
  in_order_ ? judge_images(state) : judge_images_in_any_order(state);
  judge_drained();
  for (const auto& [id, job] : state.jobs().all()) judge_job(state, job);
  judge_decisions(state);
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
    if (progress.state == ImageState::kUndecided && course_ == Course::kCancelled) continue;
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
    for (const ExplainChoice& c : decision.choices) {
      const JobSpec spec{JobKind::kExplain, i,    c.case_index, c.variant,   c.role,
                         c.role_index,      rank, c.label,      c.explained, c.replicate,
                         c.control_of};
      const Job* job = state.jobs().find(state.job_id(spec));
      require(job != nullptr && job->spec == spec, "a chosen variant of " + image + " has no job");
      ++explain_jobs;
    }
    ++rank;
  }
  require(state.jobs().tally(JobKind::kExplain).all() == explain_jobs, "more is explained than was chosen");
  require(state.selected() == rank, "the sample is not the number of images selected");
}

// What is asked of a ledger when it is opened holds of every sweep.
void Referee::judge_decisions(const SweepState& state) const {
  DecisionCheck check(state);
  for (const auto& [id, job] : state.jobs().all()) {
    if (job.spec.kind != JobKind::kPredict || job.state != JobState::kDone) continue;
    const wire::Predictions predicted =
        study_.predictions(image_of(job.spec), study_.plan().cases[job.spec.case_index].name);
    check.take(job.spec, {predicted.label().begin(), predicted.label().end()});
  }
  require(!check.problem(), check.problem().value_or(""));
}

// What was put back is decided when others have been: each image by itself is what the pure function says,
// and ranks are given once.
void Referee::judge_images_in_any_order(const SweepState& state) const {
  std::set<std::uint32_t> ranks;
  std::size_t undecided = 0;
  for (std::uint32_t i = 0; i < state.images().size(); ++i) {
    const ImageProgress& progress = state.images()[i];
    const std::string& image = state.planned(i).path;
    if (progress.state == ImageState::kUndecided) ++undecided;
    if (progress.rank) require(ranks.insert(*progress.rank).second, image + " has another image's rank");
    if (progress.state != ImageState::kSelected && progress.state != ImageState::kSkipped) continue;
    const Decision decision = select(study_.plan(), order_[i].index, study_.labels(image));
    require(decision.selected == (progress.state == ImageState::kSelected), image + " is decided wrongly");
  }
  require(ranks.empty() || *ranks.rbegin() + 1 == ranks.size(), "a rank was left out");
  require(state.selected() == ranks.size(), "the sample is not the number of images selected");
  require(undecided == 0 || state.remaining() == 0 || course_ == Course::kCancelled,
          "an image was never decided, and the sample is not full");
}

// Who was drained has been told, again and again, and has ended by itself: the job in hand takes seconds.
void Referee::judge_drained() const {
  for (const auto& [id, since] : drained_) {
    const std::string& worker = workers_.at(value(id));
    const auto trouble = trouble_until_.find(worker);
    const TimePoint told =
        std::max({since, heard_from_, trouble == trouble_until_.end() ? since : trouble->second});
    require(dead_.contains(worker) || clock_.now() - told < std::chrono::seconds{60},
            worker + " was drained and works on");
  }
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
      require(image == ImageState::kSetAside || cancels_ > 0,
              name + " is cancelled, its image is not set aside and nobody had asked");
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
  std::uint64_t second_attempts = 0;
  for (const auto& [id, job] : state.jobs().all()) {
    const Record& record = jobs_.at(id);
    second_attempts += record.second_attempts;
    require(job.attempts <= 1 + record.second_attempts + record.given_back,
            "job " + to_string(id) + " was handed out twice and nothing had happened");
  }
  // Of two attempts one is answered for nothing, and what has been answered once more when it is released.
  require(counters.duplicate_answers <= releases_ + second_attempts && counters.workers_lost == 0,
          "answers came twice or workers were lost, and nothing had happened");
}

}  // namespace wcam::simulation
