// Invariants: a job is leased exactly while a link holds it, so whoever ends a link gives up its leases
// first; events are applied to the state as they are emitted, so every handler sees what the one before it
// did; nothing is sent before the events it depends on are durable.
#include "coordinator/queue/scheduler.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/joined.h"
#include "common/base/sha256.h"

namespace wcam {

namespace {

constexpr std::size_t kLongestText = 2'000;  // of a worker's error text kept in the ledger
constexpr std::chrono::milliseconds kLongestBackoff{60'000};
constexpr const char* kCaseIsCancelled = "its case is cancelled";
constexpr std::chrono::seconds kPlanPatience{5};  // doubled each time that it is sent again
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
  return "";
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
      connected_name_(state.workers().size()),
      crowd_(state.plan().cases.size()),
      plan_json_(to_json_text(state.plan())),
      plan_sha256_(sha256_of(plan_json_)) {
  for (const CaseSpec& spec : state.plan().cases)
    case_index_.emplace(spec.name, static_cast<int>(case_index_.size()));
  for (std::uint32_t i = 0; i < state.workers().size(); ++i) ids_[state.workers()[i].name] = WorkerId{i};
}

void Scheduler::emit(Event event) {
  state_.apply(event);
  events_.push_back(std::move(event));
}

void Scheduler::send(const std::string& worker, wire::Envelope envelope) {
  outbox_.push_back({worker, std::move(envelope)});
}

void Scheduler::start(TimePoint now) {
  for (std::uint32_t worker = 0; worker < state_.workers().size(); ++worker) {
    const std::set<JobId> held = state_.jobs().held_by(WorkerId{worker});
    give_up_all_of(WorkerId{worker}, Cause::kRestart, "the coordinator restarted");
    if (options_.has_ended && options_.has_ended(state_.workers()[worker])) continue;
    for (const JobId id : held)
      if (state_.jobs().at(id).state == JobState::kWaiting)
        state_.rest(id, now + kHeartbeatsToReturn * options_.heartbeat);
  }
}

void Scheduler::on_message(const std::string& worker, const wire::Envelope& envelope, TimePoint now) {
  if (envelope.has_hello()) return on_hello(worker, envelope.hello(), now);
  const auto found = links_.find(worker);
  if (found == links_.end()) {
    wire::Envelope answer;
    answer.mutable_refused()->set_reason("this worker was silent for longer than the lease");
    answer.mutable_refused()->set_again(true);
    return send(worker, std::move(answer));
  }
  Link& link = found->second;
  link.last_heard = now;
  link.awaits_plan = false;
  link.plan_sent.reset();
  link.plans_sent = 0;
  if (envelope.has_ready()) on_ready(link, envelope.ready(), now);
  if (envelope.has_heartbeat()) on_heartbeat(link, envelope.heartbeat(), now);
  if (envelope.has_outcomes()) on_outcomes(link, envelope.outcomes(), now);
  if (envelope.has_goodbye()) on_goodbye(worker, envelope.goodbye().reason());
}

void Scheduler::on_hello(const std::string& worker, const wire::Hello& hello, TimePoint now) {
  auto id = ids_.find(worker);
  if (id == ids_.end()) {
    id = ids_.emplace(worker, WorkerId{static_cast<std::uint32_t>(state_.workers().size())}).first;
    emit(WorkerJoined{id->second,
                      {worker, hello.host(), hello.device(), hello.pid(), false, hello.provenance()}});
    connected_name_.emplace_back();
  }
  const auto [position, is_new] = links_.try_emplace(worker);
  Link& link = position->second;
  link.name = worker;
  link.log = hello.log();
  link.place = hello.device() + " of pid " + std::to_string(hello.pid()) + " on " + hello.host();
  link.id = id->second;
  link.last_heard = now;
  link.credit = {};  // what it wants comes with Ready
  connected_name_[value(link.id)] = worker;
  if (is_new) spdlog::info("worker {} joined: {}", worker, link.place);

  if (hello.plan_sha256() == plan_sha256_) return welcome(link, false);
  if (!std::exchange(link.awaits_plan, true)) awaiting_plan_.push_back(worker);
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

// One that is not answered may have been lost with its connection, or be long on a slow one.
bool Scheduler::plan_is_under_way(const Link& link, TimePoint now) {
  constexpr int kMostDoublings = 6;
  return link.plan_sent &&
         now - *link.plan_sent < kPlanPatience * (1 << std::min(link.plans_sent - 1, kMostDoublings));
}

// Once for each Hello at most, so that who has gone takes nobody's place. A worker that gets none yet goes on
// saying Hello.
void Scheduler::send_plans(TimePoint now) {
  if (awaiting_plan_.empty()) return;
  const auto under_way = std::count_if(links_.begin(), links_.end(),
                                       [&](const auto& link) { return plan_is_under_way(link.second, now); });
  std::size_t bytes = static_cast<std::size_t>(under_way) * plan_json_.size();
  for (; !awaiting_plan_.empty(); awaiting_plan_.pop_front()) {
    const auto found = links_.find(awaiting_plan_.front());
    if (found == links_.end() || !found->second.awaits_plan) continue;
    Link& link = found->second;
    if (!plan_is_under_way(link, now)) {
      if (bytes > 0 && bytes + plan_json_.size() > options_.plan_bytes) return;
      bytes += plan_json_.size();
      link.plan_sent = now;
      ++link.plans_sent;
      welcome(link, true);
    }
    link.awaits_plan = false;
  }
}

void Scheduler::tell_to_stop(const Link& link) {
  if (!stopping_ && !is_drained(link)) return;
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
    if (const Link* link = link_of(drained->worker)) tell_to_stop(*link);
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
  set_cases(link, std::move(loaded), link.cases.empty() ? -1 : link.cases.front());
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
      link.holds[id] = {++hand_outs_, now, now, false, std::nullopt};
      set_cases(link, link.cases, job->spec.case_index);
    }
    // Whichever attempt it names: a job that is handed to it again while in its hand keeps the earlier number
    // there.
    if (const Holding* held = job == nullptr ? nullptr : job->held_by(link.id); held != nullptr) {
      link.holds.at(id).confirmed = now;
      link.holds.at(id).arrived |= held->attempt == lease.attempt();
    } else {
      *answer.mutable_release()->add_leases() = lease;
    }
  }
  link.holds_others = answer.has_release();
  if (answer.has_release()) send(link.name, std::move(answer));
  note_missing(link, now);
}

// What was asked back and is not in its hand was dropped before it had begun. Else it never arrived there.
void Scheduler::note_missing(Link& link, TimePoint now) {
  std::vector<std::pair<JobId, Cause>> missing;
  for (const auto& [id, hold] : link.holds)
    if (hold.asked_back && hold.confirmed != now)
      missing.emplace_back(id, Cause::kGivenBack);
    else if (now - hold.confirmed > 3 * options_.heartbeat)
      missing.emplace_back(id, Cause::kNotReceived);
  for (const auto& [id, cause] : missing) {
    const Attempt attempt{state_.jobs().at(id).held_by(link.id)->attempt};
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
    ++counters_.unknown_answers;
    spdlog::warn("worker {} answered job {} attempt {}, which was not handed out to it", link.name,
                 to_string(JobId{outcome.job()}), outcome.attempt());
    return;
  }
  if (outcome.has_failure()) return on_failure(link, job->id, outcome, now);
  if (!job->may_be_done()) {
    ++counters_.duplicate_answers;
    return;
  }
  const std::string problem = unfit(outcome, *job, state_.plan().variants.size() + 1);
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
  JobDone done{job.id, Attempt{outcome.attempt()}, outcome.segment(), 0, {}, link.id};
  if (outcome.has_profile() && std::isfinite(outcome.profile().seconds()))
    done.seconds = outcome.profile().seconds();
  if (outcome.has_predictions())
    done.labels.assign(outcome.predictions().label().begin(), outcome.predictions().label().end());
  emit(JobEvent{std::move(done)});
}

bool Scheduler::was_given(const Link& link, const Job& job, std::uint32_t attempt) const {
  const Holding* holding = job.holding_of(attempt);
  if (holding != nullptr && holding->worker == link.id) return true;
  return !options_.holder || options_.holder(job.id, Attempt{attempt}) == link.id;
}

// Counted once an attempt, and only for one in hand or the latest: an older one has been counted, or its job
// is with another worker.
void Scheduler::on_failure(const Link& link, JobId id, const wire::Outcome& outcome, TimePoint now) {
  const Job& job = state_.jobs().at(id);
  const bool late = job.open && outcome.attempt() == job.attempts;
  if (job.finished() || !(late || job.holding_of(outcome.attempt()) != nullptr)) {
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
  const auto found = links_.find(worker);
  give_up_all_of(found->second.id, Cause::kGivenBack, reason.substr(0, kLongestText));
  spdlog::info("worker {} left: {}", worker, reason);
  remove_link(found);
}

void Scheduler::on_undelivered(const Message& message) {
  const auto link = links_.find(message.worker);
  if (link != links_.end() && message.envelope.has_welcome()) link->second.plan_sent.reset();
  if (!message.envelope.has_assign()) return;  // the rest is repeated when the worker repeats itself
  for (const wire::Job& sent : message.envelope.assign().jobs()) {
    const Job* job = state_.jobs().find(JobId{sent.job()});
    if (job != nullptr && job->holding_of(sent.attempt()) != nullptr)
      give_up_lease(job->id, Attempt{sent.attempt()}, Cause::kNotReceived, "the worker could not be reached");
  }
  if (link != links_.end()) link->second.credit = {};  // until it speaks again
}

void Scheduler::expire(TimePoint now) {
  // We were away ourselves (suspended, a slow disk): what the workers said meanwhile may still be on its way.
  if (last_expire_ && now - *last_expire_ > options_.lease / 2)
    for (auto& [name, link] : links_) link.last_heard = now;
  last_expire_ = now;
  for (auto link = links_.begin(); link != links_.end();) {
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

void Scheduler::lose(Links::iterator link, TimePoint now) {
  ++counters_.workers_lost;
  const std::set<JobId> held = state_.jobs().held_by(link->second.id);
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
  const std::set<JobId> held = state_.jobs().held_by(worker);
  for (const JobId id : held)  // one that is set aside may take its image's other jobs with it
    if (const Holding* holding = state_.jobs().at(id).held_by(worker))
      give_up_lease(id, Attempt{holding->attempt}, cause, text);
}

void Scheduler::give_up_lease(JobId id, Attempt attempt, Cause cause, const std::string& text) {
  const Job& job = state_.jobs().at(id);
  if (const Holding* holding = job.holding_of(value(attempt)))
    if (Link* link = link_of(holding->worker)) link->holds.erase(id);
  emit(JobEvent{JobReturned{id, attempt, cause, text}});
  const bool counts = cause == Cause::kFailed || cause == Cause::kLost;
  if (counts && job.state == JobState::kWaiting &&
      std::max(job.failures, job.losses) >= options_.max_attempts)
    set_aside(id, text);
}

std::chrono::milliseconds Scheduler::pause_after(std::uint32_t failures) const {
  std::chrono::milliseconds pause = options_.backoff;
  for (std::uint32_t i = 1; i < failures && pause < kLongestBackoff; ++i) pause *= 4;
  return std::min(pause, kLongestBackoff);
}

void Scheduler::back_off(JobId id, TimePoint now) {
  const Job& job = state_.jobs().at(id);
  if (job.state == JobState::kWaiting) state_.rest(id, now + pause_after(job.failures + job.losses));
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
  for (spec.case_index = 0; spec.case_index < state_.plan().cases.size(); ++spec.case_index) {
    spec.kind = JobKind::kPredict;
    cancel();
    if (!state_.images()[image].rank) continue;
    spec.kind = JobKind::kExplain;
    for (spec.variant = 0; spec.variant <= state_.plan().variants.size(); ++spec.variant) cancel();
    spec.variant = 0;
  }
}

void Scheduler::cancel(JobId id, const std::string& text) {
  release_holders(state_.jobs().at(id));
  failures_.forget(id);
  emit(JobEvent{JobCancelled{id, text}});
}

Scheduler::Link* Scheduler::link_of(WorkerId worker) {
  const auto found =
      value(worker) < connected_name_.size() ? links_.find(connected_name_[value(worker)]) : links_.end();
  return found == links_.end() ? nullptr : &found->second;
}

void Scheduler::release_holders(const Job& job, std::uint32_t answered) {
  for (const Holding& holding : job.in_hand()) {
    Link* link = link_of(holding.worker);
    if (link == nullptr) continue;
    link->holds.erase(job.id);
    if (holding.attempt == answered) continue;
    link->holds_others = true;
    wire::Envelope message;
    *message.mutable_release()->add_leases() = lease_of(job.id, holding.attempt);
    send(link->name, std::move(message));
  }
}

void Scheduler::remove_link(Links::iterator link) {
  set_cases(link->second, {}, -1);
  connected_name_[value(link->second.id)].clear();
  links_.erase(link);
}

void Scheduler::plan_ahead(TimePoint now) {
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
  for (const Choice& c : decision.choices) {
    const JobSpec spec{JobKind::kExplain, image, c.case_index, c.variant, c.role,
                       c.role_index,      rank,  c.label};
    const JobId id = state_.job_id(spec);
    emit(JobEvent{JobAdded{id, spec}});
    if (state_.is_cancelled(c.case_index)) cancel(id, kCaseIsCancelled);
  }
}

void Scheduler::open_images() {
  if (state_.all_decided()) return;
  const std::uint64_t wanted =
      std::uint64_t{state_.next_undecided()} + std::min(state_.remaining(), options_.look_ahead);
  const auto end = static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, state_.images().size()));
  for (std::uint32_t image = state_.opened(); image < end; ++image)
    for (std::size_t c = 0; c < state_.plan().cases.size(); ++c) {
      JobSpec spec;
      spec.image = image;
      spec.case_index = static_cast<std::uint16_t>(c);
      emit(JobEvent{JobAdded{state_.job_id(spec), spec}});
    }
}

// One job a worker in turn, who has least first, so that the last jobs of a sweep are spread.
void Scheduler::hand_out(TimePoint now) {
  if (stopping_ || state_.course() == Course::kPaused) return;
  sound_ = static_cast<std::size_t>(std::count_if(
      links_.begin(), links_.end(), [this](const auto& entry) { return is_sound(entry.second); }));
  std::vector<Link*> hungry;
  for (auto& [name, link] : links_)
    if (link.credit.any() && !is_drained(link) && !is_held_back(link, now)) hungry.push_back(&link);
  std::stable_sort(hungry.begin(), hungry.end(),
                   [](const Link* a, const Link* b) { return a->in_hand() < b->in_hand(); });
  for (std::vector<Link*> fed = hungry; !fed.empty();)
    std::erase_if(fed, [&](Link* link) { return !give_one(*link, now); });
  for (Link* link : hungry)
    while (link->credit.any() && !works_alone(*link) && take_over(now) && give_one(*link, now)) {
    }
  std::erase_if(hungry, [](const Link* link) { return link->in_hand() > 0; });
  if (!hungry.empty()) {
    ask_back(hungry, now);
    if (options_.speculate) second_attempts(hungry, now);
  }
  for (auto& [worker, assign] : assignments_) {
    wire::Envelope message;
    *message.mutable_assign() = std::move(assign);
    send(worker, std::move(message));
  }
  assignments_.clear();
}

// A worker that can store nothing keeps its jobs for a lease, since it has most of them finished, and then
// until somebody has nothing else to do. Its results count all the same, if it stores them first.
bool Scheduler::take_over(TimePoint now) {
  for (const auto& [name, link] : links_) {
    if (link.trouble.empty() || now - link.trouble_since < options_.lease) continue;
    const std::set<JobId>& held = state_.jobs().held_by(link.id);
    if (held.empty()) continue;
    const JobId job = *held.begin();
    const Attempt attempt{state_.jobs().at(job).held_by(link.id)->attempt};
    give_up_lease(job, attempt, Cause::kGivenBack, "its worker can store no result: " + link.trouble);
    return true;
  }
  return false;
}

std::vector<std::string> Scheduler::troubles() const {
  std::vector<std::string> lines;
  for (const auto& [name, link] : links_) {
    const std::string who = "worker " + name + " (" + link.place + ") ";
    if (!link.trouble.empty())
      lines.push_back(who + "can store nothing: " + link.trouble);
    else if (is_doubtful(link))
      lines.push_back(who + "failed the last " + counted(failures_.row(link.id)->failures, "job") +
                      " it was given, and gets one from time to time: " + failures_.row(link.id)->text);
  }
  return lines;
}

bool Scheduler::is_sound(const Link& link) const {
  return link.trouble.empty() && !link.holds_others && !is_drained(link) && !failures_.doubtful(link.id);
}

// Where all fail, the jobs are to blame.
bool Scheduler::is_doubtful(const Link& link) const { return failures_.doubtful(link.id) && sound_ > 0; }

// It shows with one job at a time whether it is of use again.
bool Scheduler::is_held_back(const Link& link, TimePoint now) const {
  if (!is_doubtful(link)) return false;
  const FailureRecord::Row& row = *failures_.row(link.id);
  return !link.holds.empty() || now < row.latest + pause_after(row.failures - FailureRecord::kDoubtful + 1);
}

// What failed here is tried elsewhere first, while somebody else is there who might do it: for a lease, or an
// hour where everything fails. Not for ever, since nobody knows who else will ever ask.
bool Scheduler::is_for_others(const Link& link, JobId id, TimePoint now) const {
  constexpr std::chrono::hours kLongest{1};
  const FailureRecord::Where* where = failures_.where(id);
  if (where == nullptr ||
      std::find(where->workers.begin(), where->workers.end(), link.id) == where->workers.end())
    return false;
  const auto sound = std::count_if(where->workers.begin(), where->workers.end(), [this](WorkerId worker) {
    const auto found = links_.find(connected_name_[value(worker)]);
    return found != links_.end() && is_sound(found->second);
  });
  return sound_ > static_cast<std::size_t>(sound) &&
         now - where->latest < (is_doubtful(link) ? TimePoint::duration(kLongest) : options_.lease);
}

bool Scheduler::give_one(Link& link, TimePoint now) {
  if (is_held_back(link, now)) return false;
  const std::optional<JobId> id = choose(link, now);
  if (id) give(link, *id, now);
  return id.has_value();
}

// At a suspect, or as the second at a job, which would else take the blame for the neighbours it has here and
// for those it has there.
bool Scheduler::works_alone(const Link& link) const {
  if (state_.jobs().holds_suspect(link.id)) return true;
  if (link.holds.size() != 1) return false;
  const auto hands = state_.jobs().at(link.holds.begin()->first).in_hand();
  return hands.size() == 2 && hands[1].worker == link.id;
}

// A suspect goes to a worker that has nothing in hand, and nothing else goes there until it is answered: if
// that worker is lost too, the suspect alone is to blame. Otherwise jobs of a case the worker has loaded come
// first, since a model may take longer to load than a job to do; among them explain before predict, since
// only the former are results; then the case used most recently, or, where one must be loaded, the one that
// the fewest workers have, so that models spread over the workers; then by priority. No case is left behind
// for long: images are opened only so far ahead of the first undecided one (look_ahead), and that one waits
// for every case.
std::optional<JobId> Scheduler::choose(const Link& link, TimePoint now) const {
  const JobTable& jobs = state_.jobs();
  if (works_alone(link)) return std::nullopt;
  if (jobs.held_by(link.id).empty() && !link.holds_others)
    if (const auto suspect = jobs.waiting_suspect())
      if (link.credit.left(jobs.at(*suspect).spec.kind) > 0) return suspect;
  std::optional<JobId> best;
  std::tuple<bool, bool, std::ptrdiff_t, std::uint64_t> best_key;
  for (std::size_t i = 0; i < crowd_.size(); ++i) {
    const auto c = static_cast<std::uint16_t>(i);
    const auto recency = std::find(link.cases.begin(), link.cases.end(), c) - link.cases.begin();
    const bool loaded = recency < std::ssize(link.cases);
    for (const JobKind kind : {JobKind::kExplain, JobKind::kPredict}) {
      if (link.credit.left(kind) == 0) continue;
      const auto head = jobs.head(kind, c, [&](JobId id) { return is_for_others(link, id, now); });
      if (!head) continue;
      const std::tuple key{!loaded, kind == JobKind::kPredict, loaded ? recency : std::ptrdiff_t{crowd_[c]},
                           head->priority};
      if (best && !(key < best_key)) continue;
      best = head->job;
      best_key = key;
    }
  }
  return best;
}

// Nothing is left to hand out, and some workers have nothing to do: those with most in hand are asked for
// what they would begin last. It is free when a heartbeat shows that they have dropped it.
void Scheduler::ask_back(const std::vector<Link*>& idle, TimePoint now) {
  std::size_t jobs = idle.size();
  std::vector<std::pair<std::size_t, Link*>> holders;
  for (auto& [name, link] : links_) {
    for (const auto& [id, hold] : link.holds)
      if (hold.asked_back && now - *hold.asked_back < 2 * options_.heartbeat && jobs-- == 1) return;
    if (link.in_hand() > 1) holders.emplace_back(link.in_hand(), &link);
  }
  std::stable_sort(holders.begin(), holders.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  for (const auto& [size, link] : holders) {
    if (jobs == 0) return;
    const auto id = last_unbegun(*link, idle, now);
    if (!id) continue;
    --jobs;
    link->holds.at(*id).asked_back = now;
    wire::Envelope message;
    *message.mutable_release()->add_leases() =
        lease_of(*id, state_.jobs().at(*id).held_by(link->id)->attempt);
    send(link->name, std::move(message));
  }
}

// Of those that an idle worker may have, the one it would begin last, if it may not have begun: it has others
// to do before, and was not asked for it. One that has only just arrived is left to it.
std::optional<JobId> Scheduler::last_unbegun(const Link& link, const std::vector<Link*>& idle,
                                             TimePoint now) const {
  std::optional<JobId> last;
  std::uint64_t first = std::numeric_limits<std::uint64_t>::max(), number = 0;
  for (const auto& [id, hold] : link.holds) {
    if (!link.holds_others) first = std::min(first, hold.number);
    const JobId job = id;
    if (hold.number < number ||
        std::all_of(idle.begin(), idle.end(), [&](Link* other) { return is_for_others(*other, job, now); }))
      continue;
    last = id;
    number = hold.number;
  }
  if (!last || number == first) return std::nullopt;
  const Link::Hold& hold = link.holds.at(*last);
  const Job& job = state_.jobs().at(*last);
  const bool settled = hold.arrived && now - hold.since >= options_.heartbeat;
  if (hold.asked_back || !settled || job.suspect() || job.in_hand().size() > 1) return std::nullopt;
  return last;
}

// A second attempt for what the others have had in hand for longest.
void Scheduler::second_attempts(const std::vector<Link*>& idle, TimePoint now) {
  std::vector<std::pair<std::uint64_t, JobId>> stragglers;
  for (const auto& [name, link] : links_)
    for (const auto& [id, hold] : link.holds)
      if (straggles(state_.jobs().at(id), hold, now)) stragglers.emplace_back(hold.number, id);
  std::sort(stragglers.begin(), stragglers.end());
  for (std::size_t i = 0; i < std::min(idle.size(), stragglers.size()); ++i) {
    const JobId id = stragglers[i].second;
    spdlog::info("job {} gets a second attempt, by worker {}", to_string(id), idle[i]->name);
    second_try_.insert(id);
    give(*idle[i], id, now);
  }
}

// Not what failed or was lost with a worker: it would take a second one along. The answer to a short job may
// be on its way for a heartbeat or two, and so may what was asked back.
bool Scheduler::straggles(const Job& job, const Link::Hold& hold, TimePoint now) const {
  if (now - hold.asked_back.value_or(hold.since) <= 2 * options_.heartbeat) return false;
  if (job.in_hand().size() > 1 || job.failures + job.losses > 0 || second_try_.contains(job.id)) return false;
  const auto median = times_[static_cast<std::size_t>(job.spec.kind)].median();
  return median && now - hold.since > 2 * *median;
}

void Scheduler::give(Link& link, JobId id, TimePoint now) {
  const Attempt attempt{state_.jobs().at(id).attempts + 1};
  emit(JobEvent{JobHandedOut{id, attempt, link.id}});
  const Job& job = state_.jobs().at(id);
  *assignments_[link.name].add_jobs() = to_wire(job);
  link.holds[id] = {++hand_outs_, now, now, false, std::nullopt};
  set_cases(link, link.cases, job.spec.case_index);
  link.credit.spend(job.spec.kind);
}

void Scheduler::set_cases(Link& link, std::vector<int> cases, int first) {
  if (first >= 0) cases.insert(cases.begin(), first);
  std::vector<int> once;
  for (const int c : cases)
    if (std::find(once.begin(), once.end(), c) == once.end()) once.push_back(c);
  for (const int c : link.cases) --crowd_[static_cast<std::size_t>(c)];
  link.cases = std::move(once);
  for (const int c : link.cases) ++crowd_[static_cast<std::size_t>(c)];
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
    message.mutable_predict();
    return message;
  }
  wire::Explain& explain = *message.mutable_explain();
  explain.set_variant(state_.plan().variant_name(job.spec.variant));
  explain.set_label(job.spec.label);
  explain.set_role(to_string(job.spec.role));
  explain.set_rank(job.spec.rank);
  explain.set_role_index(job.spec.role_index);
  return message;
}

void Scheduler::stop(const std::string& reason) {
  if (stopping_) return;
  stopping_ = true;
  stop_reason_ = reason;
  for (const auto& [name, link] : links_) tell_to_stop(link);
}

void Scheduler::check_invariants() const {
  state_.check_invariants();
  for (std::uint32_t i = 0; i < state_.workers().size(); ++i) {
    const std::set<JobId>& held = state_.jobs().held_by(WorkerId{i});
    const auto link = links_.find(connected_name_[i]);
    if (link == links_.end() && !held.empty())
      invariant_broken("jobs leased to a worker that is not connected");
    if (link == links_.end()) continue;
    if (link->second.holds.size() != held.size())
      invariant_broken("a link and the job table disagree on what it holds");
    for (const JobId id : held)
      if (!link->second.holds.contains(id)) invariant_broken("a leased job its link does not know of");
  }
  std::vector<std::uint32_t> crowd(crowd_.size());
  for (const auto& [name, link] : links_)
    for (const int c : link.cases) ++crowd[static_cast<std::size_t>(c)];
  if (crowd != crowd_) invariant_broken("crowd_ disagrees with the links");
}

}  // namespace wcam
