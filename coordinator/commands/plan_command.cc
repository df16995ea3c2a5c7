#include <algorithm>
#include <atomic>
#include <boost/program_options/value_semantic.hpp>
#include <chrono>
#include <csignal>
#include <iostream>
#include <optional>
#include <thread>

#include "common/base/file.h"
#include "common/base/printable.h"
#include "common/base/process.h"
#include "common/base/scratch_folder.h"
#include "common/command_line/devices.h"
#include "common/command_line/options.h"
#include "common/command_line/sweep_argument.h"
#include "common/study/sweep_options.h"
#include "coordinator/commands/commands.h"
#include "coordinator/commands/forecast.h"
#include "coordinator/commands/forecast_text.h"
#include "coordinator/commands/interrupts.h"
#include "coordinator/queue/seeded_order.h"
#include "coordinator/sweep/extend_sweep.h"
#include "coordinator/sweep/open_sweep.h"
#include "coordinator/sweep/prospect.h"
#include "coordinator/sweep/sweep_plan.h"

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace wcam {

namespace {

CommandLine command_line() {
  CommandLine line;
  line.usage = "wcam plan --images DIR --models models.json [options of wcam run] [--json]";
  line.about =
      "What `wcam run` would do with the same options: jobs, forwards, time, disk. Runs nothing but a "
      "measurement of\n"
      "some seconds a case, and leaves nothing behind. With --sweep of one that has begun: what is left of "
      "it.";
  line.example = "wcam plan --images photos --models models.json --cases baseline,augmix --workers 4";
  const auto number = [](int value) { return po::value<int>()->default_value(value); };
  po::options_description how("How");
  how.add_options()  //
      ("sweep", po::value<std::string>()->value_name("DIR"),
       "directory of the sweep, if it is there already")  //
      ("no-measure", po::bool_switch(),
       "only count: no time, no worker is started, and no network is tried")  //
      ("json", po::bool_switch(), "for scripts")                              //
      ("threads", number(1), "threads of each worker, 1 to 256")              //
      ("batch-size", number(Crew{}.batch_size), "images per forward, 1 to 1024");
  po::options_description ignored("Of wcam run, without effect here");
  for (const char* name : {"model-memory", "hand-in", "bind", "http", "lease-seconds", "max-attempts"})
    ignored.add_options()(name, po::value<std::string>(), "");
  for (const char* name : {"no-figures", "speculate", "insecure", "http-insecure", "verbose"})
    ignored.add_options()(name, po::bool_switch(), "");
  how.add(crew_options());
  line.options.add(how).add(study_options()).add(ignored);
  return line;
}

struct Measured {
  ExitCode code = ExitCode::kDone;
  std::vector<Measurement> of_workers;
};

// A worker that measures.
struct Prober {
  Process process;
  fs::path out, complaints;
};

bool failed(Prober& prober) { return prober.process.ending() && prober.process.ending()->code != 0; }

// Waits for all; the first that fails, or an interrupt, ends the others.
ExitCode wait_for(std::vector<Prober>& probers, const std::atomic<int>& interrupts) {
  auto first_failed = probers.end();
  const auto all_ended = [&] {
    return std::all_of(probers.begin(), probers.end(),
                       [](Prober& p) { return p.process.ending().has_value(); });
  };
  for (; !all_ended(); std::this_thread::sleep_for(std::chrono::milliseconds{20})) {
    if (first_failed == probers.end()) first_failed = std::find_if(probers.begin(), probers.end(), failed);
    if (first_failed != probers.end() || interrupts > 0)
      for (Prober& prober : probers) prober.process.signal(SIGKILL);
  }
  if (interrupts > 0) return ExitCode::kInterrupted;
  if (first_failed == probers.end()) first_failed = std::find_if(probers.begin(), probers.end(), failed);
  if (first_failed == probers.end()) return ExitCode::kDone;
  std::cerr << read_file(first_failed->complaints);
  const Ending ending = *first_failed->process.ending();
  if (ending.signal != 0)
    throw InputError("a measuring worker " + to_string(ending) + ": is there memory enough?");
  return static_cast<ExitCode>(ending.code);
}

// The images that the sweep begins with first: those are measured.
Plan in_taking_order(Plan plan) {
  std::vector<PlannedImage> images;
  for (const KeyedImage& image : taking_order(plan)) images.push_back(plan.images[image.index]);
  plan.images = std::move(images);
  return plan;
}

Measured measure(const Plan& plan, const Crew& crew, const std::vector<std::string>& devices,
                 const po::variables_map& values, const std::atomic<int>& interrupts) {
  const ScratchFolder scratch("wcam-plan");
  write_file_atomically(scratch.path() / "plan.json", to_json_text(in_taking_order(plan)));
  std::vector<Prober> probers;
  for (int i = 0; i < crew.workers; ++i) {
    const fs::path out = scratch.path() / (std::to_string(i) + ".json"),
                   complaints = out.string() + ".stderr";
    std::vector<std::string> command = worker_command("measure", devices, i);
    command.insert(command.end(), {(scratch.path() / "plan.json").string(), "--out", out.string(),
                                   "--threads", std::to_string(in_range(values, "threads", 1, 256)),
                                   "--batch-size", std::to_string(crew.batch_size)});
    probers.push_back({Process::start(command, complaints), out, complaints});
  }
  Measured measured;
  measured.code = wait_for(probers, interrupts);
  for (const Prober& prober : probers)
    if (measured.code == ExitCode::kDone)
      measured.of_workers.push_back(measurement_from_json_text(read_file(prober.out)));
  return measured;
}

// A plan, and what is ahead of its sweep; nullopt: it has not begun.
struct Begun {
  Plan plan;
  std::optional<Prospect> prospect;
};

Begun extended_sweep(const po::variables_map& values, const std::optional<SweepDirectory>& sweep) {
  if (!sweep) throw UsageError("--extend adds to a sweep that is there: name it with --sweep");
  const SweepState state = state_to_extend(*sweep);
  const Extension extension = plan_extension(values, state);
  for (const std::string& line : extension.added) std::cerr << "new: " << printable(line) << std::endl;
  if (!fs::exists(sweep->ledger())) return {extension.to, std::nullopt};
  if (extension.added.empty()) return {extension.to, prospect_of(*sweep, extension.to)};
  Database ledger = open_ledger_to_read(*sweep);
  return {extension.to, prospect_of(extension, state, handed_down(ledger, extension))};
}

// Of the options, checked against the sweep's if there is one.
Begun sweep_planned(const po::variables_map& values, const std::optional<SweepDirectory>& sweep) {
  if (values["extend"].as<bool>()) return extended_sweep(values, sweep);
  const std::optional<Plan> asked = asked_plan(values, sweep);
  if (!sweep && !asked) throw UsageError("--images and --models are needed, or --sweep of one that is there");
  if (!sweep) return {*asked, std::nullopt};
  Begun begun{agreed_plan(*sweep, asked), std::nullopt};
  if (fs::exists(sweep->ledger())) begun.prospect = prospect_of(*sweep, begun.plan);
  return begun;
}

}  // namespace

ExitCode plan_command(const Arguments& arguments) {
  const std::atomic<int>& interrupts = count_interrupts();
  const auto values = parse_command_line(command_line(), arguments);
  if (!values) return ExitCode::kDone;
  const std::vector<std::string> devices = devices_of(*values);
  const Crew crew{workers_of(*values, devices), in_range(*values, "batch-size", 1, 1024)};
  std::optional<SweepDirectory> sweep;
  if (values->contains("sweep")) sweep = sweep_of(*values);
  const auto [plan, prospect] = sweep_planned(*values, sweep);
  Forecast found = forecast(plan, prospect, {}, crew);
  if (!(*values)["no-measure"].as<bool>() && found.forwards().high > 0) {
    check_usable(devices);
    const Measured measured = measure(plan, crew, devices, *values, interrupts);
    if (measured.code != ExitCode::kDone) return measured.code;
    found = forecast(plan, prospect, measured.of_workers, crew);
  }
  std::cout << ((*values)["json"].as<bool>() ? to_json_text(found, plan)
                                             : describe(found, plan, crew, prospect.has_value()));
  return ExitCode::kDone;
}

}  // namespace wcam
