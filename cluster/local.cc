#include "cluster/local.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <system_error>

#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/process.h"
#include "common/base/sweep_directory.h"
#include "common/command_line/devices.h"
#include "common/command_line/interrupt_pace.h"

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace wcam {

namespace {

// A worker that lives this long has earned a restart without a pause.
constexpr seconds kHealthyLife{60};
constexpr seconds kLongestPause{30};
// One that somebody told to stop (exit code 5), not we: so may the sweep be, and its place is not filled at
// once. As long is waited for the end of a sweep whose workers have all been let go.
constexpr seconds kPauseAfterStop{10};
// Short lives in a row after which a place is given up: the fault is here, not in a job (those are set aside
// after three).
constexpr int kMostShortLives = 10;
// Workers told to stop finish the job in hand first; a large model's WCAM may take minutes. What they have in
// hand when the sweep is finished nobody wants: they hang, or compute what another has done.
constexpr seconds kStopPatience{600}, kPatienceWhenFinished{10};
constexpr seconds kSilentlyPatient{3};
// A page that somebody looks at asks every 2 s what there is, and then for the pictures.
constexpr seconds kLastLook{5};

void say(const std::string& text) { std::fprintf(stderr, "wcam run: %s\n", text.c_str()); }

// SIGINT, SIGTERM and SIGCHLD as events: no handler, no race.
class Signals {
 public:
  Signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGINT, SIGTERM, SIGCHLD}) sigaddset(&set, number);
    sigprocmask(SIG_BLOCK, &set, &before_);
    fd_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
  }
  ~Signals() {
    ::close(fd_);
    sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Waits up to `patience`; true when an interrupt (SIGINT, SIGTERM) was among what came.
  bool wait(milliseconds patience) const {
    pollfd waiting{fd_, POLLIN, 0};
    ::poll(&waiting, 1, static_cast<int>(patience.count()));
    bool interrupted = false;
    signalfd_siginfo info{};
    while (::read(fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info))
      interrupted = interrupted || info.ssi_signo != SIGCHLD;
    return interrupted;
  }

 private:
  sigset_t before_{};
  int fd_;
};

// What the coordinator says on stdout when the sweep is finished and its page stays.
class FinishedWord {
 public:
  FinishedWord() {
    if (::pipe2(ends_, O_CLOEXEC | O_NONBLOCK) != 0)
      throw std::system_error(errno, std::generic_category(), "pipe2");
  }
  ~FinishedWord() {
    for (const int end : ends_) ::close(end);
  }
  FinishedWord(const FinishedWord&) = delete;
  FinishedWord& operator=(const FinishedWord&) = delete;

  int output() const { return ends_[1]; }
  bool came() const {
    char first = 0;
    return ::read(ends_[0], &first, 1) == 1;
  }

 private:
  int ends_[2];
};

// One place in the crew: a process, or the time at which the next is started, or neither (it refused to
// work).
class WorkerSlot {
 public:
  WorkerSlot(std::string name, std::vector<std::string> command, fs::path log)
      : name_(std::move(name)), command_(std::move(command)), log_(std::move(log)) {
    start();
  }

  bool running() { return process_ && !process_->ending(); }
  bool given_up() const { return given_up_; }
  bool let_go() const { return let_go_; }
  void signal(int number) {
    if (process_) process_->signal(number);
  }

  std::string name_and_pid() const {
    return name_ + (process_ ? " (pid " + std::to_string(process_->pid()) + ")" : "");
  }

  // Looks after the slot: notes an ending, starts the next process when its time has come and it is wanted.
  void tend(bool wanted) {
    if (given_up_ || let_go_) return;
    if (process_ && process_->ending()) note_ending(*process_->ending(), wanted);
    if (wanted && !process_ && !given_up_ && !let_go_ && Clock::now() >= next_start_) start();
  }

 private:
  void start() {
    process_ = Process::start(command_);
    started_ = Clock::now();
  }

  void note_ending(const Ending& ending, bool wanted) {
    // Where the coordinator finds out why it lost a worker.
    if (ending.code != 0)
      append_to_log(log_, "error", "wcam", process_->pid(), name_ + " " + to_string(ending));
    process_.reset();
    let_go_ = ending.code == 0;
    if (let_go_ || !wanted) return;
    const bool stopped = ending.code == static_cast<int>(ExitCode::kInterrupted);
    const bool healthy = Clock::now() - started_ > kHealthyLife;
    short_lives_ = healthy || stopped ? 0 : short_lives_ + 1;
    const bool refuses = ending.code == static_cast<int>(ExitCode::kUsage) ||
                         ending.code == static_cast<int>(ExitCode::kBadInput);
    given_up_ = refuses || short_lives_ == kMostShortLives;
    if (given_up_) return say(name_ + " " + to_string(ending) + " and is not started again");
    const seconds pause = stopped ? kPauseAfterStop : pause_after(short_lives_);
    next_start_ = Clock::now() + pause;
    say(name_ + " " + to_string(ending) + "; its jobs go to others; starting it again in " +
        std::to_string(pause.count()) + " s");
  }

  // 0, 1, 2, 4, ... seconds.
  static seconds pause_after(int short_lives) {
    return short_lives < 2 ? seconds{0} : std::min(seconds{1 << (short_lives - 2)}, kLongestPause);
  }

  std::string name_;
  std::vector<std::string> command_;
  fs::path log_;
  std::optional<Process> process_;
  Clock::time_point started_, next_start_;
  int short_lives_ = 0;  // in a row
  bool given_up_ = false, let_go_ = false;
};

class LocalRun {
 public:
  explicit LocalRun(const LocalSweep& sweep)
      : sweep_(sweep),
        endpoint_file_(SweepDirectory{sweep.sweep}.endpoint()),
        old_endpoint_(endpoint_time()) {
    std::vector<std::string> command{sibling_program("wcam-coordinator").string(), "run"};
    command.insert(command.end(), sweep.coordinator_options.begin(), sweep.coordinator_options.end());
    const bool stays = sweep.page && sweep.figures;
    if (stays) command.emplace_back("--page-stays");
    coordinator_ = Process::start(command, {}, stays ? finished_.output() : -1);
  }

  ExitCode to_end() {
    while (!coordinator_->ending() && !finished_.came()) {
      if (crew_.empty() && endpoint_time() != old_endpoint_) hire();
      for (auto& slot : crew_) slot.tend(interrupts_ == 0 && !out_of_workers_);
      if (everybody_has_left()) any_given_up() ? stop_for_want_of_workers() : tell_that_all_were_let_go();
      if (signals_.wait(milliseconds{crew_.empty() ? 20 : 500})) interrupt();
    }
    dismiss();
    const ExitCode drawn = sweep_.figures && is_finished() ? make_figures() : ExitCode::kDone;
    if (!coordinator_->ending()) end_page();
    const ExitCode result = verdict();
    return drawn == ExitCode::kDone ? result : drawn;
  }

 private:
  // The endpoint's file is rewritten by each coordinator once it accepts workers.
  fs::file_time_type endpoint_time() const {
    std::error_code missing;
    const auto time = fs::last_write_time(endpoint_file_, missing);
    return missing ? fs::file_time_type::min() : time;
  }

  void hire() {
    const fs::path logs = SweepDirectory{sweep_.sweep}.logs();
    make_directories(logs);
    for (int i = 0; i < sweep_.workers; ++i) {
      const std::string name = "worker-" + std::to_string(i + 1);
      const fs::path log = logs / (name + ".log");
      std::vector<std::string> command = worker_command("run", sweep_.devices, i);
      command.insert(command.end(), {"--sweep", sweep_.sweep.string(), "--log", log.string()});
      command.insert(command.end(), sweep_.worker_options.begin(), sweep_.worker_options.end());
      crew_.emplace_back(name, command, log);
    }
  }

  bool everybody_has_left() const {
    return !crew_.empty() && std::all_of(crew_.begin(), crew_.end(), [](const WorkerSlot& slot) {
      return slot.given_up() || slot.let_go();
    });
  }
  bool any_given_up() const {
    return std::any_of(crew_.begin(), crew_.end(), [](const WorkerSlot& slot) { return slot.given_up(); });
  }

  void interrupt() {
    if (!counts_as_another()) return;
    coordinator_->signal(SIGTERM);
    if (++interrupts_ == 1) return;
    for (auto& slot : crew_) slot.signal(SIGKILL);
  }

  void stop_for_want_of_workers() {
    if (!out_of_workers_) say("no worker is left, for the reasons above: stopping");
    if (!out_of_workers_) coordinator_->signal(SIGTERM);
    out_of_workers_ = true;
  }

  // At the end of a sweep too, for a moment.
  void tell_that_all_were_let_go() {
    if (!all_let_go_since_) all_let_go_since_ = Clock::now();
    if (told_ || Clock::now() - *all_let_go_since_ < kPauseAfterStop) return;
    told_ = true;
    say("every worker of this run was drained: the sweep goes on with workers started elsewhere; Ctrl-C "
        "stops it");
  }

  // The coordinator is done with its workers. SIGTERM changes nothing for one it has told to stop, and
  // reaches one it has not.
  void dismiss() {
    const auto& ending = coordinator_->ending();
    if (ending && ending->signal != 0)
      say("the coordinator " + to_string(*ending) + "; its workers store what they have");
    const auto told = Clock::now();
    const seconds patience = is_finished() ? kPatienceWhenFinished : kStopPatience;
    bool said = false;
    for (auto& slot : crew_) slot.signal(SIGTERM);
    while (std::any_of(crew_.begin(), crew_.end(), [](auto& slot) { return slot.running(); })) {
      if (signals_.wait(milliseconds{100}) && counts_as_another()) ++interrupts_;
      if (!said && Clock::now() - told > kSilentlyPatient) {
        tell_who_is_waited_for(patience);
        said = true;
      }
      if (interrupts_ > 1 || Clock::now() - told > patience)
        for (auto& slot : crew_) slot.signal(SIGKILL);
    }
  }

  void tell_who_is_waited_for(seconds patience) {
    std::string names;
    for (auto& slot : crew_)
      if (slot.running()) names += (names.empty() ? "" : ", ") + slot.name_and_pid();
    say("waiting for " + names + ", " + std::to_string(patience.count()) +
        " s at most; Ctrl-C twice ends it now");
  }

  // With a coordinator that stays for its page too.
  bool is_finished() {
    const auto& ending = coordinator_->ending();
    return !ending || ending->code == static_cast<int>(ExitCode::kDone) ||
           ending->code == static_cast<int>(ExitCode::kSetAside);
  }

  // Merges the segments and draws; kDone when nothing fails, kSetAside when damaged segments were left out.
  ExitCode make_figures() {
    const std::string coordinator = sibling_program("wcam-coordinator").string();
    const std::string plot = sibling_program("wcam-plot").string(), root = sweep_.sweep.string();
    ExitCode verdict = ExitCode::kDone;
    for (const std::vector<std::string>& command : {std::vector{coordinator, std::string("pack"), root},
                                                    {plot, "figure-4", root},
                                                    {plot, "figure-5", root}}) {
      const int interrupts = interrupts_;
      const Ending ending = run_interruptibly(command);
      if (interrupts_ > interrupts) {
        say("interrupted while figures were drawn; the same command draws them");
        return ExitCode::kInterrupted;
      }
      if (ending.code != 0) verdict = static_cast<ExitCode>(ending.code);
      if (verdict != ExitCode::kDone && verdict != ExitCode::kSetAside) break;
    }
    return verdict;
  }

  // An interrupt ends it.
  Ending run_interruptibly(const std::vector<std::string>& command) {
    Process process = Process::start(command);
    while (!process.ending()) {
      if (!signals_.wait(milliseconds{500})) continue;
      ++interrupts_;
      process.signal(SIGTERM);
    }
    return *process.ending();
  }

  void end_page() {
    const auto end = Clock::now() + kLastLook;
    while (interrupts_ == 0 && !coordinator_->ending() && Clock::now() < end)
      if (signals_.wait(milliseconds{100})) ++interrupts_;
    coordinator_->signal(SIGTERM);
    while (!coordinator_->ending()) signals_.wait(milliseconds{100});
  }

  ExitCode verdict() {
    const Ending ending = *coordinator_->ending();
    if (ending.signal != 0) {
      say("the same command resumes the sweep");
      return ExitCode::kInterrupted;
    }
    if (out_of_workers_) {
      say("no worker could go on, for the reasons above; once these are mended the same command resumes the "
          "sweep");
      return ExitCode::kBadInput;
    }
    return static_cast<ExitCode>(ending.code);
  }

  const LocalSweep& sweep_;
  const Signals signals_;
  const fs::path endpoint_file_;
  const fs::file_time_type old_endpoint_;
  const FinishedWord finished_;
  std::optional<Process> coordinator_;
  std::vector<WorkerSlot> crew_;
  int interrupts_ = 0;
  bool out_of_workers_ = false;
  std::optional<Clock::time_point> all_let_go_since_;
  bool told_ = false;  // of that
};

}  // namespace

ExitCode run_local_sweep(const LocalSweep& sweep) { return LocalRun(sweep).to_end(); }

}  // namespace wcam
