// One turn of the loop: take all messages that are there, let the scheduler decide, commit once, then send.
// So one fsync serves all that arrived together, and nothing is said to a worker that the ledger does not
// hold.
#include "coordinator/serve/coordinator.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <thread>
#include <utility>

#include "common/base/file.h"
#include "common/base/host.h"
#include "common/base/joined.h"
#include "common/study/forward_plan.h"
#include "common/wire/protocol.h"
#include "coordinator/operate/operate.h"

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace wcam {

namespace {

constexpr milliseconds kLongestWait{100};  // how late a signal or a lost worker may be noticed
constexpr int kMessagesPerTurn = 1'000;    // so that acknowledgements do not wait for a flood
constexpr seconds kFarewell{5};            // for workers to leave a finished sweep
constexpr seconds kStatusEvery{1};
constexpr milliseconds kRedrawEvery{250};
constexpr seconds kPlainLineEvery{10};
// A job's line may take some kilobytes, with a long path and a long error text; a message 16 MiB.
constexpr std::uint32_t kMostJobsListed = 2'000;
constexpr std::chrono::minutes kComplainEvery{1};
constexpr seconds kWriteAgainAfter{2};
constexpr std::size_t kMostKept = 100'000;  // messages
// The rate is that of the last minute, or since the last few WCAMs if that is longer.
constexpr seconds kRateOver{60};
constexpr std::size_t kRateOverWcams = 4;

// So that the reply fits in a message, and the workers need not wait for it.
wire::Request bounded(wire::Request request) {
  if (!request.has_list_jobs()) return request;
  wire::ListJobs& list = *request.mutable_list_jobs();
  list.set_limit(list.limit() == 0 ? kMostJobsListed : std::min(list.limit(), kMostJobsListed));
  return request;
}

SessionOptions session_options(const CoordinatorOptions& options, const SweepState& state,
                               const SweepDirectory& directory) {
  SessionOptions session = options.session;
  session.sweep_id = state.sweep();
  if (std::filesystem::exists(directory.endpoint()))
    session.earlier_endpoint = first_line(read_file(directory.endpoint()));
  return session;
}

SchedulerOptions scheduler_options(const CoordinatorOptions& options, Ledger& ledger) {
  SchedulerOptions scheduler = options.scheduler;
  scheduler.holder = [&ledger](JobId job, Attempt attempt) { return ledger.holder(job, attempt); };
  return scheduler;
}

// A line of its own, below a progress line that is being redrawn.
void say(const std::string& text) {
  std::fprintf(stderr, "%s%s\n", ::isatty(STDERR_FILENO) != 0 ? "\n" : "", text.c_str());
}

}  // namespace

Coordinator::Coordinator(const SweepDirectory& directory, Ledger& ledger, const Plan& plan,
                         CoordinatorOptions options)
    : directory_(directory),
      options_(std::move(options)),
      ledger_(ledger),
      state_(ledger.load(plan)),
      scheduler_(state_, scheduler_options(options_, ledger_)),
      session_(session_options(options_, state_, directory_)),
      collector_(directory_.segments()),
      forwards_per_wcam_(static_cast<double>(forward_plan(plan.wcam, plan.input_size()).images())) {
  status_.sweep = state_.sweep();
  status_.host = host_name();
  status_.pid = ::getpid();
  status_.endpoint = session_.endpoint();
  status_.insecure = options_.session.insecure;
  status_.sample = static_cast<std::size_t>(state_.plan().selection.sample_size);
  if (options_.web != nullptr) {
    status_.http = options_.web->url();
    throughput_.emplace(state_);
  }
  remove_abandoned(directory_.segments());
  const TimePoint now = std::chrono::steady_clock::now();
  scheduler_.start(now);
  scheduler_.plan_ahead(now);
  settle();
  write_status("running", true);  // first: who finds the endpoint may look at it
  write_file_atomically(directory_.endpoint(), session_.endpoint() + "\n");
  spdlog::info("sweep {} at {}", state_.sweep(), session_.endpoint());
}

ExitCode Coordinator::run(const std::atomic<int>& interrupts) try {
  interrupts_ = &interrupts;
  if (state_.course() == Course::kPaused)
    say("the sweep is paused: `wcam resume " + directory_.root.string() + "` lets it go on");
  while (true) {
    const bool all_taken = take_messages();
    const TimePoint now = std::chrono::steady_clock::now();
    if (all_taken) scheduler_.expire(now);
    scheduler_.plan_ahead(now);
    consider_stopping(interrupts, now);
    settle();
    tell(now);
    if (over(interrupts, now)) break;
  }
  remove_abandoned(directory_.segments());
  const bool finished = state_.finished();
  if (finished) collector_.remove_unfinished();
  const bool terminal = options_.progress == CoordinatorOptions::Progress::kTerminal;
  write_status(finished ? "finished" : "interrupted", true);
  if (options_.progress != CoordinatorOptions::Progress::kNone)
    std::fprintf(stderr, terminal ? "\r%s\x1b[K\n" : "%s\n", progress_line(status_).c_str());
  for (const std::string& line : status_.counts.set_aside)
    std::fprintf(stderr, "set aside: %s\n", line.c_str());
  const std::size_t cancelled = status_.counts.cancelled();
  if (cancelled > 0)
    std::fprintf(stderr, "cancelled: %s; `wcam jobs %s --state cancelled` lists them\n",
                 counted(cancelled, "job").c_str(), directory_.root.c_str());
  if (!finished) return say_interrupted();
  tell_sample();
  return state_.anything_set_aside() || cancelled > 0 ? ExitCode::kSetAside : ExitCode::kDone;
} catch (const NoRoomError&) {
  return say_interrupted();
}

ExitCode Coordinator::say_interrupted() const {
  say("interrupted; the same command, or `wcam run --sweep " + directory_.root.string() + "`, resumes");
  return ExitCode::kInterrupted;
}

// A sample that could not be filled is worth a word; an empty one leaves nothing to draw.
void Coordinator::tell_sample() const {
  const std::string why = shortfall(status_);
  if (why.empty()) return;
  if (state_.selected() == 0)
    throw InputError(why + (state_.plan().selection.rule == SelectionRule::kPublished
                                ? "; name fewer --cases, more --severities, or other --images"
                                : ""));
  std::fprintf(stderr, "%s\n", why.c_str());
}

// True when nothing more is waiting to be read.
bool Coordinator::take_messages() {
  milliseconds patience = state_.finished() && scheduler_.workers() == 0 ? milliseconds{0} : kLongestWait;
  for (int taken = 0; taken < kMessagesPerTurn; ++taken) {
    const auto message = next_message(patience);
    if (!message) return true;
    if (message->envelope.has_request()) {
      wire::Envelope reply;
      *reply.mutable_reply() = answer(message->envelope.request());
      replies_.push_back({message->worker, std::move(reply)});
    } else {
      scheduler_.on_message(message->worker, message->envelope, std::chrono::steady_clock::now());
      if (message->envelope.has_piece()) collect(*message);
      if (message->envelope.has_goodbye()) collector_.forget(message->worker);
    }
    patience = milliseconds{0};
  }
  return false;
}

// The ledger has no part in it: the results count when the worker reports them.
void Coordinator::collect(const Message& message) {
  wire::Envelope answer;
  *answer.mutable_received() = collector_.take(message.worker, message.envelope.piece());
  // One that cannot be reached asks again.
  (void)session_.send({message.worker, std::move(answer)});
}

wire::Reply Coordinator::answer(const wire::Request& request) try {
  if (only_asks(request)) return look(request);
  if (scheduler_.stopping() && (request.has_retry() || request.has_resume()))
    throw UsageError("the coordinator is ending (" + scheduler_.stop_reason() +
                     "): ask again when it has ended, then `wcam run --sweep " + directory_.root.string() +
                     "`");
  Operation operation = operate(state_, request);
  spdlog::info("an operator's request: {}", operation.report.summary());
  scheduler_.carry_out(operation.events);
  wire::Reply reply;
  *reply.mutable_report() = std::move(operation.report);
  return reply;
} catch (const UsageError& e) {
  wire::Reply reply;
  reply.set_refused(e.what());
  return reply;
}

// Whoever looks does not end the sweep when SQLite cannot answer (a full folder of temporary files).
wire::Reply Coordinator::look(const wire::Request& request) try {
  return look_up(ledger_.database(), bounded(request));
} catch (const InputError& e) {
  throw UsageError(e.what());
}

void Coordinator::consider_stopping(int interrupts, TimePoint now) {
  if (scheduler_.stopping()) return;
  if (state_.finished()) {
    scheduler_.stop("the sweep is finished");
    stop_deadline_ = now + std::min<milliseconds>(kFarewell, options_.scheduler.lease);
  } else if (interrupts == 1 &&
             !options_.hand_over) {  // else the workers go on and meet the next coordinator
    scheduler_.stop("the coordinator was told to stop");
    // A worker finishes its WCAM, minutes with a large model. One that dies meanwhile is lost after its
    // lease, and a second signal ends the waiting.
    stop_deadline_ = TimePoint::max();
    say(scheduler_.workers() == 0
            ? "stopping"
            : "stopping: the job in hand is finished, by " + counted(scheduler_.workers(), "worker") +
                  "; once more (Ctrl-C) stops at once");
  }
}

bool Coordinator::over(int interrupts, TimePoint now) const {
  if (interrupts > (options_.hand_over ? 0 : 1)) return true;
  return scheduler_.stopping() && (scheduler_.workers() == 0 || now > stop_deadline_);
}

void Coordinator::settle() {
  scheduler_.settle([this](std::span<const Event> events) { commit(events); },
                    [this](const Message& message) { return session_.send(message); });
  if (replies_.empty()) return;
  write_running_status();  // first: an operator who has a reply may look at it
  for (const Message& reply : std::exchange(replies_, {}))
    if (!session_.send(reply)) spdlog::info("an operator left before its reply");
}

void Coordinator::commit(std::span<const Event> events) {
  for (bool durable = false; !durable;) try {
      ledger_.commit(events);
      durable = true;
    } catch (const NoRoomError& e) {
      wait_for_room(e);
    }
  if (std::exchange(next_room_complaint_, {}) != TimePoint{}) spdlog::info("the ledger can be written again");
  if (throughput_) throughput_->note(events);
}

void Coordinator::wait_for_room(const NoRoomError& why) {
  if (interrupts_ == nullptr) throw why;  // it only begins
  const TimePoint begun = std::chrono::steady_clock::now();
  if (begun >= next_room_complaint_) {
    next_room_complaint_ = begun + kComplainEvery;
    spdlog::error("the sweep waits: {}", why.what());
  }
  while (std::chrono::steady_clock::now() - begun < kWriteAgainAfter) {
    if (*interrupts_ > 0) {
      spdlog::error("{}", why.what());
      throw why;
    }
    if (auto message = session_.receive(kLongestWait)) keep_company(*std::move(message));
  }
}

// So that workers do not take us for dead. What they say once is heard later; the rest they repeat.
void Coordinator::keep_company(Message message) {
  if (message.envelope.has_heartbeat()) {
    wire::Envelope alive;
    alive.mutable_acknowledge();
    (void)session_.send({message.worker, std::move(alive)});
  }
  const bool said_once = message.envelope.has_outcomes() || message.envelope.has_goodbye();
  if (said_once && kept_.size() < kMostKept) kept_.push_back(std::move(message));
}

std::optional<Message> Coordinator::next_message(milliseconds patience) {
  if (kept_.empty()) return session_.receive(patience);
  std::optional<Message> message = std::move(kept_.front());
  kept_.pop_front();
  return message;
}

void Coordinator::tell(TimePoint now) {
  if (now >= next_status_) {
    next_status_ = now + kStatusEvery;
    update_rate(now);
    tell_trouble(now);
    write_running_status();
  }
  const bool terminal = options_.progress == CoordinatorOptions::Progress::kTerminal;
  if (options_.progress == CoordinatorOptions::Progress::kNone || now < next_line_) return;
  next_line_ = now + (terminal ? milliseconds{kRedrawEvery} : milliseconds{kPlainLineEvery});
  status_.counts = state_.counts(false);
  status_.workers = scheduler_.workers();
  std::fprintf(stderr, terminal ? "\r%s\x1b[K" : "%s\n", progress_line(status_).c_str());
  std::fflush(stderr);
}

// The sweep waits, for as long as it takes, when no worker can store what it computes.
void Coordinator::tell_trouble(TimePoint now) {
  status_.trouble = scheduler_.troubles();
  if (status_.trouble.empty() || status_.trouble.size() < scheduler_.workers() || now < next_complaint_)
    return;
  next_complaint_ = now + kComplainEvery;
  spdlog::error("no worker can store its results; the sweep waits until one can: {}",
                status_.trouble.front());
}

void Coordinator::write_running_status() {
  write_status(scheduler_.stopping() ? "stopping" : "running", state_.anything_set_aside());
}

void Coordinator::write_status(const std::string& state_name, bool with_reasons) {
  status_.state = state_name;
  status_.running = state_name == "running" || state_name == "stopping";
  if (!status_.running || scheduler_.workers() == 0 || state_.course() == Course::kPaused)
    status_.eta_seconds.reset();
  status_.updated = unix_now();
  status_.workers = scheduler_.workers();
  status_.connected = connected_workers();
  status_.turned_away = session_.turned_away();
  status_.counts = state_.counts(with_reasons);
  try {
    write_file_atomically(directory_.status(), to_json_text(status_));
    status_written_ = true;
  } catch (const InputError& e) {  // people can wait: the sweep goes on as long as the ledger can be written
    if (std::exchange(status_written_, false)) spdlog::warn("{}", e.what());
  }
  if (!throughput_) return;
  const TimePoint now = std::chrono::steady_clock::now();
  throughput_->mark(now);
  options_.web->publish(snapshot(), now);
}

std::vector<ConnectedWorker> Coordinator::connected_workers() const {
  std::vector<ConnectedWorker> connected;
  for (std::uint32_t i = 0; i < state_.workers().size(); ++i)
    if (const WorkerId id{i}; scheduler_.connected(id))
      connected.push_back({state_.workers()[i], state_.jobs().held_by(id).size()});
  return connected;
}

Snapshot Coordinator::snapshot() const {
  Snapshot snapshot{status_, {}, {}, session_.counters(), scheduler_.counters()};
  for (std::uint32_t i = 0; i < state_.workers().size(); ++i) {
    const WorkerId id{i};
    WorkerProgress worker{state_.workers()[i], scheduler_.connected(id), throughput_->of_worker(id), {}};
    if (!worker.connected && worker.pace.done == 0) continue;  // of an earlier run
    for (const JobId job : state_.jobs().held_by(id))
      worker.in_hand.push_back(state_.name_of(state_.jobs().at(job).spec));
    snapshot.workers.push_back(std::move(worker));
  }
  for (std::size_t i = 0; i < state_.plan().cases.size(); ++i)
    snapshot.cases.push_back({state_.plan().cases[i].name, throughput_->of_case(i)});
  return snapshot;
}

double Coordinator::forwards(double predict_jobs, double explain_jobs) const {
  return (1.0 + static_cast<double>(state_.plan().variants.size())) * predict_jobs +
         forwards_per_wcam_ * explain_jobs;
}

void Coordinator::update_rate(TimePoint now) {
  const std::size_t predicted = state_.jobs().tally(JobKind::kPredict)[JobState::kDone];
  const std::size_t explained = state_.jobs().tally(JobKind::kExplain)[JobState::kDone];
  const std::size_t jobs = predicted + explained;
  marks_.push_back(
      {now, jobs, explained, forwards(static_cast<double>(predicted), static_cast<double>(explained))});
  // WCAMs may take minutes each: the last few are what the rate is measured over, however long they took.
  const auto to_spare = [&] {
    return marks_.size() > 2 && now - marks_.front().time > kRateOver &&
           (explained == 0 || explained >= marks_[1].explained + kRateOverWcams);
  };
  while (to_spare()) marks_.pop_front();
  const double elapsed = std::chrono::duration<double>(now - marks_.front().time).count();
  status_.eta_seconds.reset();
  if (elapsed <= 0) return;
  status_.jobs_per_minute = 60 * static_cast<double>(jobs - marks_.front().jobs) / elapsed;
  const double work_per_second = (marks_.back().work - marks_.front().work) / elapsed;
  const double wcams = wcams_left();
  // Predictions, whose forwards wait for images and variants, are no measure of WCAMs.
  const bool measured = wcams == 0 || explained > marks_.front().explained;
  if (work_per_second > 0 && measured)
    status_.eta_seconds = forwards(unfinished(JobKind::kPredict), wcams) / work_per_second;
}

double Coordinator::unfinished(JobKind kind) const {
  const Tally& tally = state_.jobs().tally(kind);
  return static_cast<double>(tally[JobState::kWaiting] + tally[JobState::kLeased]);
}

// Of the jobs known, and of the images still to be selected as many as those selected had.
double Coordinator::wcams_left() const {
  const Plan& plan = state_.plan();
  const double selected = state_.selected();
  const double jobs_per_image =
      selected > 0 ? static_cast<double>(state_.jobs().tally(JobKind::kExplain).all()) / selected
                   : static_cast<double>(most_wcams(plan)) /
                         static_cast<double>(std::min<std::size_t>(plan.images.size(), status_.sample));
  const double to_come = state_.all_decided() ? 0 : jobs_per_image * state_.remaining();
  return unfinished(JobKind::kExplain) + to_come;
}

}  // namespace wcam
