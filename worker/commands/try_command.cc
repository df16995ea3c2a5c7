#include <boost/program_options/value_semantic.hpp>

#include "common/base/file.h"
#include "common/command_line/options.h"
#include "common/study/plan.h"
#include "worker/commands/commands.h"
#include "worker/models/device.h"
#include "worker/models/memory.h"
#include "worker/models/model.h"

namespace po = boost::program_options;

namespace wcam {

namespace {

CommandLine command_line() {
  CommandLine line;
  line.usage = "wcam-worker try [PLAN.json] [--device cuda:N]";
  line.about =
      "Whether LibTorch sees a device. With a plan, loads the network of every case on this processor and "
      "runs\n"
      "it on two pictures. `wcam run` and `wcam submit` do it by themselves before a sweep is made.";
  line.example = "wcam-worker try study/plan.json";
  line.options.add_options()                                                                             //
      ("plan", po::value<std::string>()->value_name("FILE"), "plan.json (may be given without --plan)")  //
      ("device", po::value<std::string>()->default_value("cpu"), "cpu or cuda:N");
  line.positional.add("plan", 1);
  return line;
}

}  // namespace

ExitCode try_command(const Arguments& arguments) {
  const auto values = parse_command_line(command_line(), arguments);
  if (!values) return ExitCode::kDone;
  parse_device((*values)["device"].as<std::string>());
  if (!values->contains("plan")) return ExitCode::kDone;
  const std::string file = (*values)["plan"].as<std::string>();
  const Plan plan = plan_from_json_text(read_file(file), file);
  prepare_torch(1);
  for (const CaseSpec& spec : plan.cases) try {
      Model::load(spec, "cpu");
    } catch (const FailsOnDevice&) {  // a network for GPUs, or too large for this host: its workers will see
    } catch (const OutOfMemory&) {
    }
  return ExitCode::kDone;
}

}  // namespace wcam
