#include <unistd.h>

#include <boost/program_options/value_semantic.hpp>
#include <chrono>
#include <iostream>
#include <thread>

#include "common/base/file.h"
#include "common/base/message_text.h"
#include "common/base/printable.h"
#include "common/command_line/options.h"
#include "common/command_line/sweep_argument.h"
#include "coordinator/commands/commands.h"
#include "coordinator/sweep/status.h"

namespace po = boost::program_options;

namespace wcam {

namespace {

// As often as the coordinator writes it.
constexpr std::chrono::seconds kLookEvery{1};

// What Slurm's queue has to do with it, of a sweep that was submitted.
std::string queue_hint(const SweepDirectory& sweep, const Status& status) {
  const std::filesystem::path job = sweep.slurm_coordinator();
  if (!std::filesystem::exists(job) || status.state == "finished") return "";
  if (!status.running)
    return "submitted: as long as job " + first_line(read_file(job)) +
           " waits in Slurm's queue (squeue -u $USER) it goes on by itself\n";
  if (status.workers > 0) return "";
  return "no worker: those that wait are in Slurm's queue (squeue -u $USER); why others ended is in " +
         (sweep.logs() / "slurm-worker-*.log").string() + "\n";
}

std::string text_of(const SweepDirectory& sweep, const Status& status) {
  return printable_lines(describe(status)) + queue_hint(sweep, status);
}

// Until no coordinator runs: the whole text over the earlier one on a terminal, else a line when it changes.
void watch(const SweepDirectory& sweep) {
  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  std::string said;
  for (Status status = read_status(sweep.root);; status = read_status(sweep.root)) {
    const std::string text =
        terminal || !status.running ? text_of(sweep, status) : progress_line(status) + "\n";
    if (terminal) std::cout << "\x1b[H\x1b[2J";
    if (terminal || text != said) std::cout << text << std::flush;
    if (!status.running || !std::cout) return;
    said = text;
    std::this_thread::sleep_for(kLookEvery);
  }
}

}  // namespace

ExitCode status_command(const std::vector<std::string>& arguments) {
  CommandLine line;
  line.usage = "wcam status SWEEP [--json | --watch]";
  line.about = "How far a sweep is and who works for it, while it runs and after.";
  line.example = "wcam status study --json";
  line.options.add_options()                      //
      ("json", po::bool_switch(), "for scripts")  //
      ("watch", po::bool_switch(),
       "again every second, to a file when something has changed, until no coordinator runs");
  take_sweep(line);
  const auto values = parse_command_line(line, arguments);
  if (!values) return ExitCode::kDone;
  const SweepDirectory sweep = sweep_of(*values);
  const bool json = (*values)["json"].as<bool>();
  if ((*values)["watch"].as<bool>()) {
    if (json) throw UsageError("--json and --watch do not go together");
    watch(sweep);
    return ExitCode::kDone;
  }
  const Status status = read_status(sweep.root);
  std::cout << (json ? to_json_text(status) : text_of(sweep, status));
  return ExitCode::kDone;
}

}  // namespace wcam
