#include <unistd.h>

#include <boost/program_options/value_semantic.hpp>

#include "common/base/error.h"
#include "common/base/log.h"
#include "common/base/sweep_directory.h"
#include "common/command_line/options.h"
#include "common/wire/keys.h"
#include "worker/commands/commands.h"
#include "worker/jobs/compute_options.h"
#include "worker/jobs/local_paths.h"
#include "worker/jobs/worker.h"
#include "worker/protocol/curve_probe.h"

namespace po = boost::program_options;

namespace wcam {

namespace {

CommandLine command_line() {
  CommandLine line;
  line.usage = "wcam-worker run --sweep DIR | --collect --coordinator tcp://HOST:PORT --key FILE [options]";
  line.about =
      "Serves the sweep's coordinator until there is nothing left to do. `wcam run` starts workers by "
      "itself.";
  line.example = "wcam-worker run --sweep study --device cuda:1";
  line.options.add_options()  //
      ("sweep", po::value<std::string>()->value_name("DIR")->default_value("", "none"),
       "directory of the sweep")  //
      ("collect", po::bool_switch(),
       "send results to the coordinator, which stores them: no file system has to be shared")  //
      ("coordinator", po::value<std::string>()->default_value(""),
       "tcp://HOST:PORT; default: as DIR says")  //
      ("key", po::value<std::string>()->value_name("FILE"),
       "this worker's key file; default: DIR/keys/worker.key")                               //
      ("insecure", po::bool_switch(), "no key, no encryption: as the coordinator was told")  //
      ("model-memory", po::value<int>()->default_value(1024),
       "MiB of weights kept loaded, 0 to 1048576; 0: those in use only")  //
      ("hand-in", po::value<int>()->default_value(30),
       "seconds a result may wait before it is stored, 0 to 3600")  //
      ("patience", po::value<int>()->default_value(600),
       "seconds without a coordinator before giving up, 1 to 1000000")                    //
      ("log", po::value<std::string>()->value_name("FILE"), "log file; default: stderr")  //
      ("verbose", po::bool_switch(), "log more");
  line.options.add(compute_options()).add(local_path_options());
  return line;
}

std::optional<std::filesystem::path> key_file(const po::variables_map& values, const SweepDirectory& sweep) {
  const bool given = values.contains("key");
  if (values["insecure"].as<bool>()) {
    if (given) throw UsageError("--key and --insecure exclude each other");
    return std::nullopt;
  }
  if (given) return values["key"].as<std::string>();
  return sweep.worker_key(std::string(kDefaultWorkerKey));
}

bool has_all_that_a_sweep_would_tell(const po::variables_map& values) {
  return values["collect"].as<bool>() && !values["coordinator"].as<std::string>().empty() &&
         (values.contains("key") || values["insecure"].as<bool>());
}

}  // namespace

ExitCode run_command(const Arguments& arguments) {
  const auto values = parse_command_line(command_line(), arguments);
  if (!values) return ExitCode::kDone;
  WorkerOptions options;
  options.sweep = (*values)["sweep"].as<std::string>();
  options.collect = (*values)["collect"].as<bool>();
  options.coordinator = (*values)["coordinator"].as<std::string>();
  if (options.sweep.empty() && !has_all_that_a_sweep_would_tell(*values))
    throw UsageError(
        "--sweep DIR is missing; without it --collect, --coordinator and --key (or --insecure) are needed");
  if (!options.coordinator.empty()) check_endpoint(options.coordinator);
  options.key = key_file(*values, SweepDirectory{options.sweep});
  options.compute = compute_settings(*values);
  if (options.compute.form.is_open())
    throw UsageError(
        "--form auto and --batch-size auto are not for workers: all of a sweep compute in one form; "
        "`wcam tune` says which is fastest");
  options.model_bytes = static_cast<std::uint64_t>(in_range(*values, "model-memory", 0, 1 << 20)) << 20;
  options.paths = local_paths_of(*values);
  options.hand_in = std::chrono::seconds{in_range(*values, "hand-in", 0, 3600)};
  options.patience = std::chrono::seconds{in_range(*values, "patience", 1, 1'000'000)};
  if (values->contains("log")) options.log = (*values)["log"].as<std::string>();
  start_logging("wcam-worker", options.log, (*values)["verbose"].as<bool>());
  try {
    return run_worker(options);
  } catch (const std::exception& e) {  // stderr has it from run_main()
    if (options.log) append_to_log(*options.log, "error", "wcam-worker", ::getpid(), e.what());
    throw;
  }
}

}  // namespace wcam
