#include "coordinator/serve/coordinator.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include "common/base/file.h"
#include "common/base/message_text.h"
#include "coordinator/operate/apply_request.h"
#include "coordinator/sweep/known_outputs.h"

using std::chrono::milliseconds;

namespace wcam {

namespace {

// A job's line may take some kilobytes, with a long path and a long error text; a message 16 MiB.
constexpr std::uint32_t kMostJobsListed = 2'000;

// So that the reply fits in a message, and the workers need not wait for it.
wire::Request bounded(wire::Request request) {
  if (!request.has_list_jobs()) return request;
  wire::ListJobs& list = *request.mutable_list_jobs();
  list.set_limit(list.limit() == 0 ? kMostJobsListed : std::min(list.limit(), kMostJobsListed));
  return request;
}

RouterOptions router_options(const CoordinatorOptions& options, const SweepState& state,
                             const SweepDirectory& directory) {
  RouterOptions router = options.router;
  router.sweep_id = state.sweep();
  if (std::filesystem::exists(directory.endpoint()))
    router.earlier_endpoint = first_line(read_file(directory.endpoint()));
  return router;
}

SchedulerOptions scheduler_options(const CoordinatorOptions& options, Ledger& ledger, const SweepState& state,
                                   const SweepDirectory& directory) {
  SchedulerOptions scheduler = options.scheduler;
  const auto outputs = std::make_shared<const KnownOutputs>(directory, state.plan());
  scheduler.known_outputs = [outputs, &state](const JobSpec& wcam) {
    const Plan& plan = state.plan();
    return outputs->of(state.planned(wcam.image).path, plan.variant_name(wcam.variant),
                       plan.cases[wcam.case_index].name, wcam.label, wcam.replicate);
  };
  scheduler.inherited = ledger.inherited();
  scheduler.holder = [&ledger](JobId job, Attempt attempt) { return ledger.holder(job, attempt); };
  return scheduler;
}

}  // namespace

Coordinator::Coordinator(const SweepDirectory& directory, Ledger& ledger, const Plan& plan,
                         CoordinatorOptions options)
    : directory_(directory),
      options_(std::move(options)),
      ledger_(ledger),
      state_(ledger.load(plan)),
      scheduler_(state_, scheduler_options(options_, ledger_, state_, directory_)),
      router_(router_options(options_, state_, directory_)),
      collector_(directory_.segments()),
      reporter_(directory_, state_, scheduler_, router_, options_.router.insecure, options_.progress,
                options_.web),
      loop_(state_, scheduler_, *this, *this, *this, std::chrono::steady_clock::now,
            {options_.scheduler.lease, options_.hand_over, directory_.root.string()}) {
  remove_abandoned(directory_.segments());
  loop_.begin();
  reporter_.tell_begun();  // first: who finds the endpoint may look at the status
  write_file_atomically(directory_.endpoint(), router_.endpoint() + "\n");
  spdlog::info("sweep {} at {}", state_.sweep(), router_.endpoint());
}

ExitCode Coordinator::run(const std::atomic<int>& interrupts) try {
  if (state_.course() == Course::kPaused)
    say("the sweep is paused: `wcam resume " + directory_.root.string() + "` lets it go on");
  for (bool goes_on = true; goes_on;) {
    goes_on = loop_.turn(interrupts);
    reporter_.tell(loop_.decided());
  }
  remove_abandoned(directory_.segments());
  if (state_.finished()) collector_.remove_unfinished();
  reporter_.tell_ended();
  if (!state_.finished()) return say_interrupted();
  tell_sample();
  const bool complete = !state_.anything_set_aside() && reporter_.status().counts.cancelled() == 0;
  return complete ? ExitCode::kDone : ExitCode::kSetAside;
} catch (const NoRoomError&) {
  return say_interrupted();
}

ExitCode Coordinator::say_interrupted() const {
  say("interrupted; the same command, or `wcam run --sweep " + directory_.root.string() + "`, resumes");
  return ExitCode::kInterrupted;
}

// A sample that could not be filled is worth a word; an empty one leaves nothing to draw.
void Coordinator::tell_sample() const {
  const std::string why = shortfall(reporter_.status());
  if (why.empty()) return;
  if (state_.selected() == 0)
    throw InputError(why + (state_.plan().selection.rule == SelectionRule::kPublished
                                ? "; name fewer --cases, more --severities, or other --images"
                                : ""));
  std::fprintf(stderr, "%s\n", why.c_str());
}

std::optional<Message> Coordinator::receive(milliseconds patience) { return router_.receive(patience); }

bool Coordinator::send(const Message& message) { return router_.send(message); }

void Coordinator::commit(std::span<const Event> events) {
  ledger_.commit(events);
  reporter_.note(events);
}

wire::Received Coordinator::take(const std::string& worker, const wire::Piece& piece) {
  return collector_.take(worker, piece);
}

void Coordinator::forget(const std::string& worker) { collector_.forget(worker); }

// Whoever looks does not end the sweep when SQLite cannot answer (a full folder of temporary files).
wire::Reply Coordinator::look(const wire::Request& request) try {
  return look_up(ledger_.database(), bounded(request));
} catch (const InputError& e) {
  throw UsageError(e.what());
}

void Coordinator::before_replies() { reporter_.write_running_status(); }  // whoever has one may look at it

}  // namespace wcam
