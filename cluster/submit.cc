#include "cluster/submit.h"

#include <algorithm>
#include <array>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <cstdio>
#include <optional>
#include <sstream>

#include "cluster/slurm.h"
#include "cluster/slurm_jobs.h"
#include "cluster/split_options.h"
#include "common/base/file.h"
#include "common/base/message_text.h"
#include "common/base/process.h"
#include "common/base/shell.h"
#include "common/base/sweep_directory.h"
#include "common/command_line/options.h"
#include "common/command_line/sweep_argument.h"
#include "common/study/sweep_options.h"

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace wcam {

namespace {

CommandLine command_line() {
  const auto number = [](int value) { return po::value<int>()->default_value(value); };
  const auto text = [] { return po::value<std::string>()->default_value(""); };
  CommandLine line;
  line.usage = "wcam submit --images DIR --models models.json --sweep DIR --gpus N [options]";
  line.about =
      "Runs a sweep on a Slurm cluster, or resumes it: one job for the coordinator, an array of jobs for "
      "the\n"
      "workers, a GPU each. Nothing has to stay open: `wcam status DIR` tells how far it is. Options that\n"
      "are not its own say what to compute, as for `wcam run`. Of a sweep that was submitted before, what "
      "is\n"
      "not said is as it was then.";
  line.example =
      "wcam submit --images photos --models models.json --cases baseline,augmix --sweep study --gpus 16 "
      "--partition gpu --time 04:00:00 --until-done 10";
  line.options.add_options()  //
      ("sweep", po::value<std::string>()->value_name("DIR")->required(),
       "directory of the sweep, on a file system that all nodes see")           //
      ("gpus", number(0), "workers with a GPU each, 1 to 10000")                //
      ("cpu-workers", number(0), "instead: workers without a GPU, 1 to 10000")  //
      ("join", po::bool_switch(),
       "only add workers to a sweep that was submitted")  //
      ("dry-run", po::bool_switch(),
       "check as ever and print the batch scripts; write and submit nothing")  //
      ("until-done", number(0),
       "times that a job whose time is up goes back to the queue, 0 to 1000; 0: the sweep then rests "
       "until it is submitted again")                                                                 //
      ("notice", number(120), "seconds before a time limit at which a job begins to end, 1 to 3600")  //
      ("time", text(), "time limit of each job, as Slurm takes it")                                   //
      ("partition", text(), "of all jobs")                                                            //
      ("account", text(), "of all jobs")                                                              //
      ("coordinator-partition", text(),
       "of the coordinator, which needs no GPU: where the workers' takes no job without")  //
      ("coordinator-account", text(), "of the coordinator")                                //
      ("constraint", text(), "of the workers' nodes")                                      //
      ("gpu-type", text(), "as the cluster calls it, e.g. a100; default: any")             //
      ("cpus", number(4), "of each worker: its threads, 1 to 256")                         //
      ("mem", text(), "memory of each worker, e.g. 16G; default: the cluster's")           //
      ("array-limit", number(0), "workers at once; 0: as many as the cluster gives")       //
      ("sbatch", po::value<std::vector<std::string>>()->default_value({}, ""),
       "more for sbatch, e.g. --sbatch=--qos=long; may be repeated")  //
      ("coordinator-sbatch", po::value<std::vector<std::string>>()->default_value({}, ""),
       "instead of these for the coordinator, e.g. --coordinator-sbatch=--time=7-0; may be repeated")  //
      ("container", text()->value_name("FILE"),
       "Apptainer image that the programs are in and run in, e.g. wcam.sif")  //
      ("bind", po::value<std::string>()->default_value("tcp://*:*"),
       "where the coordinator listens: an address, an interface, as tcp://ib0:*, or * for all")           //
      ("lease-seconds", number(60), "silence after which a worker's jobs go to others, 1 to 86400")       //
      ("max-attempts", number(3), "failures, or lost workers, after which a job is set aside, 1 to 100")  //
      ("stage", text()->value_name("DIR"),
       "folder on a local disk of each node, e.g. '/tmp/$USER-wcam': models and images are copied there "
       "first")  //
      ("collect", po::bool_switch(),
       "workers send results to the coordinator, which stores them: they write nothing but logs to the "
       "sweep's folder")                                                                       //
      ("speculate", po::bool_switch(), "as for `wcam run`")                                    //
      ("batch-size", number(8), "images per forward, 1 to 1024")                               //
      ("model-memory", number(4096), "MiB of weights each worker keeps loaded, 0 to 1048576")  //
      ("hand-in", number(30),
       "seconds a result may wait before it is stored, 0 to 3600: what a crash costs; longer makes fewer "
       "files")  //
      ("no-figures", po::bool_switch(), "stop after packing results");
  return line;
}

SlurmSweep::Words words_of(const po::variables_map& values, const std::string& role) {
  return {values[role + "partition"].as<std::string>(), values[role + "account"].as<std::string>(),
          values[role + "sbatch"].as<std::vector<std::string>>()};
}

SlurmSweep slurm_sweep(const po::variables_map& values) {
  const auto text = [&](const char* option) { return values[option].as<std::string>(); };
  const auto number = [&](const char* option, int low, int high) {
    return std::to_string(in_range(values, option, low, high));
  };
  SlurmSweep sweep;
  sweep.sweep = fs::absolute(sweep_of(values).root).lexically_normal();
  if (!sweep.sweep.has_filename()) sweep.sweep = sweep.sweep.parent_path();
  sweep.programs = fs::absolute(sibling_program("wcam-worker")).parent_path();
  const int gpus = in_range(values, "gpus", 0, 10'000), others = in_range(values, "cpu-workers", 0, 10'000);
  if (gpus > 0 && others > 0)
    throw UsageError("--gpus and --cpu-workers exclude each other; `--join` adds the others");
  if (gpus == 0 && others == 0) throw UsageError("say how many workers: --gpus N or --cpu-workers N");
  sweep.gpu = gpus > 0;
  sweep.workers = gpus + others;
  sweep.gpu_type = text("gpu-type");
  sweep.cpus = in_range(values, "cpus", 1, 256);
  sweep.array_limit = in_range(values, "array-limit", 0, 10'000);
  sweep.time = text("time");
  sweep.crew = words_of(values, "");
  sweep.coordinator = words_of(values, "coordinator-");
  if (sweep.coordinator.partition.empty()) sweep.coordinator.partition = sweep.crew.partition;
  if (sweep.coordinator.account.empty()) sweep.coordinator.account = sweep.crew.account;
  if (sweep.coordinator.extra.empty()) sweep.coordinator.extra = sweep.crew.extra;
  sweep.constraint = text("constraint");
  sweep.memory = text("mem");
  sweep.container = text("container");
  if (!sweep.container.empty() && sweep.container.find("://") == std::string::npos)
    sweep.container = fs::absolute(sweep.container).string();
  sweep.notice = in_range(values, "notice", 1, 3'600);
  sweep.most_rounds = in_range(values, "until-done", 0, 1'000);
  sweep.bind = text("bind");
  sweep.coordinator_options = {"--lease-seconds", number("lease-seconds", 1, 86'400), "--max-attempts",
                               number("max-attempts", 1, 100)};
  if (values["speculate"].as<bool>()) sweep.coordinator_options.emplace_back("--speculate");
  sweep.worker_options = {"--batch-size",   number("batch-size", 1, 1'024),
                          "--model-memory", number("model-memory", 0, 1 << 20),
                          "--hand-in",      number("hand-in", 0, 3'600)};
  sweep.stage = text("stage");
  if (values["collect"].as<bool>()) sweep.worker_options.emplace_back("--collect");
  sweep.figures = !values["no-figures"].as<bool>();
  if (const auto what = problem(sweep)) throw UsageError(*what);
  return sweep;
}

// The jobs run the same worker, and would find out one after the other, after hours in a queue. What else may
// be wrong with it here, on a login node, is nobody's concern.
void warn_without_cuda(const SlurmSweep& sweep) try {
  if (!sweep.gpu || !sweep.container.empty()) return;
  std::istringstream verdicts(
      output_of({sibling_program("wcam-worker").string(), "doctor", "--devices", "cpu"}));
  for (std::string line; std::getline(verdicts, line);)
    if (line.find("libtorch") != std::string::npos && line.ends_with("for CPUs only"))
      std::fprintf(
          stderr,
          "wcam submit: --gpus: the worker's LibTorch is for CPUs only (`wcam doctor`), and no job will find "
          "a GPU that it can use: build against a CUDA LibTorch (-DCMAKE_PREFIX_PATH), name an image with "
          "--container, or say --cpu-workers %d\n",
          sweep.workers);
} catch (const InputError&) {
}

// The plan and the keys, here and now, so that a mistake shows before anything waits in a queue. In a dry run
// the mistakes alone.
ExitCode prepare(const SlurmSweep& sweep, const std::vector<std::string>& study, bool dry) {
  std::vector<std::string> command{sibling_program("wcam-coordinator").string(), "run",
                                   dry ? "--dry-run" : "--prepare", "--sweep", sweep.sweep.string()};
  command.insert(command.end(), study.begin(), study.end());
  return static_cast<ExitCode>(run_to_end(command).code);
}

// Submits a script; the job's id.
std::string sbatch(const fs::path& script, const std::string& after) {
  std::vector<std::string> command{"sbatch", "--parsable"};
  if (!after.empty()) command.push_back("--dependency=after:" + after);
  command.push_back(script.string());
  const std::string answer = output_of(command);
  return answer.substr(0, answer.find_first_of(";\n"));  // "123" or "123;cluster"
}

class Submission {
 public:
  explicit Submission(const SlurmSweep& sweep) : sweep_(sweep), jobs_(sweep.sweep) {}

  void coordinator(const std::vector<std::string>& words) {
    const fs::path script = write("coordinator.sh", coordinator_script(sweep_));
    fs::remove(jobs_.finished());  // an earlier coordinator's
    std::string lines;
    for (const std::string& word : words) lines += word + "\n";
    write_file_atomically(jobs_.words(), lines);
    std::vector<std::string> left;
    for (const auto& [id, state] : jobs_.in_queue()) left.push_back(id);
    coordinator_ = sbatch(script, "");
    jobs_.note_coordinator(coordinator_, left);
    say("coordinator", coordinator_, script);
    if (!left.empty())
      std::printf("workers of job %s are left from before, and join too\n", joined(left).c_str());
  }

  // A coordinator without workers would wait for its time limit.
  void withdraw() const {
    if (coordinator_.empty()) return;
    const bool gone = SlurmJobs::cancel({coordinator_});
    std::printf(gone ? "job %s is cancelled again\n" : "job %s is left without workers: scancel it\n",
                coordinator_.c_str());
    std::fflush(stdout);
  }

  void workers() {
    const fs::path script = write("workers.sh", worker_script(sweep_));
    const std::string job = sbatch(script, coordinator_);
    jobs_.note_workers(job);
    say(counted(static_cast<std::size_t>(sweep_.workers), "worker"), job, script);
  }

 private:
  fs::path write(const std::string& name, const std::string& text) const {
    const fs::path script = jobs_.script(name);
    make_directories(script.parent_path());
    write_file_atomically(script, text);
    return script;
  }
  static void say(const std::string& what, const std::string& job, const fs::path& script) {
    std::printf("job %s: %s, %s\n", job.c_str(), what.c_str(), script.c_str());
  }

  const SlurmSweep& sweep_;
  const SlurmJobs jobs_;
  std::string coordinator_;
};

// What holds for workers that join later too, as words of a command; what is a path here is absolute there.
std::vector<std::string> lasting_words(const po::variables_map& values, const SlurmSweep& sweep) {
  constexpr std::array own{"sweep", "gpus", "cpu-workers", "join", "dry-run"};
  std::vector<std::string> words;
  for (const auto& [name, value] : values) {
    if (value.defaulted() || std::find(own.begin(), own.end(), name) != own.end()) continue;
    const std::string option = "--" + name;
    if (const auto* text = boost::any_cast<std::string>(&value.value())) {
      if (!text->empty()) words.push_back(option + "=" + (name == "container" ? sweep.container : *text));
    } else if (const auto* number = boost::any_cast<int>(&value.value())) {
      words.push_back(option + "=" + std::to_string(*number));
    } else if (const auto* list = boost::any_cast<std::vector<std::string>>(&value.value())) {
      for (const std::string& entry : *list) words.push_back(option + "=" + entry);
    } else {
      words.push_back(option);
    }
  }
  return words;
}

// Where this command says nothing, an earlier one is taken at its word.
void take_over_words(po::variables_map& values, const po::options_description& options) {
  const fs::path file = SlurmJobs(sweep_of(values).root).words();
  if (!fs::exists(file)) return;
  std::vector<std::string> words;
  std::istringstream lines(read_file(file));
  for (std::string word; std::getline(lines, word);) words.push_back(word);
  if (!words.empty())
    std::fprintf(stderr, "as before, unless said otherwise: %s (%s)\n", joined(words).c_str(), file.c_str());
  po::store(po::command_line_parser(words).options(options).run(), values);
}

void refuse_to_join_nothing(const SlurmSweep& sweep) {
  const std::string root = sweep.sweep.string();
  if (!fs::exists(SweepDirectory{sweep.sweep}.plan()))
    throw UsageError("--join adds workers to a sweep, and " + root +
                     " holds none: leave it out to begin one");
  const SlurmJobs jobs(sweep.sweep);
  if (fs::exists(jobs.finished()))
    throw UsageError("--join adds workers to a sweep that runs, and " + root +
                     " is finished: leave it out to go on with what was retried or added");
  if (!jobs.coordinator().empty() && !jobs.in_queue().contains(jobs.coordinator()) && !is_served(sweep.sweep))
    throw UsageError("--join adds workers to a sweep that runs, and the coordinator of " + root + ", job " +
                     jobs.coordinator() + ", neither runs nor waits: leave it out to go on");
}

// Two coordinators would wait for each other's end.
void refuse_to_submit_twice(const SlurmSweep& sweep) {
  const SlurmJobs jobs(sweep.sweep);
  if (!jobs.in_queue().contains(jobs.coordinator())) return;
  throw UsageError("job " + jobs.coordinator() +
                   " is this sweep's coordinator already, running or waiting: --join adds workers; to begin "
                   "otherwise, `scancel " +
                   jobs.coordinator() + "` first");
}

}  // namespace

ExitCode submit(const std::vector<std::string>& arguments) {
  CommandLine line = command_line();
  if (const auto asked = help_asked(arguments)) {
    line.options.add(study_options());
    parse_command_line(line, {*asked});
    return ExitCode::kDone;
  }
  po::options_description all;
  refuse_unknown_options(all.add(line.options).add(study_options()), arguments);
  const SplitOptions split = split_options(line.options, arguments);
  po::variables_map values = split.ours;
  const bool join = values["join"].as<bool>();
  if (values.contains("sweep")) take_over_words(values, line.options);
  po::notify(values);
  SlurmSweep sweep = slurm_sweep(values);
  sweep.command = line_from_here("wcam submit", arguments);
  if (join && !split.rest.empty())
    throw UsageError("--join takes no word on what to compute: '" + split.rest.front() + "'");
  if (fs::path(sweep.container).is_absolute() && !fs::exists(sweep.container))  // else a URI
    throw UsageError("--container " + sweep.container + " is not there");
  warn_without_cuda(sweep);
  join ? refuse_to_join_nothing(sweep) : refuse_to_submit_twice(sweep);
  const bool dry = values["dry-run"].as<bool>();
  if (const ExitCode code = join ? ExitCode::kDone : prepare(sweep, split.rest, dry); code != ExitCode::kDone)
    return code;
  if (dry) {
    if (!join) std::printf("# --- coordinator.sh\n%s\n", coordinator_script(sweep).c_str());
    std::printf("# --- workers.sh\n%s", worker_script(sweep).c_str());
    return ExitCode::kDone;
  }
  Submission submission(sweep);
  if (!join) submission.coordinator(lasting_words(values, sweep));
  try {
    submission.workers();
  } catch (const InputError&) {
    submission.withdraw();
    throw;
  }
  std::printf(
      "`wcam status %s` tells how far it is, `wcam submit --join` adds workers, `wcam cancel %s --all` ends "
      "it\n",
      sweep.sweep.c_str(), sweep.sweep.c_str());
  return ExitCode::kDone;
}

}  // namespace wcam
