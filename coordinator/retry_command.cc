#include "coordinator/retry_command.h"

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <iostream>
#include <optional>

#include "common/joined.h"
#include "common/options.h"
#include "coordinator/job_prefix.h"
#include "coordinator/open_sweep.h"
#include "coordinator/retry.h"
#include "coordinator/status.h"
#include "coordinator/sweep_argument.h"

namespace po = boost::program_options;

namespace wcam {

namespace {

CommandLine command_line() {
  CommandLine line;
  line.usage = "wcam retry SWEEP [--failed | --job ID,... | --case NAME,...]";
  line.about =
      "Puts back what was set aside, in one act: each job is tried again as often as a new one, and\n"
      "`wcam run --sweep SWEEP` does it. Not while the sweep runs.";
  line.example = "wcam retry study --case vit";
  line.options.add_options()                                                          //
      ("failed", po::bool_switch(), "all that is set aside; so without options too")  //
      ("job", po::value<std::string>(), "these, by the first digits of their ids")    //
      ("case", po::value<std::string>(), "what was set aside under these");
  take_sweep(line);
  return line;
}

JobId job_named(const SweepState& state, const std::string& prefix) {
  const JobRange range = jobs_beginning_with(prefix);
  std::vector<JobId> found;
  for (const auto& [id, job] : state.jobs().all())
    if (range.first <= id && id <= range.last) found.push_back(id);
  return only_job(prefix, found);
}

RetryRequest request_of(const po::variables_map& values, const SweepState& state) {
  RetryRequest request;
  for (const std::string& prefix : list_of(values, "job")) request.jobs.insert(job_named(state, prefix));
  const auto& cases = state.plan().cases;
  for (const std::string& name : list_of(values, "case")) {
    const auto found =
        std::find_if(cases.begin(), cases.end(), [&](const CaseSpec& c) { return c.name == name; });
    if (found == cases.end())
      throw UsageError("--case: no '" + name + "' in this sweep; it has " + joined(cases, &CaseSpec::name));
    request.cases.insert(static_cast<std::uint16_t>(found - cases.begin()));
  }
  return request;
}

void print(const std::vector<std::string>& lines, const char* heading) {
  constexpr std::size_t kShown = 20;
  for (std::size_t i = 0; i < std::min(lines.size(), kShown); ++i)
    std::cout << heading << ": " << lines[i] << "\n";
  if (lines.size() > kShown) std::cout << heading << ": and " << lines.size() - kShown << " more\n";
}

}  // namespace

ExitCode retry_command(const std::vector<std::string>& arguments) {
  const auto values = parse_command_line(command_line(), arguments);
  if (!values) return ExitCode::kDone;
  if (values->count("job") + values->count("case") + ((*values)["failed"].as<bool>() ? 1U : 0U) > 1)
    throw UsageError("--failed, --job and --case do not go together");
  const SweepDirectory sweep = sweep_of(*values);
  const Plan plan = plan_of(sweep);
  std::optional<Ledger> ledger;
  open_begun_ledger(ledger, sweep);
  const SweepState state = ledger->load(plan);
  const Retry retry = plan_retry(state, request_of(*values, state));
  ledger->commit(retry.events);
  ledger.reset();
  if (retry.events.empty()) {
    std::cout << "nothing to retry\n";
  } else {
    write_resumable_status(sweep);
    std::cout << counted(retry.images, "image") << " and " << counted(retry.jobs, "job")
              << " put back: `wcam run --sweep " << sweep.root.string() << "` does them\n";
  }
  print(retry.put_back, "put back");
  print(retry.left, "left");
  return ExitCode::kDone;
}

}  // namespace wcam
