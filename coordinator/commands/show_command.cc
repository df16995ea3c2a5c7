#include <boost/program_options/value_semantic.hpp>
#include <iostream>

#include "common/command_line/options.h"
#include "common/command_line/sweep_argument.h"
#include "coordinator/commands/commands.h"
#include "coordinator/ledger/job_report.h"
#include "coordinator/operate/operator_client.h"

namespace po = boost::program_options;

namespace wcam {

ExitCode show_command(const std::vector<std::string>& arguments) {
  CommandLine line;
  line.usage = "wcam show SWEEP JOB [--json]";
  line.about =
      "What one job is, and each attempt at it: where, when, with what outcome. JOB: the first digits of\n"
      "its id. While the sweep runs or at rest.";
  line.example = "wcam show study 01ed89";
  take_sweep(line);
  line.options.add_options()                                                       //
      ("job", po::value<std::string>()->required(), "the first digits of its id")  //
      ("json", po::bool_switch(), "for scripts");
  line.positional.add("job", 1);
  const auto values = parse_command_line(line, arguments);
  if (!values) return ExitCode::kDone;
  wire::Request request;
  request.mutable_show_job()->set_job((*values)["job"].as<std::string>());
  const wire::JobStory story = carry_out(sweep_of(*values), request).reply.job();
  std::cout << ((*values)["json"].as<bool>() ? to_json_text(story) : to_text(story));
  return ExitCode::kDone;
}

}  // namespace wcam
