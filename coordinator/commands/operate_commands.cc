#include <boost/program_options/value_semantic.hpp>
#include <filesystem>
#include <iostream>

#include "common/base/printable.h"
#include "common/command_line/options.h"
#include "common/command_line/sweep_argument.h"
#include "coordinator/commands/commands.h"
#include "coordinator/operate/operator_client.h"

namespace po = boost::program_options;

namespace wcam {

namespace {

ExitCode act(const SweepDirectory& sweep, const wire::Request& request) {
  const auto [reply, running] = carry_out(sweep, request);
  std::cout << printable(reply.report().summary());
  const bool goes_on = request.has_resume() || request.has_retry();
  if (reply.report().changed() && !running && goes_on)
    std::cout << ": `wcam " << (std::filesystem::exists(sweep.slurm()) ? "submit" : "run") << " --sweep "
              << sweep.root.string() << "` goes on";
  std::cout << "\n";
  for (const std::string& line : reply.report().details()) std::cout << printable(line) << "\n";
  return ExitCode::kDone;
}

void take_choice(CommandLine& line, const char* jobs, const char* cases, const char* images) {
  line.options.add_options()                     //
      ("job", po::value<std::string>(), jobs)    //
      ("case", po::value<std::string>(), cases)  //
      ("image", po::value<std::string>(), images);
}

void fill_choice(wire::JobSelector& choice, const po::variables_map& values) {
  for (const std::string& id : list_of(values, "job")) choice.add_jobs(id);
  for (const std::string& name : list_of(values, "case")) choice.add_cases(name);
  // One, as it is: a path may have commas.
  if (values.contains("image")) choice.add_images(values["image"].as<std::string>());
}

}  // namespace

ExitCode pause_command(const std::vector<std::string>& arguments) {
  CommandLine line;
  line.usage = "wcam pause SWEEP";
  line.about =
      "Nothing more is handed out until `wcam resume`, also by a coordinator that starts meanwhile; what\n"
      "workers have in hand they finish and store. While the sweep runs or at rest.";
  line.example = "wcam pause study";
  take_sweep(line);
  const auto values = parse_command_line(line, arguments);
  if (!values) return ExitCode::kDone;
  wire::Request request;
  request.mutable_pause();
  return act(sweep_of(*values), request);
}

ExitCode resume_command(const std::vector<std::string>& arguments) {
  CommandLine line;
  line.usage = "wcam resume SWEEP";
  line.about =
      "Ends what `wcam pause` began. While the sweep runs or at rest; `wcam run` starts one at rest.";
  line.example = "wcam resume study";
  take_sweep(line);
  const auto values = parse_command_line(line, arguments);
  if (!values) return ExitCode::kDone;
  wire::Request request;
  request.mutable_resume();
  return act(sweep_of(*values), request);
}

ExitCode drain_command(const std::vector<std::string>& arguments) {
  CommandLine line;
  line.usage = "wcam drain SWEEP WORKER";
  line.about =
      "Lets one worker go: it gets no more jobs, gives back what it has not begun, hands in the rest and "
      "ends\n"
      "with status 0. `wcam run` does not start another in its place. WORKER: how its name begins, as\n"
      "`wcam status` lists it.";
  line.example = "wcam drain study worker.3fa24c01";
  take_sweep(line);
  line.options.add_options()("worker", po::value<std::string>()->required(), "how its name begins");
  line.positional.add("worker", 1);
  const auto values = parse_command_line(line, arguments);
  if (!values) return ExitCode::kDone;
  wire::Request request;
  request.mutable_drain()->set_worker((*values)["worker"].as<std::string>());
  return act(sweep_of(*values), request);
}

ExitCode cancel_command(const std::vector<std::string>& arguments) {
  CommandLine line;
  line.usage = "wcam cancel SWEEP --job ID,... | --case NAME,... | --image PATH | --all";
  line.about =
      "What has not been done of these is not to be done; `wcam retry` puts it back. Workers drop what they\n"
      "have not begun. What is done stays. While the sweep runs or at rest.";
  line.example = "wcam cancel study --case vit";
  take_choice(line,
              "these, by the first digits of their ids; a predict job takes its image with it, which cannot "
              "be decided without",
              "WCAMs under these, those of images selected later too; predictions go on, or no image could "
              "be decided",
              "all that is left of this image, named as `wcam jobs` does; one that is not decided yet is set "
              "aside");
  line.options.add_options()("all", po::bool_switch(), "all that is left: the sweep is then finished");
  take_sweep(line);
  const auto values = parse_command_line(line, arguments);
  if (!values) return ExitCode::kDone;
  wire::Request request;
  wire::JobSelector& choice = *request.mutable_cancel()->mutable_choice();
  choice.set_all((*values)["all"].as<bool>());
  fill_choice(choice, *values);
  return act(sweep_of(*values), request);
}

ExitCode retry_command(const std::vector<std::string>& arguments) {
  CommandLine line;
  line.usage = "wcam retry SWEEP [--failed | --damaged | --job ID,... | --case NAME,... | --image PATH]";
  line.about =
      "Puts back what was set aside or cancelled, in one act: each job is tried again as often as a new "
      "one.\n"
      "While the sweep runs, or at rest for the next `wcam run --sweep SWEEP`.";
  line.example = "wcam retry study --case vit";
  line.options.add_options()("failed", po::bool_switch(),
                             "what was set aside alone; without options, what was cancelled too")(
      "damaged", po::bool_switch(),
      "what `wcam verify` finds damaged or gone among the results; not while the sweep runs");
  take_choice(line, "these, by the first digits of their ids", "what was set aside or cancelled under these",
              "what was set aside or cancelled of this image, named as `wcam jobs` does");
  take_sweep(line);
  const auto values = parse_command_line(line, arguments);
  if (!values) return ExitCode::kDone;
  wire::Request request;
  wire::JobSelector& choice = *request.mutable_retry()->mutable_choice();
  if ((*values)["damaged"].as<bool>()) {
    for (const char* other : {"failed", "job", "case", "image"})
      if (values->contains(other) && !(*values)[other].defaulted())
        throw UsageError("--damaged and --" + std::string(other) + " exclude each other");
    return retry_damaged(sweep_of(*values));
  }
  choice.set_failed((*values)["failed"].as<bool>());
  fill_choice(choice, *values);
  if (!choice.failed() && choice.jobs().empty() && choice.cases().empty() && choice.images().empty())
    choice.set_all(true);
  return act(sweep_of(*values), request);
}

}  // namespace wcam
