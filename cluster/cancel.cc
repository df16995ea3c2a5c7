#include "cluster/cancel.h"

#include <boost/program_options/value_semantic.hpp>
#include <cstdio>
#include <filesystem>

#include "cluster/slurm_jobs.h"
#include "cluster/split_options.h"
#include "common/base/file.h"
#include "common/base/message_text.h"
#include "common/base/process.h"

namespace po = boost::program_options;

namespace wcam {

namespace {

// Without a coordinator. One that runs, or starts, notices by itself, dismisses its workers and cancels those
// that wait; else jobs would wait, perhaps for days, to find nothing to do.
void end_jobs(const SlurmJobs& jobs) {
  const auto queue = jobs.in_queue();
  const auto coordinator = queue.find(jobs.coordinator());
  if (queue.empty() || (coordinator != queue.end() && coordinator->second == "RUNNING")) return;
  write_file_atomically(jobs.finished(), "");
  std::vector<std::string> ids;
  for (const auto& [id, state] : queue) ids.push_back(id);
  if (!SlurmJobs::cancel(ids)) throw InputError("scancel could not end Slurm's jobs " + joined(ids));
  std::printf("Slurm's %s of this sweep (%s) cancelled; `wcam pack` keeps what is done\n",
              ids.size() == 1 ? "job" : "jobs", joined(ids).c_str());
}

}  // namespace

ExitCode cancel(const std::vector<std::string>& arguments) {
  std::vector<std::string> command{sibling_program("wcam-coordinator").string(), "cancel"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  po::options_description known;
  known.add_options()("sweep", po::value<std::string>())("all", po::bool_switch())(
      "job", po::value<std::string>())("case", po::value<std::string>())("image", po::value<std::string>());
  if (help_asked(arguments)) become(command);
  const SplitOptions split = split_options(known, arguments);
  const std::string sweep = split.ours.contains("sweep") ? split.ours["sweep"].as<std::string>()
                            : split.rest.empty()         ? ""
                                                         : split.rest.front();
  const SlurmJobs jobs(sweep);
  if (sweep.empty() || !split.ours["all"].as<bool>() || jobs.coordinator().empty()) become(command);
  const bool served = is_served(sweep);
  if (const Ending ending = run_to_end(command); ending.code != 0 || served)
    return static_cast<ExitCode>(ending.code);
  try {
    end_jobs(jobs);
  } catch (const InputError& e) {
    std::fprintf(stderr,
                 "wcam cancel: %s: jobs that wait in Slurm's queue end when they start, or with scancel\n",
                 e.what());
  }
  return ExitCode::kDone;
}

}  // namespace wcam
