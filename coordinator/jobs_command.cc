#include "coordinator/jobs_command.h"

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <iostream>

#include "common/joined.h"
#include "common/options.h"
#include "coordinator/job_report.h"
#include "coordinator/job_table.h"
#include "coordinator/open_sweep.h"
#include "coordinator/sweep_argument.h"

namespace po = boost::program_options;

namespace wcam {

namespace {

void check_known(const std::string& option, const std::string& value, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), value) == known.end())
    throw UsageError("--" + option + " '" + value + "' is none of " + joined(known));
}

JobFilter filter_of(const po::variables_map& values, const Plan& plan) {
  JobFilter filter;
  if (values.contains("state")) {
    filter.state = values["state"].as<std::string>();
    check_known("state", filter.state, {"waiting", "leased", "done", "set_aside", "cancelled", "failed"});
    if (filter.state == "failed") filter.state = to_string(JobState::kSetAside);
  }
  if (values.contains("kind")) {
    filter.kind = values["kind"].as<std::string>();
    check_known("kind", filter.kind, {to_string(JobKind::kPredict), to_string(JobKind::kExplain)});
  }
  if (values.contains("case")) {
    filter.case_name = values["case"].as<std::string>();
    std::vector<std::string> cases;
    for (const CaseSpec& c : plan.cases) cases.push_back(c.name);
    check_known("case", filter.case_name, cases);
  }
  filter.limit = static_cast<std::size_t>(in_range(values, "limit", 0, 1'000'000'000));
  return filter;
}

}  // namespace

ExitCode jobs_command(const std::vector<std::string>& arguments) {
  CommandLine line;
  line.usage = "wcam jobs SWEEP [--state STATE] [--kind KIND] [--case NAME] [--limit N] [--json]";
  line.about = "Lists the jobs of a sweep that no coordinator is running; `wcam show` tells more of one.";
  line.example = "wcam jobs study --state failed";
  line.options.add_options()                                                                            //
      ("state", po::value<std::string>(), "waiting, leased, done, set_aside (or failed) or cancelled")  //
      ("kind", po::value<std::string>(), "predict or explain")                                          //
      ("case", po::value<std::string>(), "of this case")                                                //
      ("limit", po::value<int>()->default_value(100), "so many at most; 0: all")                        //
      ("json", po::bool_switch(), "for scripts");
  take_sweep(line);
  const auto values = parse_command_line(line, arguments);
  if (!values) return ExitCode::kDone;
  const SweepDirectory sweep = sweep_of(*values);
  const JobFilter filter = filter_of(*values, plan_of(sweep));
  Database ledger = open_ledger_to_read(sweep);
  std::size_t matching = 0;
  const std::vector<JobReport> jobs = list_jobs(ledger, filter, matching);
  std::cout << ((*values)["json"].as<bool>() ? to_json_text(jobs) : to_text(jobs));
  if (jobs.size() < matching)
    std::cerr << jobs.size() << " of " << matching << " jobs; --limit 0 lists all\n";
  return ExitCode::kDone;
}

}  // namespace wcam
