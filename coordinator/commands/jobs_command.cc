#include <boost/program_options/value_semantic.hpp>
#include <iostream>

#include "common/command_line/options.h"
#include "common/command_line/sweep_argument.h"
#include "coordinator/commands/commands.h"
#include "coordinator/ledger/job_report.h"
#include "coordinator/operate/operator_client.h"

namespace po = boost::program_options;

namespace wcam {

ExitCode jobs_command(const std::vector<std::string>& arguments) {
  CommandLine line;
  line.usage = "wcam jobs SWEEP [--state STATE] [--kind KIND] [--case NAME] [--limit N] [--json]";
  line.about =
      "Lists the jobs of a sweep, while it runs (2,000 at most) or at rest; `wcam show` tells more of one.";
  line.example = "wcam jobs study --state failed";
  line.options.add_options()  //
      ("state", po::value<std::string>(),
       "waiting|leased|done|set_aside|cancelled|failed; failed is set_aside")     //
      ("kind", po::value<std::string>(), "predict|explain")                       //
      ("case", po::value<std::string>(), "of this case")                          //
      ("limit", po::value<int>()->default_value(100), "so many at most; 0: all")  //
      ("json", po::bool_switch(), "for scripts");
  take_sweep(line);
  const auto values = parse_command_line(line, arguments);
  if (!values) return ExitCode::kDone;
  wire::Request request;
  wire::ListJobs& asked = *request.mutable_list_jobs();
  const auto text = [&](const char* name) {
    return values->contains(name) ? (*values)[name].as<std::string>() : "";
  };
  asked.set_state(text("state"));
  asked.set_kind(text("kind"));
  asked.set_case_name(text("case"));
  asked.set_limit(static_cast<std::uint32_t>(in_range(*values, "limit", 0, 1'000'000'000)));
  const auto [reply, running] = carry_out(sweep_of(*values), request);
  const wire::JobList& list = reply.jobs();
  std::cout << ((*values)["json"].as<bool>() ? to_json_text(list) : to_text(list));
  const auto listed = static_cast<std::uint64_t>(list.jobs_size());
  if (listed < list.matching())
    std::cerr << listed << " of " << list.matching() << " jobs; --limit 0 lists all"
              << (running ? " when no coordinator runs, 2,000 while one does" : "") << "\n";
  return ExitCode::kDone;
}

}  // namespace wcam
