#include "coordinator/operate/apply_request.h"

#include <algorithm>

#include "common/base/error.h"
#include "common/base/message_text.h"
#include "coordinator/ledger/job_report.h"
#include "coordinator/operate/cancel.h"
#include "coordinator/operate/job_prefix.h"
#include "coordinator/operate/retry.h"

namespace wcam {

namespace {

constexpr std::size_t kMostDetails = 20;    // lines of a kind told; `wcam jobs` lists all
constexpr std::size_t kMostCandidates = 5;  // of workers' names
constexpr const char* kCancelledWords = "the sweep is cancelled; `wcam retry` takes it up again";

Operation with_summary(const std::string& summary) {
  Operation operation;
  operation.report.set_summary(summary);
  return operation;
}

Operation pause(const SweepState& state) {
  if (state.course() == Course::kCancelled) throw UsageError(kCancelledWords);
  if (state.finished()) throw UsageError("the sweep has nothing left to do");
  if (state.course() == Course::kPaused) return with_summary("paused already");
  std::size_t in_hand = 0;
  for (const JobKind kind : {JobKind::kPredict, JobKind::kExplain})
    in_hand += state.jobs().tally(kind)[JobState::kLeased];
  Operation operation =
      with_summary("paused: nothing more is handed out; " + counted(in_hand, "job") + " in hand");
  operation.events.emplace_back(CourseChanged{Course::kPaused});
  return operation;
}

Operation resume(const SweepState& state) {
  if (state.course() == Course::kCancelled) throw UsageError(kCancelledWords);
  if (state.course() == Course::kOn) return with_summary("not paused");
  Operation operation = with_summary("resumed");
  operation.events.emplace_back(CourseChanged{Course::kOn});
  return operation;
}

// `name`: how KEY.NAME or NAME begins.
bool is_called(const std::string& worker, const std::string& name) {
  const auto dot = worker.find('.');
  return worker.rfind(name, 0) == 0 ||
         (dot != std::string::npos && worker.compare(dot + 1, name.size(), name) == 0);
}

// The whole name wins, then a worker that is not drained yet.
WorkerId worker_named(const SweepState& state, const std::string& name) {
  const auto& workers = state.workers();
  std::vector<WorkerId> drained, found;
  for (std::uint32_t i = 0; i < workers.size(); ++i) {
    const std::string& full = workers[i].name;
    if (full == name) return WorkerId{i};
    if (is_called(full, name)) (workers[i].drained ? drained : found).push_back(WorkerId{i});
  }
  if (found.empty()) found = drained;
  if (found.empty() || name.empty())
    throw UsageError("no worker's name begins with '" + name + "'; `wcam status` lists those connected");
  if (found.size() == 1) return found.front();
  std::vector<std::string> candidates;
  for (std::size_t i = 0; i < std::min(found.size(), kMostCandidates); ++i)
    candidates.push_back(workers[value(found[i])].name);
  throw UsageError("'" + name + "' begins the names of " + counted(found.size(), "worker") + ", such as " +
                   joined(candidates) + ": give more of it");
}

Operation drain(const SweepState& state, const wire::Drain& request) {
  const WorkerId id = worker_named(state, request.worker());
  const WorkerInfo& worker = state.workers()[value(id)];
  const std::string who = "worker " + worker.name + " (" + worker.device + " of pid " +
                          std::to_string(worker.pid) + " on " + worker.host + ") ";
  if (worker.drained) return with_summary(who + "is drained already");
  Operation operation =
      with_summary(who + "gets no more jobs; it hands in what it has begun (" +
                   counted(state.jobs().leased_to(id).size(), "job") + " in hand) and ends");
  operation.events.emplace_back(WorkerDrained{id});
  return operation;
}

void add_details(wire::Report& report, const std::vector<std::string>& lines, const std::string& heading) {
  for (std::size_t i = 0; i < std::min(lines.size(), kMostDetails); ++i)
    report.add_details(heading + ": " + lines[i]);
  if (lines.size() > kMostDetails)
    report.add_details(heading + ": and " + std::to_string(lines.size() - kMostDetails) + " more");
}

Operation cancel(const SweepState& state, const wire::Cancel& request) {
  Cancellation cancellation = plan_cancel(state, choice_of(state, request.choice()));
  Operation operation = with_summary(
      cancellation.events.empty() ? "nothing to cancel" : counted(cancellation.jobs, "job") + " cancelled");
  add_details(operation.report, cancellation.cancelled, "cancelled");
  add_details(operation.report, cancellation.left, "left");
  operation.events = std::move(cancellation.events);
  return operation;
}

Operation retry(const SweepState& state, const wire::Retry& request) {
  Retry retry = plan_retry(state, choice_of(state, request.choice()));
  Operation operation = with_summary(retry.events.empty() ? "nothing to retry"
                                                          : counted(retry.images, "image") + " and " +
                                                                counted(retry.jobs, "job") + " put back");
  add_details(operation.report, retry.put_back, "put back");
  add_details(operation.report, retry.left, "left");
  if (state.course() == Course::kPaused)
    operation.report.add_details("the sweep is paused: `wcam resume` hands them out");
  operation.events = std::move(retry.events);
  return operation;
}

Operation plan_operation(const SweepState& state, const wire::Request& request) {
  switch (request.verb_case()) {
    case wire::Request::kPause:
      return pause(state);
    case wire::Request::kResume:
      return resume(state);
    case wire::Request::kDrain:
      return drain(state, request.drain());
    case wire::Request::kCancel:
      return cancel(state, request.cancel());
    case wire::Request::kRetry:
      return retry(state, request.retry());
    default:
      throw UsageError("a request that this version does not know");
  }
}

}  // namespace

Operation apply_request(const SweepState& state, const wire::Request& request) {
  Operation operation = plan_operation(state, request);
  operation.report.set_changed(!operation.events.empty());
  return operation;
}

bool only_asks(const wire::Request& request) { return request.has_list_jobs() || request.has_show_job(); }

wire::Reply look_up(Database& ledger, const wire::Request& request) {
  wire::Reply reply;
  if (request.has_list_jobs()) {
    *reply.mutable_jobs() = list_jobs(ledger, request.list_jobs());
    return reply;
  }
  const std::string& prefix = request.show_job().job();
  const JobRange range = jobs_beginning_with(prefix);
  *reply.mutable_job() = job_story(ledger, only_job(prefix, find_jobs(ledger, range.first, range.last)));
  return reply;
}

}  // namespace wcam
