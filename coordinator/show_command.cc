#include "coordinator/show_command.h"

#include <boost/program_options/value_semantic.hpp>
#include <iostream>

#include "common/options.h"
#include "coordinator/job_prefix.h"
#include "coordinator/job_report.h"
#include "coordinator/open_sweep.h"
#include "coordinator/sweep_argument.h"

namespace po = boost::program_options;

namespace wcam {

ExitCode show_command(const std::vector<std::string>& arguments) {
  CommandLine line;
  line.usage = "wcam show SWEEP JOB [--json]";
  line.about =
      "What one job is, and each attempt at it: where, when, with what outcome. JOB: the first digits of\n"
      "its id. Of a sweep that no coordinator is running.";
  line.example = "wcam show study 01ed89";
  take_sweep(line);
  line.options.add_options()                                                       //
      ("job", po::value<std::string>()->required(), "the first digits of its id")  //
      ("json", po::bool_switch(), "for scripts");
  line.positional.add("job", 1);
  const auto values = parse_command_line(line, arguments);
  if (!values) return ExitCode::kDone;
  const SweepDirectory sweep = sweep_of(*values);
  plan_of(sweep);
  const std::string prefix = (*values)["job"].as<std::string>();
  const JobRange range = jobs_beginning_with(prefix);
  Database ledger = open_ledger_to_read(sweep);
  const JobId id = only_job(prefix, find_jobs(ledger, range.first, range.last));
  const JobReport job = read_job(ledger, id);
  const std::vector<AttemptReport> attempts = read_attempts(ledger, id);
  std::cout << ((*values)["json"].as<bool>() ? to_json_text(job, attempts) : to_text(job, attempts));
  return ExitCode::kDone;
}

}  // namespace wcam
