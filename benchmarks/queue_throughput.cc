// How many jobs a second does the queue pass, every one durable, and what does a killed coordinator cost?
//
//   queue_throughput [--images 100000] [--cases 10] [--variants 1] [--insecure] [--folder /tmp]
//
// The coordinator's real process and its real ledger on a sweep of IMAGES x CASES predictions and some
// explanations; two worker processes with the workers' real session, which answer every job at once. Half-way
// the coordinator is killed with SIGKILL and started again. At the end the ledger is looked at with SQL:
// every job there and done exactly once, or this fails. Prints jobs a second, memory, how long `wcam status`
// took meanwhile and how long the sweep took to resume.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/program_options/value_semantic.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <thread>
#include <vector>

#include "benchmarks/queue_rig.h"
#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/log.h"
#include "common/command_line/options.h"
#include "worker/protocol/session.h"

namespace po = boost::program_options;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace wcam {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kWorkers = 2;
constexpr seconds kStuck{60};  // without a job, and something is wrong

struct Settings {
  QueueStudy study;
  bool insecure = false;
  std::filesystem::path folder;
  std::size_t jobs_ahead = 0;
};

// Jobs that each worker has answered, in memory that all processes share.
using Answered = std::array<std::atomic<std::uint64_t>, kWorkers>;

double seconds_since(Clock::time_point begun) {
  return std::chrono::duration<double>(Clock::now() - begun).count();
}

void work(const ScratchSweep& sweep, const Settings& settings, std::atomic<std::uint64_t>& answered) {
  start_logging("worker", sweep.directory().root / "workers.log", false);
  Session session({.endpoint = {},
                   .endpoint_file = sweep.directory().endpoint(),
                   .sweep_id = {},
                   .key = sweep.worker_key(settings.insecure),
                   .device = "none",
                   .jobs_ahead = settings.jobs_ahead});
  while (session.state() == Session::State::kConnecting || session.state() == Session::State::kServing) {
    std::vector<wire::Outcome> outcomes;
    for (auto job = session.next_job(milliseconds{500}); job; job = session.next_job(milliseconds{0}))
      outcomes.push_back(answer_to(*job, settings.study.variants));
    answered += outcomes.size();
    session.report(std::move(outcomes));
  }
  session.leave(session.reason(), seconds{15});
}

class Measurement {
 public:
  explicit Measurement(const Settings& settings)
      : settings_(settings),
        sweep_(settings.folder, settings.study),
        answered_(new (::mmap(nullptr, sizeof(Answered), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                              -1, 0)) Answered{}) {
    (void)sweep_.worker_key(settings_.insecure);  // before the workers ask for it
  }

  ~Measurement() {
    for (const pid_t worker : workers_) {
      ::kill(worker, SIGKILL);
      ::waitpid(worker, nullptr, 0);
    }
    if (coordinator_ && !coordinator_->ending()) coordinator_->signal(SIGKILL);
  }
  Measurement(const Measurement&) = delete;
  Measurement& operator=(const Measurement&) = delete;

  void run() {
    for (std::size_t w = 0; w < kWorkers; ++w)
      workers_.push_back(start_child([&] { work(sweep_, settings_, (*answered_)[w]); }));
    const std::size_t all = settings_.study.jobs();
    std::printf("%zu jobs, %s, %zu ahead in each of %zu workers\n", all,
                settings_.insecure ? "plain" : "encrypted", settings_.jobs_ahead, kWorkers);
    const double begun = start("the first");
    pass(all / 2);
    kill_coordinator();
    const std::size_t first_half = done_in_ledger();
    tell_phase("until it was killed", first_half, killed_ - begun_passing_);
    cpu_seconds_ = 0;
    std::printf("started in %.2f s, resumed with %zu jobs done in %.2f s\n", begun, first_half,
                start("the second"));
    pass_rest();
    tell_phase("from then to the end", all - first_half, passed_ - begun_passing_);
    tell_rest();
    check_ledger();
  }

 private:
  std::uint64_t answered() const {
    std::uint64_t sum = 0;
    for (const auto& of_worker : *answered_) sum += of_worker;
    return sum;
  }

  // Seconds until a worker has been given a job.
  double start(const char* which) {
    const std::uint64_t before = answered();
    const auto begun = Clock::now();
    coordinator_ = start_coordinator(sweep_.directory(), settings_.insecure);
    while (answered() == before) {
      watch(which, begun);
      std::this_thread::sleep_for(milliseconds{1});
    }
    begun_passing_ = Clock::now();
    return seconds_since(begun);
  }

  void watch(const char* which, Clock::time_point since) {
    if (coordinator_->ending())
      throw InputError(std::string(which) + " coordinator ended: " + to_string(*coordinator_->ending()) +
                       "\n" + read_file(sweep_.directory().root / "coordinator.stderr"));
    if (Clock::now() - since > kStuck)
      throw InputError(std::string(which) + " coordinator hands out nothing");
  }

  // Until so many are answered.
  void pass(std::size_t count) {
    auto progress = Clock::now();
    for (std::uint64_t before = answered(); before < count;) {
      watch("the first", progress);
      sample();
      if (answered() > before) progress = Clock::now();
      before = answered();
    }
  }

  void pass_rest() {
    while (!coordinator_->ending()) sample();
    if (coordinator_->ending()->code != 0) watch("the second", Clock::now());
    passed_ = Clock::now();
  }

  // Four times a second: how long status takes, how much memory is in use; once a second, the jobs. Waits a
  // moment: a small sweep passes its middle soon.
  void sample() {
    std::this_thread::sleep_for(milliseconds{1});
    if (Clock::now() < next_sample_) return;
    next_sample_ = Clock::now() + milliseconds{250};
    memory_mib_ = std::max(memory_mib_, peak_memory_mib(coordinator_->pid()));
    cpu_seconds_ = std::max(cpu_seconds_, cpu_seconds(coordinator_->pid()));
    const double status_ms = time_status();
    if (!coordinator_->ending()) status_ms_.push_back(status_ms);  // else it has asked the ledger, see below
    if (seconds_since(second_begun_) >= 1) {
      if (answered_then_ > 0)
        rates_.push_back(static_cast<double>(answered() - answered_then_) / seconds_since(second_begun_));
      second_begun_ = Clock::now();
      answered_then_ = answered();
    }
  }

  double time_status() const {
    return milliseconds_of({sibling_program("wcam"), "status", sweep_.directory().root.string()});
  }

  void kill_coordinator() {
    coordinator_->signal(SIGKILL);
    while (!coordinator_->ending()) std::this_thread::sleep_for(milliseconds{1});
    killed_ = Clock::now();
    answered_then_ = 0;
    // What was in the workers' hands is answered at once; what comes later comes from the next coordinator.
    for (std::uint64_t before = 0; before != answered();) {
      before = answered();
      std::this_thread::sleep_for(milliseconds{500});
    }
  }

  std::size_t done_in_ledger() const {
    return count_in_ledger(sweep_.directory(), "SELECT count(*) FROM jobs WHERE state = 'done'");
  }

  void tell_phase(const char* what, std::size_t jobs, std::chrono::duration<double> time) const {
    std::printf("%-22s %8zu jobs in %6.2f s: %8.0f jobs/s, %5.1f us of the coordinator's CPU each\n", what,
                jobs, time.count(), static_cast<double>(jobs) / time.count(),
                1e6 * cpu_seconds_ / static_cast<double>(jobs));
    std::fflush(stdout);
  }

  void tell_rest() {
    std::sort(rates_.begin(), rates_.end());
    std::sort(status_ms_.begin(), status_ms_.end());
    std::printf("jobs/s of each second: median %.0f, slowest %.0f\n", quantile(rates_, 0.5),
                quantile(rates_, 0));
    std::printf("wcam status: %zu times, median %.1f ms, p90 %.1f ms, longest %.1f ms; at rest %.0f ms\n",
                status_ms_.size(), quantile(status_ms_, 0.5), quantile(status_ms_, 0.9),
                quantile(status_ms_, 1), time_status());
    std::printf("coordinator: %.0f MiB resident at most; ledger %.0f MiB\n", memory_mib_,
                static_cast<double>(std::filesystem::file_size(sweep_.directory().ledger())) / (1 << 20));
  }

  // Asks SQLite alone.
  void check_ledger() const {
    const QueueStudy& study = settings_.study;
    const auto expect = [&](std::size_t count, const std::string& sql) {
      const std::size_t found = count_in_ledger(sweep_.directory(), sql);
      if (found != count)
        throw InputError("the ledger: " + std::to_string(found) + ", not " + std::to_string(count) + ": " +
                         sql);
    };
    expect(study.jobs(), "SELECT count(*) FROM jobs");
    expect(study.jobs(), "SELECT count(*) FROM jobs WHERE state = 'done'");
    expect(study.predict_jobs(),
           "SELECT count(*) FROM (SELECT DISTINCT image, case_id FROM jobs WHERE kind = 'predict')");
    expect(study.explain_jobs(),
           "SELECT count(*) FROM (SELECT DISTINCT image, case_id, variant FROM jobs WHERE kind = 'explain')");
    expect(study.jobs(), "SELECT count(*) FROM attempts WHERE outcome = 'done'");
    expect(study.jobs(), "SELECT count(DISTINCT job) FROM attempts WHERE outcome = 'done'");
    expect(0, "SELECT count(*) FROM attempts WHERE outcome IS NULL");
    expect(study.predict_jobs(), "SELECT count(*) FROM predictions");
    expect(study.explained_images(), "SELECT count(*) FROM images WHERE rank IS NOT NULL");
    expect(0, "SELECT count(*) FROM pragma_foreign_key_check");
    expect(0, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'");
    std::printf("ledger: every job done exactly once; %zu attempts, %llu answers\n",
                count_in_ledger(sweep_.directory(), "SELECT count(*) FROM attempts"),
                static_cast<unsigned long long>(answered()));
  }

  const Settings settings_;
  ScratchSweep sweep_;
  Answered* answered_;
  std::vector<pid_t> workers_;
  std::optional<Process> coordinator_;
  Clock::time_point next_sample_{}, begun_passing_{}, killed_{}, passed_{}, second_begun_{};
  std::uint64_t answered_then_ = 0;
  std::vector<double> status_ms_, rates_;
  double memory_mib_ = 0, cpu_seconds_ = 0;  // of the present coordinator, since it was started
};

std::optional<Settings> settings_from(const std::vector<std::string>& arguments) {
  const auto number = [](int value) { return po::value<int>()->default_value(value); };
  CommandLine line;
  line.usage = "queue_throughput [options]";
  line.about = "How many jobs a second does the queue pass, every one durable?";
  line.example = "queue_throughput --images 100000 --cases 10";
  line.options.add_options()                                                //
      ("images", number(100'000), "100 to 10000000")                        //
      ("cases", number(10), "1 to 1000")                                    //
      ("variants", number(1), "1 to 10000")                                 //
      ("ahead", number(2'000), "jobs waiting in each worker, 1 to 100000")  //
      ("insecure", po::bool_switch(), "no encryption")                      //
      ("folder", po::value<std::string>()->default_value(std::filesystem::temp_directory_path().string()),
       "where the sweep is made, on the disk to be measured");
  const auto values = parse_command_line(line, arguments);
  if (!values) return std::nullopt;
  const auto size = [&](const char* option, int low, int high) {
    return static_cast<std::size_t>(in_range(*values, option, low, high));
  };
  return Settings{{size("images", 100, 10'000'000), size("cases", 1, 1'000), size("variants", 1, 10'000)},
                  (*values)["insecure"].as<bool>(),
                  (*values)["folder"].as<std::string>(),
                  size("ahead", 1, 100'000)};
}

}  // namespace
}  // namespace wcam

int main(int argc, char** argv) try {
  const auto settings = wcam::settings_from({argv + 1, argv + argc});
  if (settings) wcam::Measurement(*settings).run();
} catch (const std::exception& e) {
  std::cerr << e.what() << "\n";
  return 1;
}
