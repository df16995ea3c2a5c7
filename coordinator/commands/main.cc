// wcam-coordinator: one sweep's coordinator, and what can be asked of a sweep without one.
#include <boost/program_options/value_semantic.hpp>
#include <iostream>

#include "common/base/error.h"
#include "common/base/joined.h"
#include "common/base/sweep_directory.h"
#include "common/command_line/options.h"
#include "common/command_line/sweep_argument.h"
#include "common/command_line/verbs.h"
#include "common/store/pack.h"
#include "coordinator/commands/doctor_command.h"
#include "coordinator/commands/interrupts.h"
#include "coordinator/commands/jobs_command.h"
#include "coordinator/commands/keys_command.h"
#include "coordinator/commands/operate_commands.h"
#include "coordinator/commands/plan_command.h"
#include "coordinator/commands/repair_command.h"
#include "coordinator/commands/run_command.h"
#include "coordinator/commands/show_command.h"
#include "coordinator/commands/status_command.h"
#include "coordinator/commands/verify_command.h"

namespace wcam {
namespace {

ExitCode pack_results(const Arguments& arguments) {
  CommandLine line;
  line.usage = "wcam-coordinator pack SWEEP";
  line.about = "Merges the segments of a sweep into its results.h5, every job once. While it runs or after.";
  line.example = "wcam-coordinator pack study";
  take_sweep(line);
  const auto values = parse_command_line(line, arguments);
  if (!values) return ExitCode::kDone;
  const SweepDirectory directory = sweep_of(*values);
  const PackReport report = pack(directory.root);
  std::cout << directory.results().string() << ": " << counted(report.profiles, "WCAM") << ", "
            << counted(report.predictions, "prediction") << ", " << counted(report.images, "image") << "; "
            << counted(report.segments, "new segment") << " merged, "
            << counted(report.duplicates, "duplicate") << " left out\n";
  return ExitCode::kDone;
}

constexpr Verb kVerbs[] = {
    {"run", "make or resume a sweep and serve its jobs to workers", run_command},
    {"doctor", "whether a sweep would be safe in a folder and found on this host",
     coordinator_doctor_command},
    {"plan", "what run would do, and what it costs",
     [](const Arguments& rest) { return plan_command(rest, count_interrupts()); }},
    {"status", "how far a sweep is", status_command},
    {"jobs", "the jobs of a sweep, listed", jobs_command},
    {"show", "one job and every attempt at it", show_command},
    {"pause", "hand nothing more out until resume", pause_command},
    {"resume", "go on after pause", resume_command},
    {"drain", "let one worker finish and go", drain_command},
    {"cancel", "give up jobs, a case, an image or all that is left", cancel_command},
    {"retry", "put back what was set aside or cancelled", retry_command},
    {"verify", "whether ledger and results of a sweep are sound", verify_command},
    {"repair", "mend the ledger from what is stored, or make it anew", repair_command},
    {"keys", "the keys of a sweep's coordinator and workers: make, add, revoke, list", keys_command},
    {"pack", "merge a sweep's segments into results.h5", pack_results},
};

}  // namespace
}  // namespace wcam

int main(int argc, char** argv) {
  return wcam::run_verbs(
      {"wcam-coordinator", "who decides what is computed next",
       "wcam-coordinator run --images photos --models models.json --cases baseline,augmix --sweep study",
       wcam::kVerbs},
      argc, argv);
}
