#include "coordinator/serve/reporter.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/host.h"
#include "common/base/message_text.h"
#include "common/study/forward_plan.h"

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace wcam {

namespace {

constexpr seconds kStatusEvery{1};
constexpr milliseconds kRedrawEvery{250};
constexpr seconds kPlainLineEvery{10};
constexpr std::chrono::minutes kComplainEvery{1};

Progress progress_of(const Plan& plan) {
  return {1.0 + static_cast<double>(plan.variants.size()),
          static_cast<double>(forward_plan(plan.wcam, plan.input_size()).all_forwards())};
}

}  // namespace

void say(const std::string& text) {
  std::fprintf(stderr, "%s%s\n", ::isatty(STDERR_FILENO) != 0 ? "\n" : "", text.c_str());
}

Reporter::Reporter(const SweepDirectory& directory, const SweepState& state, const Scheduler& scheduler,
                   const Router& router, bool insecure, ProgressLine line, Web* web)
    : directory_(directory),
      state_(state),
      scheduler_(scheduler),
      router_(router),
      line_(line),
      web_(web),
      progress_(progress_of(state.plan())) {
  status_.sweep = state_.sweep();
  status_.host = host_name();
  status_.pid = ::getpid();
  status_.endpoint = router_.endpoint();
  status_.insecure = insecure;
  status_.sample = static_cast<std::size_t>(state_.plan().selection.sample_size);
  if (web_ == nullptr) return;
  status_.http = web_->url();
  throughput_.emplace(state_);
}

void Reporter::tell_begun() { write_status("running", true); }

void Reporter::note(std::span<const Event> events) {
  if (throughput_) throughput_->note(events);
}

void Reporter::tell(TimePoint now) {
  tell_stopping();
  if (now >= next_status_) {
    next_status_ = now + kStatusEvery;
    progress_.mark(now, jobs_done(state_));
    status_.jobs_per_minute = progress_.jobs_per_minute();
    status_.eta_seconds = progress_.eta_seconds(jobs_left(state_));
    tell_trouble(now);
    write_running_status();
  }
  if (line_ == ProgressLine::kNone || now < next_line_) return;
  next_line_ =
      now + (line_ == ProgressLine::kTerminal ? milliseconds{kRedrawEvery} : milliseconds{kPlainLineEvery});
  status_.counts = state_.counts(false);
  status_.workers = scheduler_.workers();
  std::fprintf(stderr, line_ == ProgressLine::kTerminal ? "\r%s\x1b[K" : "%s\n",
               progress_line(status_).c_str());
  std::fflush(stderr);
}

void Reporter::tell_stopping() {
  if (!scheduler_.stopping() || std::exchange(stopping_told_, true) || state_.finished()) return;
  const std::size_t workers = scheduler_.workers();
  say(workers == 0 ? "stopping"
                   : "stopping: the job in hand is finished, by " + counted(workers, "worker") +
                         "; once more (Ctrl-C) stops at once");
}

void Reporter::tell_ended() {
  const bool finished = state_.finished();
  write_status(finished ? "finished" : "interrupted", true);
  if (line_ != ProgressLine::kNone)
    std::fprintf(stderr, line_ == ProgressLine::kTerminal ? "\r%s\x1b[K\n" : "%s\n",
                 progress_line(status_).c_str());
  for (const std::string& line : status_.counts.set_aside)
    std::fprintf(stderr, "set aside: %s\n", line.c_str());
  const std::size_t cancelled = status_.counts.cancelled();
  if (cancelled > 0)
    std::fprintf(stderr, "cancelled: %s; `wcam jobs %s --state cancelled` lists them\n",
                 counted(cancelled, "job").c_str(), directory_.root.c_str());
  std::fputs(unlike_processors(status_.counts.provenances, "worker").c_str(), stderr);
}

// The sweep waits, for as long as it takes, when no worker can store what it computes.
void Reporter::tell_trouble(TimePoint now) {
  status_.trouble = scheduler_.troubles();
  if (status_.trouble.empty() || status_.trouble.size() < scheduler_.workers() || now < next_complaint_)
    return;
  next_complaint_ = now + kComplainEvery;
  spdlog::error("no worker can store its results; the sweep waits until one can: {}",
                status_.trouble.front());
}

void Reporter::write_running_status() {
  write_status(scheduler_.stopping() ? "stopping" : "running", state_.anything_set_aside());
}

void Reporter::write_status(const std::string& state_name, bool with_reasons) {
  status_.state = state_name;
  status_.running = state_name == "running" || state_name == "stopping";
  if (!status_.running || scheduler_.workers() == 0 || state_.course() == Course::kPaused)
    status_.eta_seconds.reset();
  status_.updated = unix_now();
  status_.workers = scheduler_.workers();
  status_.connected = connected_workers();
  status_.turned_away = router_.turned_away();
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
  web_->publish(snapshot(), now);
}

std::vector<ConnectedWorker> Reporter::connected_workers() const {
  std::vector<ConnectedWorker> connected;
  for (std::uint32_t i = 0; i < state_.workers().size(); ++i)
    if (const WorkerId id{i}; scheduler_.connected(id))
      connected.push_back({state_.workers()[i], state_.jobs().leased_to(id).size()});
  return connected;
}

PageData Reporter::snapshot() const {
  PageData snapshot{status_, {}, {}, router_.counters(), scheduler_.counters()};
  for (std::uint32_t i = 0; i < state_.workers().size(); ++i) {
    const WorkerId id{i};
    WorkerProgress worker{state_.workers()[i], scheduler_.connected(id), throughput_->of_worker(id), {}};
    if (!worker.connected && worker.pace.done == 0) continue;  // of an earlier run
    for (const JobId job : state_.jobs().leased_to(id))
      worker.in_hand.push_back(state_.name_of(state_.jobs().at(job).spec));
    snapshot.workers.push_back(std::move(worker));
  }
  for (std::size_t i = 0; i < state_.plan().cases.size(); ++i) {
    const Tally& jobs = state_.jobs().tally_of_case(i);
    snapshot.cases.push_back({state_.plan().cases[i].name, throughput_->of_case(i),
                              jobs.all() - jobs[JobState::kCancelled], jobs[JobState::kSetAside]});
  }
  return snapshot;
}

}  // namespace wcam
