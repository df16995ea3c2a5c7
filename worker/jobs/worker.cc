#include "worker/jobs/worker.h"

#include <pthread.h>
#include <semaphore.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <functional>
#include <thread>

#include "common/base/file.h"
#include "common/base/message_text.h"
#include "common/base/sweep_directory.h"
#include "common/command_line/interrupt_pace.h"
#include "common/study/plan.h"
#include "common/wire/keys.h"
#include "worker/jobs/compute.h"
#include "worker/jobs/job_runner.h"
#include "worker/jobs/outbox.h"
#include "worker/models/device.h"
#include "worker/protocol/session.h"

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace wcam {

namespace {

// Long enough to cost nothing, short enough that 30-second results are not kept much longer.
constexpr milliseconds kIdleWait{500};
// A disk that is full may be emptied, a quota raised, a folder mounted again.
constexpr seconds kStoreAgainAfter{5};
// A coordinator that is restarting needs a moment to acknowledge the last results.
constexpr seconds kFarewellPatience{15};

sem_t stop_signals_seen;
std::atomic<int> last_stop_signal = 0;
static_assert(std::atomic<int>::is_always_lock_free);  // may be used in a signal handler

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

// A handler rather than sigwait(): libraries start threads before main() (OpenBLAS does), in which nobody has
// blocked these signals, and there the default action would end the process. Our own threads, all started
// later, have them blocked, so no system call of theirs is interrupted; SignalWatch alone unblocks them.
void count_stop_signals() {
  ::sem_init(&stop_signals_seen, 0, 0);
  struct sigaction action {};
  action.sa_handler = [](int number) {
    last_stop_signal = number;
    ::sem_post(&stop_signals_seen);
  };
  action.sa_flags = SA_RESTART;
  for (const int number : {SIGINT, SIGTERM}) sigaction(number, &action, nullptr);
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

// First signal: stop in order; second: end now (what is computed and not yet stored is computed again by
// others).
class SignalWatch {
 public:
  explicit SignalWatch(Session& session) : thread_([this, &session] { watch(session); }) {}
  ~SignalWatch() {
    ending_ = true;
    ::sem_post(&stop_signals_seen);
    thread_.join();
  }
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  void watch(Session& session) const {
    const sigset_t set = stop_signals();
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    for (bool stopping = false;;) {
      while (::sem_wait(&stop_signals_seen) != 0 && errno == EINTR) {
      }
      if (ending_) return;
      if (!counts_as_another()) continue;
      if (stopping) ::_exit(static_cast<int>(ExitCode::kInterrupted));
      stopping = true;
      session.stop("signal " + std::to_string(last_stop_signal.load()));
    }
  }

  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

bool at_work(const Session& session) {
  return session.state() == Session::State::kConnecting || session.state() == Session::State::kServing;
}

std::optional<Plan> welcome_plan(Session& session) {
  while (at_work(session))
    if (const auto text = session.wait_for_plan(kIdleWait))
      return plan_from_json_text(*text, "the coordinator's plan");
  return std::nullopt;
}

// How results become durable.
using HandIn = std::function<bool()>;

bool send_to_coordinator(Session& session, Outbox& outbox) {
  session.deliver(outbox.pack());
  return true;
}

// False when it cannot be stored: it stays here, and the coordinator is told.
bool store_here(Session& session, Outbox& outbox) {
  try {
    session.report(outbox.store());
    session.tell_trouble("");
    return true;
  } catch (const InputError& e) {
    session.tell_trouble(e.what());
    return false;
  }
}

// How many results are lost, since they cannot be stored.
std::size_t hand_in_the_last(const Outbox& outbox, const HandIn& hand_in) {
  if (hand_in()) return 0;
  spdlog::error("{} lost with this worker, to be computed again", counted(outbox.size(), "result"));
  return outbox.size();
}

// The same of those that the coordinator has not stored in time.
std::size_t tell_undelivered(const Session& session) {
  const std::size_t count = session.undelivered();
  if (count > 0)
    spdlog::error("{} lost with this worker, to be computed again: the coordinator has not stored them",
                  counted(count, "result"));
  return count;
}

void work(Session& session, JobRunner& runner, Outbox& outbox, const HandIn& hand_in) {
  milliseconds patience{0};
  while (at_work(session)) {
    const auto job = session.next_job(patience);
    const auto begun = Outbox::Clock::now();
    if (job) {
      JobResult result = runner.run(*job);
      const auto computed = Outbox::Clock::now();
      result.outcome.set_seconds(std::chrono::duration<double>(computed - begun).count());
      const std::string device_fault = result.device_fault;
      outbox.add(std::move(result), computed);
      if (!device_fault.empty()) throw DeviceFault(device_fault);
      session.tell_loaded(runner.loaded_cases());
    }
    const auto now = Outbox::Clock::now();
    const bool idle = !job;
    const bool stored = !outbox.due(now, idle, now - begun) || hand_in();
    patience = !stored ? kStoreAgainAfter : idle ? kIdleWait : milliseconds{0};
  }
}

void leave_early(Session& session, const Outbox& outbox, const HandIn& hand_in, const std::string& reason) {
  hand_in_the_last(outbox, hand_in);
  session.leave(reason, kFarewellPatience);
  tell_undelivered(session);
}

// Of the sweep in this directory, once it has a plan: whoever serves another must not be served here.
std::string planned_sweep(const SweepDirectory& directory) {
  if (directory.root.empty()) return "";  // whichever its coordinator serves
  if (!std::filesystem::is_directory(directory.root))
    throw InputError("no sweep at " + directory.root.string() + ": its coordinator makes it");
  if (!std::filesystem::exists(directory.plan())) return "";
  return sweep_id(plan_from_json_text(read_file(directory.plan()), directory.plan().string()));
}

WorkerKey own_key(const std::filesystem::path& file) {
  std::error_code hidden;  // then reading it says why
  if (!std::filesystem::exists(file, hidden) && !hidden)
    throw InputError(
        "no key at " + file.string() +
        ": the sweep's coordinator makes keys/worker.key when it starts, `wcam keys` makes others; "
        "name one with --key, or say --insecure if the coordinator was told so");
  return read_worker_key(file);
}

// Hello.log.
std::string log_name(const std::optional<std::filesystem::path>& log, const SweepDirectory& directory) {
  std::error_code elsewhere;
  const bool is_there = log && std::filesystem::equivalent(std::filesystem::absolute(*log).parent_path(),
                                                           directory.logs(), elsewhere);
  return is_there ? log->filename().string() : "";
}

ExitCode verdict(const Session& session) {
  switch (session.state()) {
    case Session::State::kRefused:
      throw InputError(session.reason());
    case Session::State::kAlone:
      spdlog::error("{}", session.reason());
      return ExitCode::kInterrupted;
    case Session::State::kStopping:
      return ExitCode::kInterrupted;
    default:
      return ExitCode::kDone;
  }
}

}  // namespace

ExitCode run_worker(const WorkerOptions& options) {
  count_stop_signals();
  prepare_torch(options.compute.threads);
  const SweepDirectory directory{options.sweep};
  const std::string sweep = planned_sweep(directory);
  if (!options.collect) make_directories(directory.segments());
  Session session({.endpoint = options.coordinator,
                   .endpoint_file = directory.endpoint(),
                   .sweep_id = sweep,
                   .key = options.key ? std::optional(own_key(*options.key)) : std::nullopt,
                   .device = options.compute.device,
                   .log = log_name(options.log, directory),
                   .provenance = provenance_of_results(parse_device(options.compute.device)),
                   .patience = options.patience});
  const SignalWatch signals(session);
  std::size_t lost = 0;
  if (auto plan = welcome_plan(session)) {
    Outbox outbox(directory.segments(), {sweep_id(*plan), plan->wcam.grid, plan->wcam.levels},
                  options.hand_in);
    const HandIn hand_in = [&] {
      return options.collect ? send_to_coordinator(session, outbox) : store_here(session, outbox);
    };
    try {
      JobRunner runner(std::move(*plan), options.compute.device, always(options.compute.form.or_default()),
                       options.model_bytes, options.paths);
      work(session, runner, outbox, hand_in);
    } catch (const CannotServe& e) {  // others may have what is missing here
      leave_early(session, outbox, hand_in, e.what());
      throw;
    } catch (const DeviceFault& e) {
      leave_early(session, outbox, hand_in, e.what());
      spdlog::error("leaving: {}", e.what());
      return ExitCode::kInterrupted;
    }
    lost = hand_in_the_last(outbox, hand_in);
  }
  session.leave(session.reason(), kFarewellPatience);
  lost += tell_undelivered(session);
  spdlog::info("leaving: {}", session.reason());
  const ExitCode code = verdict(session);
  // One that was dismissed is not to be replaced, whatever it has lost.
  return lost > 0 && session.state() != Session::State::kDismissed ? ExitCode::kInterrupted : code;
}

}  // namespace wcam
