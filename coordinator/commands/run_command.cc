#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <thread>

#include "common/base/file.h"
#include "common/base/host.h"
#include "common/base/log.h"
#include "common/base/message_text.h"
#include "common/base/printable.h"
#include "common/base/process.h"
#include "common/base/shell.h"
#include "common/base/sweep_directory.h"
#include "common/command_line/options.h"
#include "common/command_line/sweep_argument.h"
#include "common/study/sweep_options.h"
#include "common/wire/keys.h"
#include "coordinator/commands/commands.h"
#include "coordinator/commands/forecast.h"
#include "coordinator/commands/forecast_text.h"
#include "coordinator/commands/interrupts.h"
#include "coordinator/commands/try_networks.h"
#include "coordinator/ledger/ledger_reader.h"
#include "coordinator/repair/missing_segments.h"
#include "coordinator/serve/coordinator.h"
#include "coordinator/serve/web.h"
#include "coordinator/sweep/extend_sweep.h"
#include "coordinator/sweep/open_sweep.h"
#include "coordinator/sweep/sweep_folder.h"
#include "coordinator/sweep/sweep_plan.h"
#include "coordinator/sweep/worker_log.h"

namespace po = boost::program_options;

namespace wcam {

namespace {

CommandLine command_line() {
  CommandLine line;
  line.usage = "wcam-coordinator run --sweep DIR --images DIR --models models.json [options]";
  line.about =
      "Makes a sweep, or resumes it, and serves its jobs to workers until it is finished.\n"
      "Exit status: 0 finished, 2 usage, 3 bad input, 4 finished with jobs set aside, 5 interrupted.";
  line.example =
      "wcam-coordinator run --images photos --models models.json --cases baseline,augmix --sweep study";
  line.options.add_options()  //
      ("sweep", po::value<std::string>()->value_name("DIR")->required(),
       "directory of the sweep, made if it is not there")                                          //
      ("insecure", po::bool_switch(), "no encryption and no keys: whoever can connect is served")  //
      ("page-stays", po::bool_switch(),
       "with --http: when all is done, say `finished` on stdout and serve the page until SIGTERM, while "
       "somebody "
       "draws figures")  //
      ("dry-run", po::bool_switch(), "refuse what --prepare would refuse, and write nothing");
  line.options.add(serve_options()).add(study_options());
  return line;
}

CoordinatorOptions coordinator_options(const po::variables_map& values, const SweepDirectory& directory) {
  CoordinatorOptions options;
  options.router.bind = values["bind"].as<std::string>();
  options.router.insecure = values["insecure"].as<bool>();
  if (const auto problem = options.router.problem()) throw UsageError(*problem);
  options.scheduler.lease = std::chrono::seconds{in_range(values, "lease-seconds", 1, 86'400)};
  options.scheduler.heartbeat = std::min(options.scheduler.heartbeat, options.scheduler.lease / 5);
  options.scheduler.max_attempts = static_cast<std::uint32_t>(in_range(values, "max-attempts", 1, 100));
  options.hand_over = values["hand-over"].as<bool>();
  options.scheduler.speculate = values["speculate"].as<bool>();
  // A process of this host that has ended is not waited for.
  options.scheduler.has_ended = [host = host_name()](const WorkerInfo& worker) {
    return worker.host == host && worker.pid > 0 && ::kill(static_cast<pid_t>(worker.pid), 0) != 0 &&
           errno == ESRCH;
  };
  options.scheduler.ending_of = [directory](const WorkerInfo& worker, const std::string& log) {
    return log.empty() ? WorkerEnding{} : ending_in(directory.logs() / log, static_cast<pid_t>(worker.pid));
  };
  options.progress = ::isatty(STDERR_FILENO) != 0 ? CoordinatorOptions::Progress::kTerminal
                                                  : CoordinatorOptions::Progress::kPlain;
  return options;
}

WebOptions web_options(const po::variables_map& values) {
  const WebOptions options{values["http"].as<std::string>(), values["http-insecure"].as<bool>()};
  if (const auto problem = options.problem()) throw UsageError(*problem);
  return options;
}

// Says "starting" in the status while a sweep's images are hashed, which may take minutes. What then cannot
// be resumed has its old status again.
class Announcement {
 public:
  explicit Announcement(const SweepDirectory& directory) : file_(directory.status()) {
    if (!std::filesystem::exists(directory.plan())) return;
    if (std::filesystem::exists(file_)) earlier_ = read_file(file_);
    try {
      write(to_json_text(starting_status(directory.root)));
    } catch (const InputError&) {  // what is wrong with the plan is said by whoever needs it
    }
  }
  ~Announcement() {
    if (!kept_ && earlier_) write(*earlier_);
  }
  Announcement(const Announcement&) = delete;
  Announcement& operator=(const Announcement&) = delete;
  void keep() { kept_ = true; }

 private:
  void write(const std::string& text) const try {
    write_file_atomically(file_, text);
  } catch (const InputError&) {  // people can wait
  }

  const std::filesystem::path file_;
  std::optional<std::string> earlier_;
  bool kept_ = false;
};

// Before a cluster is asked for machines.
void refuse_finished(const SweepState& state, const SweepDirectory& directory) {
  if (!state.finished()) return;
  throw UsageError(directory.root.string() +
                   (state.course() == Course::kCancelled ? " was cancelled" : " is finished") +
                   ": nothing is left to do; `wcam retry` puts back what was set aside or cancelled");
}

// Only the cases that are new have not been tried.
void try_new_networks(const Extension& extension) {
  Plan plan = extension.to;
  plan.cases.erase(plan.cases.begin(), plan.cases.begin() + std::ssize(extension.from.cases));
  if (!plan.cases.empty()) try_networks(plan);
}

std::string kept_of(const SweepState& state) {
  const auto done = [&](JobKind kind) { return state.jobs().tally(kind)[JobState::kDone]; };
  return counted(done(JobKind::kPredict), "predict job") + ", " + counted(done(JobKind::kExplain), "WCAM") +
         " of " + counted(state.selected(), "image");
}

void tell(const Extension& extension, const SweepState& state, const HandedDown& handed) {
  std::cerr << "the sweep is extended (" << sweep_id(extension.from).substr(0, 12) << " becomes "
            << sweep_id(extension.to).substr(0, 12) << "); kept: " << kept_of(state) << "; new:\n";
  for (const std::string& line : extension.added) std::cerr << "  " << printable(line) << "\n";
  const Forecast found = forecast(extension.to, prospect_of(extension, state, handed), {}, {});
  std::cerr << "to do: " << work_text(found) << ": " << forwards_text(found) << " forwards\n";
  if (const std::string reason = reason_for_ranges(found); !reason.empty())
    std::cerr << "  (ranges: " << reason << ")\n";
  std::cerr << std::flush;
}

void extend(const po::variables_map& values, const SweepDirectory& directory, std::optional<Ledger>& ledger) {
  if (!ledger) open_begun_ledger(ledger, directory);
  const SweepState state = ledger->load(plan_to_extend(directory));
  const Extension extension = plan_extension(values, state);
  if (extension.added.empty()) {
    std::cerr << "--extend adds nothing: the sweep has all of this" << std::endl;
    return;
  }
  const HandedDown handed = handed_down(ledger->database(), extension);
  tell(extension, state, handed);
  try_new_networks(extension);
  extend_sweep(directory, extension, state, handed, ledger);
}

ExitCode dry_run(const SweepDirectory& directory, const std::optional<Plan>& asked) {
  const Plan plan = agreed_plan(directory, asked);
  if (!std::filesystem::exists(directory.plan())) {
    try_networks(plan);
  } else if (std::filesystem::exists(directory.ledger())) {
    Database ledger = open_ledger_to_read(directory);
    check_no_segment_is_missing(ledger, directory);
    refuse_finished(read_ledger(ledger, plan), directory);
  }
  return ExitCode::kDone;
}

ExitCode dry_extension(const po::variables_map& values, const SweepDirectory& directory) {
  try_new_networks(plan_extension(values, state_to_extend(directory)));
  return ExitCode::kDone;
}

// What does this run again: the command that started this program, since workers come with it, or this one.
std::string command_line_of(const std::vector<std::string>& arguments) {
  const char* typed = std::getenv(kTypedCommand);
  return typed != nullptr ? typed : line_from_here("wcam-coordinator run", arguments);
}

}  // namespace

ExitCode run_command(const std::vector<std::string>& arguments) {
  const auto values = parse_command_line(command_line(), arguments);
  if (!values) return ExitCode::kDone;
  const SweepDirectory directory = sweep_of(*values);
  CoordinatorOptions options = coordinator_options(*values, directory);
  check_not_lost(directory);
  const bool extends = (*values)["extend"].as<bool>();
  if ((*values)["dry-run"].as<bool>())
    return extends ? dry_extension(*values, directory) : dry_run(directory, asked_plan(*values, directory));
  // A sweep in use is refused before its images are hashed; one that cannot be made leaves no folder.
  std::optional<Ledger> ledger;
  std::optional<Announcement> announcement;
  if (std::filesystem::exists(directory.plan())) {
    open_ledger(ledger, directory);
    announcement.emplace(directory);
  }
  std::optional<Web> web;
  if (values->contains("http")) options.web = &web.emplace(web_options(*values), directory);
  if (extends) extend(*values, directory, ledger);
  const std::optional<Plan> asked = extends ? std::nullopt : asked_plan(*values, directory);
  if (!ledger && !asked) agreed_plan(directory, asked);
  if (!ledger && asked) try_networks(*asked);
  for (const auto& folder : {directory.root, directory.segments(), directory.logs()})
    make_directories(folder);
  if (!ledger) open_ledger(ledger, directory);
  const Plan plan = settle_plan(directory, asked);
  check_no_segment_is_missing(ledger->database(), directory);
  if (!options.router.insecure) {
    make_keys(directory, {std::string(kDefaultWorkerKey)});
    options.router.keys = {read_coordinator_key(directory.coordinator_key()), directory.allowed_keys()};
  }
  if ((*values)["prepare"].as<bool>()) {
    refuse_finished(ledger->load(plan), directory);
    return ExitCode::kDone;
  }
  if (announcement) announcement->keep();
  start_logging("coordinator", directory.logs() / "coordinator.log", (*values)["verbose"].as<bool>());
  if (web) std::cerr << "page: " << web->url() << "\n";
  if (options.router.insecure)
    spdlog::warn(
        "--insecure: the conversation with workers is neither encrypted nor authenticated; whoever can "
        "connect to {} can read it and take part in it",
        options.router.bind);
  allow_many_connections();
  const std::atomic<int>& interrupts = count_interrupts();
  Coordinator coordinator(directory, *ledger, plan, options);
  ledger->begin_run(host_name(), version_text(), command_line_of(arguments));
  const ExitCode code = coordinator.run(interrupts);
  ledger->end_run();
  const bool finished = code == ExitCode::kDone || code == ExitCode::kSetAside;
  if (finished && web && (*values)["page-stays"].as<bool>()) {
    ledger.reset();  // who wants to go on with the sweep may
    std::cout << "finished" << std::endl;
    while (interrupts == 0) std::this_thread::sleep_for(std::chrono::milliseconds{100});
  }
  return code;
}

}  // namespace wcam
