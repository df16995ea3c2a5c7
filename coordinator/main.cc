// wcam-coordinator: one sweep's coordinator, and what can be asked of a sweep without one.
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <atomic>
#include <boost/program_options/value_semantic.hpp>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <iostream>
#include <optional>

#include "common/error.h"
#include "common/file.h"
#include "common/host.h"
#include "common/log.h"
#include "common/options.h"
#include "common/protocol.h"
#include "common/store/pack.h"
#include "common/sweep_directory.h"
#include "common/verbs.h"
#include "coordinator/coordinator.h"
#include "coordinator/enumerate.h"

namespace po = boost::program_options;

namespace wcam {
namespace {

std::atomic<int> interrupts{0};
static_assert(std::atomic<int>::is_always_lock_free);  // may be used in a signal handler

void watch_for_signals() {
  struct sigaction action {};
  action.sa_handler = [](int) { ++interrupts; };
  for (const int number : {SIGINT, SIGTERM}) sigaction(number, &action, nullptr);
}

std::vector<int> split_numbers(const char* option, const std::string& list) {
  std::vector<int> numbers;
  for (const std::string& word : split_list(list)) {
    int number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc{} || end != word.data() + word.size())
      throw UsageError(std::string(option) + " '" + word + "' is not a number");
    numbers.push_back(number);
  }
  return numbers;
}

// What decides the numbers of a sweep: all of it goes into the plan.
po::options_description study_options() {
  const StudyRequest d;
  const auto text = [] { return po::value<std::string>(); };
  const auto number = [](int value) { return po::value<int>()->default_value(value); };
  po::options_description options("What to compute");
  options.add_options()                                                                                   //
      ("images", text(), "folder of images; without it and --models, the sweep's own plan is resumed")    //
      ("models", text(), "models.json: the classifiers")                                                  //
      ("cases", text(), "names of models, comma-separated, in the order of the figures' columns (all)")   //
      ("perturbation", text()->default_value(d.perturbation), "family of altered images")                 //
      ("corruptions", text(), "comma-separated subset of the family (all)")                               //
      ("severities", text(), "comma-separated subset of 1 to 5 (all)")                                    //
      ("sample-size", number(d.selection.sample_size), "images explained, 1 to 1000000")                  //
      ("max-altered", number(d.selection.max_altered), "altered variants explained per image, 1 to 100")  //
      ("seed", po::value<std::uint64_t>()->default_value(d.seed),
       "of the order of images, the choice of variants and the noise of corruptions");
  options.add(wcam_options());
  return options;
}

CommandLine run_command_line() {
  const auto number = [](int value) { return po::value<int>()->default_value(value); };
  CommandLine line;
  line.usage = "wcam-coordinator run --sweep DIR --images DIR --models models.json [options]";
  line.about =
      "Makes a sweep, or resumes it, and serves its jobs to workers until it is finished.\n"
      "Exit status: 0 finished, 2 usage, 3 bad input, 4 finished with jobs set aside, 5 interrupted.";
  line.example =
      "wcam-coordinator run --images photos --models models.json --cases baseline,augmix --sweep study";
  po::options_description how("How");
  how.add_options()                                                                                       //
      ("sweep", po::value<std::string>()->required(), "directory of the sweep, made if it is not there")  //
      ("bind", po::value<std::string>()->default_value(SessionOptions{}.bind),
       "where to listen; port * is any free one")                                                         //
      ("insecure", po::bool_switch(), "allow --bind beyond this machine, unencrypted")                    //
      ("lease-seconds", number(30), "silence after which a worker's jobs go to others, 1 to 86400")       //
      ("max-attempts", number(3), "failures, or lost workers, after which a job is set aside, 1 to 100")  //
      ("verbose", po::bool_switch(), "log more");
  line.options.add(how).add(study_options());
  return line;
}

StudyRequest study_request(const po::variables_map& values) {
  const auto text = [&](const char* name) {
    return values.contains(name) ? values[name].as<std::string>() : "";
  };
  StudyRequest request;
  request.images = text("images");
  request.models = text("models");
  request.cases = split_list(text("cases"));
  request.perturbation = text("perturbation");
  request.corruptions = split_list(text("corruptions"));
  request.severities = split_numbers("--severities", text("severities"));
  request.selection.sample_size = in_range(values, "sample-size", 1, 1'000'000);
  request.selection.max_altered = in_range(values, "max-altered", 1, 100);
  request.seed = values["seed"].as<std::uint64_t>();
  request.wcam = wcam_settings(values);
  return request;
}

CoordinatorOptions coordinator_options(const po::variables_map& values) {
  CoordinatorOptions options;
  options.session.bind = values["bind"].as<std::string>();
  options.session.insecure = values["insecure"].as<bool>();
  if (const auto problem = options.session.problem()) throw UsageError(*problem);
  options.scheduler.lease = std::chrono::seconds{in_range(values, "lease-seconds", 1, 86'400)};
  options.scheduler.heartbeat = std::min(options.scheduler.heartbeat, options.scheduler.lease / 5);
  options.scheduler.max_attempts = static_cast<std::uint32_t>(in_range(values, "max-attempts", 1, 100));
  // A process of this host that has ended is not waited for.
  options.scheduler.has_ended = [host = host_name()](const WorkerInfo& worker) {
    return worker.host == host && worker.pid > 0 && ::kill(static_cast<pid_t>(worker.pid), 0) != 0 &&
           errno == ESRCH;
  };
  options.progress = ::isatty(STDERR_FILENO) != 0 ? CoordinatorOptions::Progress::kTerminal
                                                  : CoordinatorOptions::Progress::kPlain;
  return options;
}

std::optional<Plan> stored_plan(const SweepDirectory& directory) {
  if (!std::filesystem::exists(directory.plan())) return std::nullopt;
  return plan_from_json_text(read_file(directory.plan()), directory.plan().string());
}

// Its figures would be taken for images at the next run.
void refuse_sweep_among_images(const std::filesystem::path& sweep, const std::filesystem::path& images) {
  const auto inner = std::filesystem::weakly_canonical(sweep),
             outer = std::filesystem::weakly_canonical(images);
  const auto [end_of_outer, unused] = std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
  if (end_of_outer == outer.end())
    throw UsageError("--sweep " + sweep.string() + " lies in the folder of images, " + images.string() +
                     ": its figures would be taken for images; put it elsewhere");
}

// The plan asked for; nullopt when the sweep's own is to be resumed.
std::optional<Plan> asked_plan(const po::variables_map& values) {
  const StudyRequest request = study_request(values);
  if (request.images.empty() != request.models.empty())
    throw UsageError(
        "--images and --models go together: both to make or check a sweep, neither to resume it");
  if (!request.images.empty()) {
    refuse_sweep_among_images(values["sweep"].as<std::string>(), request.images);
    return make_plan(request);
  }
  const po::options_description study = study_options();
  for (const auto& option : study.options()) {
    const auto& value = values[option->long_name()];
    if (!value.empty() && !value.defaulted())
      throw UsageError(
          "--" + option->long_name() +
          " says what to compute: give --images and --models too, or leave it out to resume the sweep");
  }
  return std::nullopt;
}

void refuse_another_plan(const Plan& in_sweep, const Plan& asked, const SweepDirectory& directory) {
  const std::vector<std::string> lines = differences(in_sweep, asked);
  if (lines.empty()) return;
  constexpr std::size_t kShown = 20;  // a folder of other images would fill the screen
  std::string text = directory.root.string() + " holds another sweep; use another --sweep, or what made it:";
  for (std::size_t i = 0; i < std::min(lines.size(), kShown); ++i) text += "\n  " + lines[i];
  if (lines.size() > kShown) text += "\n  and " + std::to_string(lines.size() - kShown) + " more";
  throw InputError(text);
}

// The plan to follow, written down: the one asked for, if it is the sweep's; the sweep's own if none is asked
// for. Files may have moved: that changes no number, and the latest places are kept.
Plan settle_plan(const SweepDirectory& directory, const std::optional<Plan>& asked) {
  const std::optional<Plan> stored = stored_plan(directory);
  if (!stored && !asked)
    throw UsageError("--images and --models are needed: " + directory.root.string() +
                     " holds no sweep to resume");
  if (stored && asked) refuse_another_plan(*stored, *asked, directory);
  if (!asked && !std::filesystem::is_directory(stored->images_root))
    throw InputError("the images of " + directory.root.string() + " are no longer in " +
                     stored->images_root.string() + ": give --images and --models with the new places");
  const Plan plan = asked ? *asked : *stored;
  check(plan);
  const std::string text = to_json_text(plan);
  if (static_cast<std::int64_t>(text.size()) > kMaxMessageBytes - 4'096)
    throw InputError("the plan of " + std::to_string(plan.images.size()) + " images is " +
                     std::to_string(text.size()) +
                     " bytes, a message to a worker holds 16 MiB: split the images over several sweeps");
  if (!stored || to_json_text(*stored) != text) write_file_atomically(directory.plan(), text);
  return plan;
}

// Names who has the sweep, when somebody has.
void open_ledger(std::optional<Ledger>& ledger, const SweepDirectory& directory) try {
  ledger.emplace(directory.ledger());
} catch (const InputError&) {
  if (!std::filesystem::exists(directory.plan())) throw;
  const Status status = read_status(directory.root);
  if (!status.running) throw;
  throw InputError(directory.root.string() + " is in use by coordinator " + std::to_string(status.pid) +
                   " on " + status.host + (status.endpoint.empty() ? "" : " (" + status.endpoint + ")") +
                   ": let it finish, or stop it first");
}

// Says "starting" in the status while a sweep's images are hashed, which may take minutes. What then cannot
// be resumed has its old status again.
class Announcement {
 public:
  explicit Announcement(const SweepDirectory& directory) : file_(directory.status()) {
    if (!std::filesystem::exists(directory.plan())) return;
    if (std::filesystem::exists(file_)) earlier_ = read_file(file_);
    try {
      write(to_json_text(starting_status(directory.root)));
    } catch (const InputError&) {  // what is wrong with the plan is said by whoever needs it
    }
  }
  ~Announcement() {
    if (!kept_ && earlier_) write(*earlier_);
  }
  Announcement(const Announcement&) = delete;
  Announcement& operator=(const Announcement&) = delete;
  void keep() { kept_ = true; }

 private:
  void write(const std::string& text) const try {
    write_file_atomically(file_, text);
  } catch (const InputError&) {  // people can wait
  }

  const std::filesystem::path file_;
  std::optional<std::string> earlier_;
  bool kept_ = false;
};

ExitCode run(const Arguments& arguments) {
  const auto values = parse_command_line(run_command_line(), arguments);
  if (!values) return ExitCode::kDone;
  const CoordinatorOptions options = coordinator_options(*values);
  const SweepDirectory directory{(*values)["sweep"].as<std::string>()};
  // A sweep in use is refused before its images are hashed; one that cannot be made leaves no folder.
  std::optional<Ledger> ledger;
  std::optional<Announcement> announcement;
  if (std::filesystem::exists(directory.plan())) {
    open_ledger(ledger, directory);
    announcement.emplace(directory);
  }
  const std::optional<Plan> asked = asked_plan(*values);
  if (!ledger && !asked) settle_plan(directory, asked);
  for (const auto& folder : {directory.root, directory.segments(), directory.logs()})
    make_directories(folder);
  if (!ledger) open_ledger(ledger, directory);
  const Plan plan = settle_plan(directory, asked);
  if (announcement) announcement->keep();
  start_logging("coordinator", directory.logs() / "coordinator.log", (*values)["verbose"].as<bool>());
  watch_for_signals();
  return Coordinator(directory, *ledger, plan, options).run(interrupts);
}

ExitCode status(const Arguments& arguments) {
  CommandLine line;
  line.usage = "wcam-coordinator status SWEEP [--json]";
  line.about = "How far a sweep is, while it runs and after.";
  line.example = "wcam-coordinator status study --json";
  line.options.add_options()("json", po::bool_switch(), "for scripts");
  line.options.add_options()("sweep", po::value<std::string>()->required(), "directory of the sweep");
  line.positional.add("sweep", 1);
  const auto values = parse_command_line(line, arguments);
  if (!values) return ExitCode::kDone;
  const Status status = read_status((*values)["sweep"].as<std::string>());
  std::cout << ((*values)["json"].as<bool>() ? to_json_text(status) : describe(status));
  return ExitCode::kDone;
}

ExitCode pack_results(const Arguments& arguments) {
  CommandLine line;
  line.usage = "wcam-coordinator pack SWEEP";
  line.about = "Merges the segments of a sweep into its results.h5, every job once. While it runs or after.";
  line.example = "wcam-coordinator pack study";
  line.options.add_options()("sweep", po::value<std::string>()->required(), "directory of the sweep");
  line.positional.add("sweep", 1);
  const auto values = parse_command_line(line, arguments);
  if (!values) return ExitCode::kDone;
  const SweepDirectory directory{(*values)["sweep"].as<std::string>()};
  const PackReport report = pack(directory.root);
  std::cout << directory.results().string() << ": " << report.profiles << " WCAMs, " << report.predictions
            << " predictions, " << report.images << " images; " << report.segments << " new segments merged, "
            << report.duplicates << " duplicates left out\n";
  return ExitCode::kDone;
}

constexpr Verb kVerbs[] = {
    {"run", "make or resume a sweep and serve its jobs to workers", run},
    {"status", "how far a sweep is", status},
    {"pack", "merge a sweep's segments into results.h5", pack_results},
};

}  // namespace
}  // namespace wcam

int main(int argc, char** argv) {
  return wcam::run_verbs(
      {"wcam-coordinator", "who decides what is computed next",
       "wcam-coordinator run --images photos --models models.json --cases baseline,augmix --sweep study",
       wcam::kVerbs},
      argc, argv);
}
