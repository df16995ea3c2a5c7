// Invariants: a job is leased exactly while a link holds it, so whoever ends a link gives up its leases
// first; events are applied to the state as they are emitted, so every handler sees what the one before it
// did; nothing is sent before the events it depends on are durable.
#include "coordinator/queue/scheduler.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/log_throttle.h"
#include "common/base/message_text.h"
#include "common/base/sha256.h"

namespace wcam {

namespace {

constexpr std::size_t kLongestText = 2'000;  // of a worker's error text kept in the ledger
constexpr const char* kCaseIsCancelled = "its case is cancelled";
constexpr int kHeartbeatsToReturn = 5;  // to a coordinator that restarted: time to find it and to say Hello

wire::Lease lease_of(JobId id, std::uint32_t attempt) {
  wire::Lease lease;
  lease.set_job(value(id));
  lease.set_attempt(attempt);
  return lease;
}

// Why a success cannot be used; empty when it can.
std::string unfit(const wire::Outcome& outcome, const Job& job, std::size_t labels) {
  const bool predict = job.spec.kind == JobKind::kPredict;
  if (predict != outcome.has_predictions() || predict == outcome.has_profile())
    return "the answer is of the other kind of job";
  const std::string& segment = outcome.segment();
  if (!is_file_name(segment))
    return "segment '" + segment.substr(0, 300) + "' is not the name of a file in the sweep's segments";
  if (!predict) return "";
  const wire::Predictions& p = outcome.predictions();
  for (const int count : {p.label_size(), p.logit_size(), p.probability_size()})
    if (static_cast<std::size_t>(count) != labels)
      return std::to_string(count) + " predictions, the plan has " + std::to_string(labels) +
             " images to predict";
  if (std::any_of(p.label().begin(), p.label().end(), [](std::int64_t label) { return label < 0; }))
    return "a predicted label is below 0";
  const auto is_number = [](float value) { return std::isfinite(value); };
  if (!std::all_of(p.logit().begin(), p.logit().end(), is_number) ||
      !std::all_of(p.probability().begin(), p.probability().end(), is_number))
    return "a predicted logit or probability is not finite";
  return "";
}

// Calls act() with `spec` being each explain job that its image and case may have.
void for_each_explained(const Plan& plan, JobSpec& spec, const std::function<void()>& act) {
  for (spec.variant = 0; spec.variant <= plan.variants.size(); ++spec.variant)
    for (const LabelKind kind : kLabelKinds) {
      if (kind != LabelKind::kPredicted && !plan.explain.contains(kind)) continue;
      spec.explained = {kind};
      for (spec.replicate = 0; spec.replicate < plan.replicates; ++spec.replicate) act();
    }
  spec.variant = spec.replicate = 0;
}

// For people: without what is no text.
std::string one_line(const std::string& text) {
  constexpr std::size_t kLongestLine = 500;
  std::string line = text.substr(0, kLongestLine);
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return line;
}

std::string seconds_text(std::chrono::milliseconds time) {
  return std::to_string((time.count() + 500) / 1000) + " s";
}

}  // namespace

Scheduler::Scheduler(SweepState& state, const SchedulerOptions& options)
    : state_(state),
      options_(options),
      roster_(state),
      plan_json_(to_json_text(state.plan())),
      plan_sha256_(sha256_of(plan_json_)),
      plans_(plan_json_.size(), options_.plan_bytes) {
  for (const CaseSpec& spec : state.plan().cases)
    case_index_.emplace(spec.name, static_cast<int>(case_index_.size()));
}

void Scheduler::emit(Event event) {
  state_.apply(event);
  events_.push_back(std::move(event));
}

void Scheduler::send(const std::string& worker, wire::Envelope envelope) {
  outbox_.push_back({worker, std::move(envelope)});
}

void Scheduler::start(TimePoint now) {
  last_expire_ = now;
  for (std::uint32_t worker = 0; worker < state_.workers().size(); ++worker) {
    const std::set<JobId> held = state_.jobs().leased_to(WorkerId{worker});
    give_up_all_of(WorkerId{worker}, Cause::kRestart, "the coordinator restarted");
    if (options_.has_ended && options_.has_ended(state_.workers()[worker])) continue;
    for (const JobId id : held)
      if (state_.jobs().at(id).state == JobState::kWaiting)
        state_.rest(id, now + kHeartbeatsToReturn * options_.heartbeat);
  }
}

void Scheduler::on_message(const std::string& worker, const wire::Envelope& envelope, TimePoint now) {
  if (envelope.has_hello()) return on_hello(worker, envelope.hello(), now);
  const auto found = roster_.links().find(worker);
  if (found == roster_.links().end()) {
    wire::Envelope answer;
    answer.mutable_refused()->set_reason("this worker was silent for longer than the lease");
    answer.mutable_refused()->set_again(true);
    return send(worker, std::move(answer));
  }
  Link& link = found->second;
  link.last_heard = now;
  plans_.settled(worker);
  if (envelope.has_ready()) on_ready(link, envelope.ready(), now);
  if (envelope.has_heartbeat()) on_heartbeat(link, envelope.heartbeat(), now);
  if (envelope.has_outcomes()) on_outcomes(link, envelope.outcomes(), now);
  if (envelope.has_goodbye()) on_goodbye(worker, envelope.goodbye().reason());
}

void Scheduler::on_hello(const std::string& worker, const wire::Hello& hello, TimePoint now) {
  if (!roster_.id_of(worker)) {
    const WorkerId id{static_cast<std::uint32_t>(state_.workers().size())};
    roster_.meet(worker, id);
    emit(WorkerJoined{id, {worker, hello.host(), hello.device(), hello.pid(), false, hello.provenance()}});
  }
  const std::size_t before = roster_.links().size();
  Link& link = roster_.connect(worker);
  link.log = hello.log();
  link.place = hello.device() + " of pid " + std::to_string(hello.pid()) + " on " + hello.host();
  link.last_heard = now;
  link.credit = {};  // what it wants comes with Ready
  if (roster_.links().size() > before) spdlog::info("worker {} joined: {}", worker, link.place);
  hello.plan_sha256() == plan_sha256_ ? welcome(link, false) : plans_.ask(worker);
}

void Scheduler::welcome(const Link& link, bool with_plan) {
  wire::Envelope answer;
  wire::Welcome& welcome = *answer.mutable_welcome();
  welcome.set_sweep_id(state_.sweep());
  welcome.set_heartbeat_ms(static_cast<std::uint32_t>(options_.heartbeat.count()));
  welcome.set_lease_ms(static_cast<std::uint32_t>(options_.lease.count()));
  if (with_plan) welcome.set_plan_json(plan_json_);
  send(link.name, std::move(answer));
  tell_to_stop(link);
}

void Scheduler::send_plans(TimePoint now) {
  for (const std::string& worker : plans_.due(now)) welcome(roster_.links().at(worker), true);
}

void Scheduler::tell_to_stop(const Link& link) {
  if (!stopping_ && !is_drained(state_, link)) return;
  wire::Envelope message;
  message.mutable_stop()->set_reason(stopping_ ? stop_reason_ : "this worker was drained");
  send(link.name, std::move(message));
}

void Scheduler::carry_out(const std::vector<Event>& events) {
  for (const Event& event : events) {
    const auto* of_job = std::get_if<JobEvent>(&event);
    if (const auto* cancelled = of_job != nullptr ? std::get_if<JobCancelled>(of_job) : nullptr) {
      cancel(cancelled->job, cancelled->text);
      continue;
    }
    emit(event);
    const auto* drained = std::get_if<WorkerDrained>(&event);
    if (drained == nullptr) continue;
    if (const Link* link = roster_.find(drained->worker)) tell_to_stop(*link);
  }
}

void Scheduler::on_ready(Link& link, const wire::Ready& ready, TimePoint now) {
  const std::string trouble = one_line(ready.trouble());
  if (trouble.empty() != link.trouble.empty()) {
    link.trouble_since = now;
    if (trouble.empty())
      spdlog::info("worker {} can store results again", link.name);
    else
      spdlog::warn("worker {} ({}) can store no result: {}", link.name, link.place, trouble);
  }
  link.trouble = trouble;
  link.credit = {ready.predict_credit(), ready.explain_credit()};
  std::vector<int> loaded;
  for (const std::string& name : ready.loaded_cases())
    if (const auto known = case_index_.find(name); known != case_index_.end())
      loaded.push_back(known->second);
  roster_.set_cases(link, std::move(loaded), link.cases.empty() ? -1 : link.cases.front());
}

void Scheduler::on_heartbeat(Link& link, const wire::Heartbeat& heartbeat, TimePoint now) {
  wire::Envelope answer;
  wire::Envelope alive;  // so that the worker knows that somebody listens
  alive.mutable_acknowledge();
  send(link.name, std::move(alive));
  tell_to_stop(link);  // the first time it may not have arrived
  for (const wire::Lease& lease : heartbeat.in_hand()) {
    const JobId id{lease.job()};
    const Job* job = state_.jobs().find(id);
    const bool latest = job != nullptr && lease.attempt() == job->attempts;
    if (latest && job->state == JobState::kWaiting && job->open && was_given(link, *job, lease.attempt())) {
      emit(JobEvent{JobAdopted{id, Attempt{lease.attempt()}, link.id}});
      roster_.add_lease(link, id, job->spec.case_index, now);
    }
    // Whichever attempt it names: a job that is handed to it again while in its hand keeps the earlier number
    // there.
    if (const Lease* held = job == nullptr ? nullptr : job->lease_with(link.id); held != nullptr) {
      link.leases.at(id).confirmed = now;
      link.leases.at(id).arrived |= held->attempt == lease.attempt();
    } else {
      *answer.mutable_release()->add_leases() = lease;
    }
  }
  link.others_in_hand = answer.has_release();
  if (answer.has_release()) send(link.name, std::move(answer));
  note_missing(link, now);
}

// What was asked back and is not in its hand was dropped before it had begun. Else it never arrived there.
void Scheduler::note_missing(Link& link, TimePoint now) {
  std::vector<std::pair<JobId, Cause>> missing;
  for (const auto& [id, lease] : link.leases)
    if (lease.asked_back && lease.confirmed != now)
      missing.emplace_back(id, Cause::kGivenBack);
    else if (now - lease.confirmed > 3 * options_.heartbeat)
      missing.emplace_back(id, Cause::kNotReceived);
  for (const auto& [id, cause] : missing) {
    const Attempt attempt{state_.jobs().at(id).lease_with(link.id)->attempt};
    spdlog::info("job {} of worker {}: {}", to_string(id), link.name, to_string(cause));
    give_up_lease(id, attempt, cause,
                  cause == Cause::kGivenBack ? "not begun when another worker had nothing to do"
                                             : "not in hand after three heartbeats");
  }
}

void Scheduler::on_outcomes(Link& link, const wire::Outcomes& outcomes, TimePoint now) {
  if (outcomes.outcomes().empty()) return;
  wire::Envelope answer;
  for (const wire::Outcome& outcome : outcomes.outcomes()) {
    on_outcome(link, outcome, now);
    // Every answer is acknowledged, also one of no use: the worker need not keep it.
    *answer.mutable_acknowledge()->add_leases() = lease_of(JobId{outcome.job()}, outcome.attempt());
  }
  send(link.name, std::move(answer));
}

void Scheduler::on_outcome(Link& link, const wire::Outcome& outcome, TimePoint now) {
  const Job* job = state_.jobs().find(JobId{outcome.job()});
  if (job == nullptr || outcome.attempt() == 0 || outcome.attempt() > job->attempts ||
      !was_given(link, *job, outcome.attempt())) {
    if (worth_logging(++counters_.unknown_answers))
      spdlog::warn("worker {} answered job {} attempt {}, which was not handed out to it ({} such answers)",
                   link.name, to_string(JobId{outcome.job()}), outcome.attempt(), counters_.unknown_answers);
    return;
  }
  if (outcome.has_failure()) return on_failure(link, job->id, outcome, now);
  if (!job->may_be_done()) {
    ++counters_.duplicate_answers;
    return;
  }
  const std::string problem = unfit(outcome, *job, state_.plan().predict_block_of(job->spec.variant).size());
  if (problem.empty()) return on_success(link, *job, outcome);
  ++counters_.unfit_answers;
  wire::Outcome failure;
  failure.set_attempt(outcome.attempt());
  failure.mutable_failure()->set_text("worker " + link.name + ": " + problem);
  on_failure(link, job->id, failure, now);
}

void Scheduler::on_success(const Link& link, const Job& job, const wire::Outcome& outcome) {
  release_holders(job, outcome.attempt());
  failures_.succeeded(link.id);
  failures_.forget(job.id);
  times_[static_cast<std::size_t>(job.spec.kind)].add(outcome.seconds());
  second_try_.erase(job.id);
  note_caution(job.spec.image, outcome.caution());
  JobDone done{job.id, Attempt{outcome.attempt()}, outcome.segment(), 0, {}, link.id};
  if (outcome.has_profile() && std::isfinite(outcome.profile().seconds()))
    done.seconds = outcome.profile().seconds();
  if (outcome.has_predictions())
    done.labels.assign(outcome.predictions().label().begin(), outcome.predictions().label().end());
  emit(JobEvent{std::move(done)});
}

// Once an image, of the first few; the results have them all.
void Scheduler::note_caution(std::uint32_t image, const std::string& caution) {
  constexpr std::size_t kShown = 20;
  if (caution.empty() || doubtful_.size() > kShown || !doubtful_.insert(image).second) return;
  if (doubtful_.size() <= kShown)
    spdlog::warn("image {}: {}", state_.planned(image).path, one_line(caution));
  else
    spdlog::warn("more images are doubtful: images/caution in results.h5 says which");
}

bool Scheduler::was_given(const Link& link, const Job& job, std::uint32_t attempt) const {
  const Lease* lease = job.lease_of(attempt);
  if (lease != nullptr && lease->worker == link.id) return true;
  return !options_.holder || options_.holder(job.id, Attempt{attempt}) == link.id;
}

// Counted once an attempt, and only for one in hand or the latest: an older one has been counted, or its job
// is with another worker.
void Scheduler::on_failure(const Link& link, JobId id, const wire::Outcome& outcome, TimePoint now) {
  const Job& job = state_.jobs().at(id);
  const bool late = job.open && outcome.attempt() == job.attempts;
  if (job.finished() || !(late || job.lease_of(outcome.attempt()) != nullptr)) {
    ++counters_.duplicate_answers;
    return;
  }
  std::string text = outcome.failure().text().substr(0, kLongestText);
  if (text.empty()) text = "the worker gave no reason";
  const wire::Failure::Kind kind = outcome.failure().kind();
  if (kind == wire::Failure::UNSPECIFIED)  // else the job or its image is to blame
    failures_.failed(id, link.id, now, one_line(first_line(text)));
  text += " (" + link.place + ")";
  const std::uint32_t image = job.spec.image;
  give_up_lease(id, Attempt{outcome.attempt()}, Cause::kFailed, text);
  if (kind == wire::Failure::BAD_IMAGE) {
    set_aside(id, text);
    set_image_aside(image, text);
  } else if (kind == wire::Failure::DEGENERATE) {
    set_aside(id, text);
  }
  back_off(id, now);
}

void Scheduler::on_goodbye(const std::string& worker, const std::string& reason) {
  const auto found = roster_.links().find(worker);
  give_up_all_of(found->second.id, Cause::kGivenBack, reason.substr(0, kLongestText));
  spdlog::info("worker {} left: {}", worker, reason);
  remove_link(found);
}

void Scheduler::on_undelivered(const Message& message) {
  if (message.envelope.has_welcome()) plans_.failed(message.worker);
  if (!message.envelope.has_assign()) return;  // the rest is repeated when the worker repeats itself
  for (const wire::Job& sent : message.envelope.assign().jobs()) {
    const Job* job = state_.jobs().find(JobId{sent.job()});
    if (job != nullptr && job->lease_of(sent.attempt()) != nullptr)
      give_up_lease(job->id, Attempt{sent.attempt()}, Cause::kNotReceived, "the worker could not be reached");
  }
  const auto link = roster_.links().find(message.worker);
  if (link != roster_.links().end()) link->second.credit = {};  // until it speaks again
}

void Scheduler::expire(TimePoint now) {
  // We were away ourselves (suspended, a slow disk): what the workers said meanwhile may still be on its way.
  if (now - last_expire_ > options_.lease / 2)
    for (auto& [name, link] : roster_.links()) link.last_heard = now;
  last_expire_ = now;
  for (auto link = roster_.links().begin(); link != roster_.links().end();) {
    const auto here = link++;
    if (is_lost(here->second, now)) lose(here, now);
  }
}

bool Scheduler::is_lost(const Link& link, TimePoint now) const {
  const auto silence = now - link.last_heard;
  if (silence > options_.lease) return true;
  return silence > 3 * options_.heartbeat && options_.has_ended &&
         options_.has_ended(state_.workers()[value(link.id)]);
}

void Scheduler::lose(Roster::Links::iterator link, TimePoint now) {
  ++counters_.workers_lost;
  const std::set<JobId> held = state_.jobs().leased_to(link->second.id);
  const auto silence = std::chrono::duration_cast<std::chrono::milliseconds>(now - link->second.last_heard);
  const std::string who = "worker " + link->first + " (" + link->second.place + ") was lost after " +
                          seconds_text(silence) + " of silence";
  spdlog::warn("{}; in its hand: {}", who, counted(held.size(), "job"));
  std::string text = who + " with this job in hand";
  if (options_.ending_of && !held.empty()) {
    const WorkerEnding ending =
        options_.ending_of(state_.workers()[value(link->second.id)], link->second.log);
    if (!ending.how.empty()) text += ": " + ending.how;
    if (!ending.log_tail.empty()) text += "\n" + ending.log_tail;
  }
  give_up_all_of(link->second.id, Cause::kLost, text);
  for (const JobId id : held) back_off(id, now);
  remove_link(link);
}

void Scheduler::give_up_all_of(WorkerId worker, Cause cause, const std::string& text) {
  const std::set<JobId> held = state_.jobs().leased_to(worker);
  for (const JobId id : held)  // one that is set aside may take its image's other jobs with it
    if (const Lease* lease = state_.jobs().at(id).lease_with(worker))
      give_up_lease(id, Attempt{lease->attempt}, cause, text);
}

void Scheduler::give_up_lease(JobId id, Attempt attempt, Cause cause, const std::string& text) {
  const Job& job = state_.jobs().at(id);
  if (const Lease* lease = job.lease_of(value(attempt)))
    if (Link* link = roster_.find(lease->worker)) link->leases.erase(id);
  emit(JobEvent{JobReturned{id, attempt, cause, text}});
  const bool counts = cause == Cause::kFailed || cause == Cause::kLost;
  if (counts && job.state == JobState::kWaiting &&
      std::max(job.failures, job.losses) >= options_.max_attempts)
    set_aside(id, text);
}

void Scheduler::back_off(JobId id, TimePoint now) {
  const Job& job = state_.jobs().at(id);
  if (job.state == JobState::kWaiting)
    state_.rest(id, now + pause_after(job.failures + job.losses, options_.backoff));
}

void Scheduler::set_aside(JobId id, const std::string& text) {
  const Job& job = state_.jobs().at(id);
  if (job.finished()) return;
  const std::string why = first_line(text);
  spdlog::warn("job {} is set aside: {}", to_string(id), why);
  release_holders(job);
  failures_.forget(id);
  emit(JobEvent{JobSetAside{id, text}});
  // Without this prediction its image can never be decided, and the images after it would wait for ever.
  if (job.spec.kind == JobKind::kPredict) set_image_aside(job.spec.image, why);
}

void Scheduler::set_image_aside(std::uint32_t image, const std::string& text) {
  const ImageProgress& progress = state_.images()[image];
  if (progress.state != ImageState::kUndecided && progress.state != ImageState::kSelected) return;
  spdlog::warn("image {} is set aside: {}", state_.planned(image).path, text);
  emit(ImageDecided{image, {ImageState::kSetAside, progress.rank, text}});
  cancel_jobs_of(image, "its image is set aside: " + text);
}

void Scheduler::cancel_jobs_of(std::uint32_t image, const std::string& text) {
  JobSpec spec;
  spec.image = image;
  const auto cancel = [&] {
    const Job* job = state_.jobs().find(state_.job_id(spec));
    if (job != nullptr && !job->finished()) this->cancel(job->id, text);
  };
  state_.for_each_predict_job(image, [&](const JobSpec& predict) {
    spec = predict;
    cancel();
  });
  if (!state_.images()[image].rank) return;
  spec.kind = JobKind::kExplain;
  for (spec.case_index = 0; spec.case_index < state_.plan().cases.size(); ++spec.case_index) {
    for_each_explained(state_.plan(), spec, cancel);
  }
}

void Scheduler::cancel(JobId id, const std::string& text) {
  release_holders(state_.jobs().at(id));
  failures_.forget(id);
  emit(JobEvent{JobCancelled{id, text}});
}

void Scheduler::release_holders(const Job& job, std::uint32_t answered) {
  for (const Lease& lease : job.in_hand()) {
    Link* link = roster_.find(lease.worker);
    if (link == nullptr) continue;
    link->leases.erase(job.id);
    if (lease.attempt == answered) continue;
    link->others_in_hand = true;
    wire::Envelope message;
    *message.mutable_release()->add_leases() = lease_of(job.id, lease.attempt);
    send(link->name, std::move(message));
  }
}

void Scheduler::remove_link(Roster::Links::iterator link) {
  plans_.settled(link->first);
  roster_.remove(link);
}

void Scheduler::advance(TimePoint now) {
  send_plans(now);
  state_.wake(now);
  decide_images();
  open_images();
  hand_out(now);
}

void Scheduler::settle(const std::function<void(std::span<const Event>)>& commit,
                       const std::function<bool(const Message&)>& send) {
  const std::vector<Event> events = std::exchange(events_, {});
  const std::vector<Message> outbox = std::exchange(outbox_, {});
  commit(events);
  for (const Message& message : outbox)
    if (!send(message)) on_undelivered(message);
}

void Scheduler::decide_images() {
  while (!state_.all_decided() && !state_.labels(state_.next_undecided()).empty())
    decide(state_.next_undecided());
}

void Scheduler::decide(std::uint32_t image) {
  const Plan& plan = state_.plan();
  const Decision decision = select(plan, state_.order()[image].index, state_.labels(image));
  const std::uint32_t rank = state_.selected();
  if (!decision.selected)
    return emit(ImageDecided{image, {ImageState::kSkipped, std::nullopt, decision.why}});
  emit(ImageDecided{image, {ImageState::kSelected, rank, ""}});
  for (const ExplainChoice& c : decision.choices) {
    const JobSpec spec{JobKind::kExplain, image,       c.case_index, c.variant,   c.role, c.role_index, rank,
                       c.label,           c.explained, c.replicate,  c.control_of};
    const JobId id = add(spec);
    if (state_.is_cancelled(c.case_index) && !state_.jobs().at(id).finished()) cancel(id, kCaseIsCancelled);
  }
}

JobId Scheduler::add(const JobSpec& spec) {
  const JobId id = state_.job_id(spec);
  emit(JobEvent{JobAdded{id, spec}});
  const auto known = options_.inherited.find(id);
  if (known == options_.inherited.end()) return id;
  const bool fits = spec.kind == JobKind::kExplain ||
                    known->second.labels.size() == state_.plan().predict_block_of(spec.variant).size();
  if (fits)
    for (const JobEvent& event : taking_in(state_.jobs().at(id), known->second)) emit(event);
  return id;
}

void Scheduler::open_images() {
  if (state_.all_decided()) return;
  const std::uint64_t wanted =
      std::uint64_t{state_.next_undecided()} + std::min(state_.remaining(), options_.look_ahead);
  const auto end = static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, state_.images().size()));
  for (std::uint32_t image = state_.opened(); image < end; ++image)
    state_.for_each_predict_job(image, [&](const JobSpec& spec) { add(spec); });
}

// One job a worker in turn; what has been given is seen by whoever comes next.
void Scheduler::hand_out(TimePoint now) {
  if (stopping_ || state_.course() == Course::kPaused) return;
  const Assignment assignment(state_, roster_, failures_, options_, now);
  const auto give_one = [&](const Link* link) {
    const auto job = assignment.next_job(*link);
    if (job) give(link->id, *job, now);
    return job.has_value();
  };
  std::vector<const Link*> hungry = assignment.hungry();
  for (auto fed = hungry; !fed.empty();)
    std::erase_if(fed, [&](const Link* link) { return !give_one(link); });
  for (const Link* link : hungry)
    while (const auto taken = assignment.take_over(*link)) {
      give_up_lease(taken->job, taken->attempt, Cause::kGivenBack, taken->why);
      if (!give_one(link)) break;
    }
  std::erase_if(hungry, [](const Link* link) { return link->in_hand() > 0; });
  if (!hungry.empty()) relieve(hungry, assignment, now);
  send_assignments();
}

void Scheduler::relieve(const std::vector<const Link*>& idle, const Assignment& assignment, TimePoint now) {
  for (const Assignment::AskBack& asked : assignment.ask_backs(idle)) ask_back(asked, now);
  if (!options_.speculate) return;
  for (const auto& [link, job] : assignment.second_attempts(idle, times_, second_try_)) {
    spdlog::info("job {} gets a second attempt, by worker {}", to_string(job), link->name);
    second_try_.insert(job);
    give(link->id, job, now);
  }
}

void Scheduler::ask_back(const Assignment::AskBack& asked, TimePoint now) {
  Link& link = *roster_.find(asked.link->id);
  link.leases.at(asked.job).asked_back = now;
  wire::Envelope message;
  *message.mutable_release()->add_leases() =
      lease_of(asked.job, state_.jobs().at(asked.job).lease_with(link.id)->attempt);
  send(link.name, std::move(message));
}

void Scheduler::give(WorkerId worker, JobId id, TimePoint now) {
  Link& link = *roster_.find(worker);
  const Attempt attempt{state_.jobs().at(id).attempts + 1};
  emit(JobEvent{JobHandedOut{id, attempt, worker}});
  const Job& job = state_.jobs().at(id);
  *assignments_[link.name].add_jobs() = to_wire(job);
  roster_.add_lease(link, id, job.spec.case_index, now);
  link.credit.spend(job.spec.kind);
}

void Scheduler::send_assignments() {
  for (auto& [worker, assign] : assignments_) {
    wire::Envelope message;
    *message.mutable_assign() = std::move(assign);
    send(worker, std::move(message));
  }
  assignments_.clear();
}

std::vector<std::string> Scheduler::troubles() const {
  const Assignment assignment(state_, roster_, failures_, options_, {});
  std::vector<std::string> lines;
  for (const auto& [name, link] : roster_.links()) {
    const std::string who = "worker " + name + " (" + link.place + ") ";
    if (!link.trouble.empty())
      lines.push_back(who + "can store nothing: " + link.trouble);
    else if (assignment.is_doubtful(link))
      lines.push_back(who + "failed the last " + counted(failures_.row(link.id)->failures, "job") +
                      " it was given, and gets one from time to time: " + failures_.row(link.id)->text);
  }
  return lines;
}

wire::Job Scheduler::to_wire(const Job& job) const {
  wire::Job message;
  message.set_job(value(job.id));
  message.set_attempt(job.attempts);
  const PlannedImage& image = state_.planned(job.spec.image);
  message.set_image(image.path);
  message.set_image_sha256(image.sha256);
  message.set_case_name(state_.plan().cases[job.spec.case_index].name);
  if (job.spec.kind == JobKind::kPredict) {
    const PredictBlock block = state_.plan().predict_block_of(job.spec.variant);
    message.mutable_predict()->set_first(block.begin);
    message.mutable_predict()->set_count(block.size());
    return message;
  }
  wire::Explain& explain = *message.mutable_explain();
  explain.set_variant(state_.plan().variant_name(job.spec.variant));
  explain.set_label(job.spec.label);
  explain.set_role(to_string(job.spec.role));
  explain.set_rank(job.spec.rank);
  explain.set_role_index(job.spec.role_index);
  explain.set_explained(to_string(job.spec.explained));
  explain.set_replicate(job.spec.replicate);
  if (job.spec.control_of != 0) explain.set_control_of(state_.plan().variant_name(job.spec.control_of));
  if (!options_.known_outputs) return message;
  const std::vector<float> known = options_.known_outputs(job.spec);
  explain.mutable_known_outputs()->Add(known.begin(), known.end());
  return message;
}

void Scheduler::stop(const std::string& reason) {
  if (stopping_) return;
  stopping_ = true;
  stop_reason_ = reason;
  for (const auto& [name, link] : roster_.links()) tell_to_stop(link);
}

void Scheduler::check_invariants() const {
  state_.check_invariants();
  roster_.check_invariants(state_.jobs());
}

}  // namespace wcam
