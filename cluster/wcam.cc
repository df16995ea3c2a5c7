// The `wcam` command: finds the program that owns a verb and becomes it; `wcam run` launches a whole sweep.
#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "cluster/cancel.h"
#include "cluster/local.h"
#include "cluster/split_options.h"
#include "cluster/submit.h"
#include "common/base/error.h"
#include "common/base/host.h"
#include "common/base/message_text.h"
#include "common/base/process.h"
#include "common/base/shell.h"
#include "common/base/sweep_directory.h"
#include "common/command_line/devices.h"
#include "common/command_line/options.h"
#include "common/command_line/sweep_argument.h"
#include "common/command_line/verbs.h"
#include "common/command_line/verdicts.h"
#include "common/study/sweep_options.h"

namespace po = boost::program_options;

namespace wcam {
namespace {

ExitCode become_program(const std::string& program, const Arguments& words) {
  Arguments command{sibling_program(program).string()};
  command.insert(command.end(), words.begin(), words.end());
  become(command);
}

Arguments with_verb(const std::string& verb, Arguments rest) {
  rest.insert(rest.begin(), verb);
  return rest;
}

CommandLine run_command_line() {
  CommandLine line;
  line.usage = "wcam run --images DIR --models models.json --sweep DIR [options]";
  line.about =
      "Runs a sweep on this machine, or resumes it: a coordinator, some workers, then figures 4 and 5.\n"
      "Options that are not its own go to the coordinator.";
  line.example =
      "wcam run --images photos --models models.json --perturbation corruptions --cases baseline,augmix "
      "--sweep study --workers 2";
  line.options.add_options()  //
      ("sweep", po::value<std::string>()->value_name("DIR")->required(),
       "directory of the sweep, made if it is not there")                                      //
      ("threads", po::value<int>()->default_value(1), "threads of each worker")                //
      ("batch-size", po::value<int>()->default_value(8), "images per forward: bounds memory")  //
      ("model-memory", po::value<int>(),
       "MiB of weights each worker keeps loaded; default: a quarter of this machine's memory shared among "
       "them, 256 at least, with GPUs 4096 at most")  //
      ("hand-in", po::value<int>()->default_value(30),
       "seconds a result may wait before it is stored: what a crash costs")                         //
      ("insecure", po::bool_switch(), "no encryption and no keys between coordinator and workers")  //
      ("no-figures", po::bool_switch(), "stop before packing results and drawing");
  line.options.add(crew_options());
  return line;
}

// Of one worker. A quarter leaves room for activations and for the images the system caches; 256 MiB hold two
// ResNet-50, so that also many workers on a small machine keep one while the next is loaded. A GPU has memory
// of its own, unknown here: 4 GiB are forty ResNet-50 and leave most of it to activations.
int model_memory(const po::variables_map& values, const LocalSweep& sweep) {
  if (values.contains("model-memory")) return in_range(values, "model-memory", 0, 1 << 20);
  const auto is_cpu = [](const std::string& device) { return device == "cpu"; };
  const std::uint64_t most = std::all_of(sweep.devices.begin(), sweep.devices.end(), is_cpu) ? 1 << 20 : 4096;
  const std::uint64_t share = memory_bytes() / 4 / static_cast<std::uint64_t>(sweep.workers) >> 20;
  return static_cast<int>(std::clamp<std::uint64_t>(share, 256, most));
}

ExitCode run(const Arguments& arguments) {
  CommandLine line = run_command_line();
  if (const auto asked = help_asked(arguments)) {
    line.options.add(serve_options()).add(study_options());
    parse_command_line(line, {*asked});
    return ExitCode::kDone;
  }
  po::options_description all;
  refuse_unknown_options(all.add(line.options).add(serve_options()).add(study_options()), arguments);
  const SplitOptions split_arguments = split_options(line.options, arguments);
  po::variables_map values = split_arguments.ours;
  po::notify(values);
  LocalSweep sweep;
  sweep.sweep = sweep_of(values).root;
  sweep.devices = devices_of(values);
  sweep.workers = workers_of(values, sweep.devices);
  // The same bounds as the worker's own: a mistake shows before anything is started.
  sweep.worker_options = {"--threads",      std::to_string(in_range(values, "threads", 1, 256)),
                          "--batch-size",   std::to_string(in_range(values, "batch-size", 1, 1024)),
                          "--hand-in",      std::to_string(in_range(values, "hand-in", 0, 3600)),
                          "--model-memory", std::to_string(model_memory(values, sweep))};
  sweep.coordinator_options = split_arguments.rest;
  sweep.coordinator_options.insert(sweep.coordinator_options.end(), {"--sweep", sweep.sweep.string()});
  if (values["insecure"].as<bool>())
    for (Arguments* options : {&sweep.coordinator_options, &sweep.worker_options})
      options->emplace_back("--insecure");
  const po::variables_map everything = split_options(all, arguments).ours;
  const bool only_prepared = everything["prepare"].as<bool>();
  sweep.figures = !only_prepared && !values["no-figures"].as<bool>();
  sweep.page = everything.contains("http");
  if (!only_prepared) check_usable(sweep.devices);
  const bool is_new = !std::filesystem::exists(SweepDirectory{sweep.sweep}.plan());
  ::setenv(kTypedCommand, line_from_here("wcam run", arguments).c_str(), 1);
  const ExitCode code = run_local_sweep(sweep);
  if (only_prepared && code == ExitCode::kDone)
    std::printf("%s: %s; `wcam run --sweep %s` goes on\n", sweep.sweep.c_str(),
                is_new ? "prepared, nothing begun" : "is there already", sweep.sweep.c_str());
  return code;
}

// What concerns devices the worker knows, what concerns files the coordinator.
ExitCode doctor(const Arguments& arguments) {
  CommandLine line;
  line.usage =
      "wcam doctor [--devices cpu,cuda:0,...] [--sweep DIR | --coordinator tcp://HOST:PORT --key FILE]";
  line.about =
      "Whether this host is fit for a sweep, a verdict a line: ok, warn or FAIL with the remedy. Computes a "
      "known\n"
      "WCAM on every device, and tries in DIR what a sweep does with files. On a cluster run it on a GPU "
      "node,\n"
      "and while a sweep runs too. Exit status: 0, or 3 when something failed.";
  line.example = "srun --gpus 1 wcam doctor --sweep study";
  line.options.add_options()                                                                              //
      ("devices", po::value<std::string>(), "cpu, cuda:0, ...; default: cpu and every GPU that is seen")  //
      ("sweep", po::value<std::string>()->value_name("DIR"),
       "folder that is, or will be, a sweep's; default: this folder, and no coordinator is asked for")  //
      ("coordinator", po::value<std::string>()->value_name("tcp://HOST:PORT"),
       "for a host that does not see that folder: would this coordinator let a worker in?")  //
      ("key", po::value<std::string>()->value_name("FILE"), "the key file that the worker would have");
  const auto values = parse_command_line(line, arguments);
  if (!values) return ExitCode::kDone;
  Arguments computing{sibling_program("wcam-worker").string(), "doctor"},
      keeping{sibling_program("wcam-coordinator").string(), "doctor"};
  if (values->contains("devices"))
    computing.insert(computing.end(), {"--devices", joined(devices_of(*values))});
  if (values->contains("sweep"))
    for (Arguments* command : {&computing, &keeping})
      command->insert(command->end(), {"--sweep", sweep_of(*values).root.string()});
  const bool remote = values->contains("coordinator");
  if (remote && values->contains("sweep")) throw UsageError("--sweep and --coordinator exclude each other");
  if (values->contains("key") && !remote) throw UsageError("--key goes with --coordinator");
  for (const char* option : {"coordinator", "key"})
    if (values->contains(option))
      computing.insert(computing.end(), {std::string("--") + option, (*values)[option].as<std::string>()});
  int code = 0;
  try {
    code = run_to_end(computing).code;
  } catch (const std::system_error& e) {  // a login node may have no worker
    Verdicts().warn("worker", std::string(e.what()) + ": nothing can be computed here");
    if (remote) return ExitCode::kBadInput;
  }
  if (code == static_cast<int>(ExitCode::kUsage) || remote) return static_cast<ExitCode>(code);
  return static_cast<ExitCode>(std::max(code, run_to_end(keeping).code));
}

ExitCode plot(const Arguments& arguments) { return become_program("wcam-plot", arguments); }

ExitCode hand_on(const VerbEntry& verb, const Arguments& rest) {
  return become_program(verb.program, with_verb(verb.name, rest));
}

// The others are handed on to the programs that act on them.
constexpr VerbAction kActions[] = {
    {"run", run}, {"submit", submit}, {"doctor", doctor}, {"cancel", cancel}, {"plot", plot},
};

constexpr VerbProgram kProgram{"wcam", "how distribution shift moves what image classifiers rest on",
                               "wcam explain cat.jpg --model resnet50.pt --out cat.h5 --figure cat-wcam.png",
                               kActions, hand_on};
static_assert(acts_on_its_verbs(kProgram));

}  // namespace
}  // namespace wcam

int main(int argc, char** argv) { return wcam::run_verbs(wcam::kProgram, argc, argv); }
