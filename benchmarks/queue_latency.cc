// How soon does a worker that asks for a job get one, and is there room for a crowd of them?
//
//   queue_latency [--workers 100] [--job-ms 100] [--ahead 1] [--round-trip-ms 0] [--seconds 10] [--images
//   20000]
//                 [--insecure] [--folder /tmp]
//
// The coordinator's real process and its real ledger. The workers are the real half of the protocol
// (worker/protocol/conversation.h), each with a socket of its own, all on one thread; a job "takes" JOB-MS,
// give or take a half. They connect at once. Then, for SECONDS: the time from the moment a worker says that
// it has room for a job to the moment that job is there. That includes the commit of what was handed out, and
// this program's own delays, and ROUND-TRIP-MS, for which every word from the coordinator is held back. Then,
// how much of its time a worker had a job: all of it, if AHEAD jobs may wait there and that hides the way. At
// the end, what the workers were told is durable must be in the ledger, and all of them connected, or this
// fails.
#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <csignal>
#include <cstdio>
#include <deque>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>
#include <unordered_set>
#include <vector>
#include <zmq.hpp>

#include "benchmarks/queue_rig.h"
#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/message_text.h"
#include "common/base/process.h"
#include "common/command_line/options.h"
#include "worker/protocol/conversation.h"

namespace po = boost::program_options;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace wcam {
namespace {

using Clock = std::chrono::steady_clock;
constexpr seconds kStuck{120};           // to be welcomed
constexpr milliseconds kSpeakEvery{50};  // for heartbeats
constexpr milliseconds kSettle{2'000};   // after the last was welcomed, before anything is measured

struct Settings {
  std::size_t workers = 0;
  milliseconds job{}, round_trip{};
  std::size_t ahead = 0;
  seconds time{};
  QueueStudy study;
  bool insecure = false;
  std::filesystem::path folder;
};

double milliseconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

class SimulatedWorker {
 public:
  // Adds the jobs whose answers it hears to be durable to `acknowledged`.
  SimulatedWorker(zmq::context_t& context, const std::string& endpoint, const std::optional<WorkerKey>& key,
                  std::size_t number, const Settings& settings,
                  std::unordered_set<std::uint64_t>& acknowledged)
      : settings_(settings),
        acknowledged_(acknowledged),
        socket_(context, zmq::socket_type::dealer),
        conversation_(
            {"w" + std::to_string(number), "simulated", 0, "none", {}, settings.ahead, seconds{600}},
            Clock::now()),
        random_(static_cast<std::uint32_t>(number)) {
    socket_.set(zmq::sockopt::linger, 0);
    if (key) {
      socket_.set(zmq::sockopt::curve_serverkey, key->coordinator);
      socket_.set(zmq::sockopt::curve_publickey, key->own.public_key);
      socket_.set(zmq::sockopt::curve_secretkey, key->own.secret);
    }
    socket_.connect(endpoint);
  }

  zmq::pollitem_t poll_item() { return {socket_.handle(), 0, ZMQ_POLLIN, 0}; }
  bool welcomed() const { return conversation_.state() == Conversation::State::kServing; }
  // Milliseconds from asking to the job, of those asked for since then.
  const std::vector<double>& waits() const { return waits_; }
  Clock::duration busy() const { return busy_; }
  void begin_to_measure() { waits_.clear(), asked_.reset(), busy_ = {}; }

  void receive() {
    zmq::message_t frame;
    while (socket_.recv(frame, zmq::recv_flags::dontwait))
      under_way_.emplace_back(Clock::now() + settings_.round_trip, std::move(frame));
  }

  void hear() {
    for (; !under_way_.empty() && under_way_.front().first <= Clock::now(); under_way_.pop_front()) {
      const zmq::message_t& frame = under_way_.front().second;
      wire::Envelope envelope;
      if (!envelope.ParseFromArray(frame.data(), static_cast<int>(frame.size())))
        throw InputError("the coordinator sent what does not parse");
      if (envelope.has_refused() && !envelope.refused().again())
        throw InputError(envelope.refused().reason());
      if (envelope.has_welcome()) envelope.mutable_welcome()->clear_plan_json();  // a thousand take gigabytes
      for (const auto& lease : envelope.acknowledge().leases()) acknowledged_.insert(lease.job());
      const auto now = Clock::now();
      if (envelope.has_assign() && asked_) {
        waits_.push_back(milliseconds_between(*asked_, now));
        asked_.reset();
      }
      conversation_.hear(std::move(envelope), now);
    }
  }

  // Ends the job in hand when its time has come, begins the next, says what is due.
  void go_on() {
    const auto now = Clock::now();
    bool news = false;
    if (job_ && now >= job_ends_) {
      wire::Outcome outcome = answer_to(*job_, settings_.study.variants);
      outcome.set_seconds(std::chrono::duration<double>(now - job_begun_).count());
      conversation_.report({outcome});
      busy_ += now - job_begun_;
      job_.reset();
      news = true;
    }
    if (!job_ && conversation_.has_job()) {
      job_ = conversation_.next_job();
      job_begun_ = now;
      job_ends_ = now + settings_.job * std::uniform_int_distribution(50, 150)(random_) / 100;
      news = true;
    }
    if (!news && now < next_word_) return;
    next_word_ = now + kSpeakEvery;
    conversation_.speak(now, [&](const wire::Envelope& envelope) {
      zmq::message_t frame(envelope.ByteSizeLong());
      envelope.SerializeToArray(frame.data(), static_cast<int>(frame.size()));
      if (envelope.ready().predict_credit() > 0 && !asked_) asked_ = now;
      return socket_.send(frame, zmq::send_flags::dontwait).has_value();
    });
  }

 private:
  const Settings& settings_;
  std::unordered_set<std::uint64_t>& acknowledged_;
  zmq::socket_t socket_;
  Conversation conversation_;
  std::mt19937 random_;
  std::optional<wire::Job> job_;
  Clock::time_point job_begun_, job_ends_, next_word_;
  Clock::duration busy_{};
  std::deque<std::pair<Clock::time_point, zmq::message_t>> under_way_;
  std::optional<Clock::time_point> asked_;
  std::vector<double> waits_;
};

class Crowd {
 public:
  Crowd(const ScratchSweep& sweep, const Settings& settings) {
    context_.set(zmq::ctxopt::max_sockets, static_cast<int>(settings.workers) + 16);
    const auto key = sweep.worker_key(settings.insecure);
    const std::string endpoint = first_line(read_file(sweep.directory().endpoint()));
    for (std::size_t i = 0; i < settings.workers; ++i)
      workers_.push_back(
          std::make_unique<SimulatedWorker>(context_, endpoint, key, i, settings, acknowledged_));
    for (auto& worker : workers_) items_.push_back(worker->poll_item());
  }

  void turn() {
    zmq::poll(items_.data(), items_.size(), milliseconds{1});
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      if (items_[i].revents != 0) workers_[i]->receive();
      workers_[i]->hear();
      workers_[i]->go_on();
    }
  }

  std::size_t welcomed() const {
    return static_cast<std::size_t>(std::count_if(workers_.begin(), workers_.end(),
                                                  [](const auto& worker) { return worker->welcomed(); }));
  }
  // Jobs whose answers are durable, as the workers were told. An answer may be given, and so acknowledged,
  // more than once.
  std::size_t acknowledged() const { return acknowledged_.size(); }
  void begin_to_measure() {
    for (auto& worker : workers_) worker->begin_to_measure();
  }
  // Of all the workers' time, 0 to 1.
  double share_busy(Clock::duration of) const {
    Clock::duration busy{};
    for (const auto& worker : workers_) busy += worker->busy();
    return std::chrono::duration<double>(busy) / (of * static_cast<double>(workers_.size()));
  }
  std::vector<double> sorted_waits() const {
    std::vector<double> all;
    for (const auto& worker : workers_) all.insert(all.end(), worker->waits().begin(), worker->waits().end());
    std::sort(all.begin(), all.end());
    return all;
  }

 private:
  zmq::context_t context_;
  std::unordered_set<std::uint64_t> acknowledged_;
  std::vector<std::unique_ptr<SimulatedWorker>> workers_;
  std::vector<zmq::pollitem_t> items_;
};

// A coordinator that is killed with this.
class Coordinator {
 public:
  explicit Coordinator(const ScratchSweep& sweep, bool insecure)
      : sweep_(sweep.directory()), process_(start_coordinator(sweep_, insecure)) {
    while (!std::filesystem::exists(sweep_.endpoint())) {
      check();
      std::this_thread::sleep_for(milliseconds{5});
    }
  }
  ~Coordinator() { kill(); }
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  void check() {
    if (process_.ending())
      throw InputError("the coordinator ended: " + to_string(*process_.ending()) + "\n" +
                       read_file(sweep_.root / "coordinator.stderr"));
  }
  void kill() {
    if (!process_.ending()) process_.signal(SIGKILL);
    while (!process_.ending()) std::this_thread::sleep_for(milliseconds{1});
  }
  pid_t pid() const { return process_.pid(); }
  std::size_t connected() const {
    return nlohmann::json::parse(read_file(sweep_.status())).at("workers").get<std::size_t>();
  }

 private:
  const SweepDirectory sweep_;
  Process process_;
};

void measure(const Settings& settings) {
  const ScratchSweep sweep(settings.folder, settings.study);
  (void)sweep.worker_key(settings.insecure);
  Coordinator coordinator(sweep, settings.insecure);
  const auto begun = Clock::now();
  Crowd crowd(sweep, settings);
  while (crowd.welcomed() < settings.workers) {
    crowd.turn();
    coordinator.check();
    if (Clock::now() - begun > kStuck)
      throw InputError(std::to_string(crowd.welcomed()) + " of " + std::to_string(settings.workers) +
                       " workers were welcomed within " + std::to_string(kStuck.count()) + " s");
  }
  std::printf("%zu workers, %s, welcomed in %.2f s, the plan of %.1f MB each; coordinator %.0f MiB at most\n",
              settings.workers, settings.insecure ? "plain" : "encrypted",
              milliseconds_between(begun, Clock::now()) / 1000,
              static_cast<double>(std::filesystem::file_size(sweep.directory().plan())) / 1e6,
              peak_memory_mib(coordinator.pid()));
  std::fflush(stdout);
  for (const auto end = Clock::now() + kSettle; Clock::now() < end;) crowd.turn();
  crowd.begin_to_measure();
  const std::size_t before = crowd.acknowledged();
  const double cpu_before = cpu_seconds(coordinator.pid());
  for (const auto end = Clock::now() + settings.time; Clock::now() < end;) crowd.turn();
  const double jobs = static_cast<double>(crowd.acknowledged() - before);
  const double cpu = cpu_seconds(coordinator.pid()) - cpu_before;
  const std::vector<double> waits = crowd.sorted_waits();
  std::printf(
      "%.0f jobs/s; from asking to the job, %zu times: median %.2f ms, p99 %.2f ms, longest %.2f ms\n",
      jobs / static_cast<double>(settings.time.count()), waits.size(), quantile(waits, 0.5),
      quantile(waits, 0.99), quantile(waits, 1));
  std::printf("workers had a job for %.1f %% of the time\n", 100 * crowd.share_busy(settings.time));
  std::printf("coordinator: %.0f MiB at most, %.0f %% of a core\n", peak_memory_mib(coordinator.pid()),
              100 * cpu / static_cast<double>(settings.time.count()));
  if (waits.empty()) throw InputError("no worker was given a job");
  if (coordinator.connected() != settings.workers)
    throw InputError("the coordinator counts " + std::to_string(coordinator.connected()) + " workers, not " +
                     std::to_string(settings.workers));
  coordinator.kill();
  const auto done = count_in_ledger(sweep.directory(), "SELECT count(*) FROM jobs WHERE state = 'done'");
  if (done < crowd.acknowledged())
    throw InputError("the ledger has " + std::to_string(done) + " jobs done, acknowledged were " +
                     std::to_string(crowd.acknowledged()));
  std::printf("all connected; the ledger has %zu jobs done, %zu were acknowledged\n", done,
              crowd.acknowledged());
}

std::optional<Settings> settings_from(const std::vector<std::string>& arguments) {
  const auto number = [](int value) { return po::value<int>()->default_value(value); };
  CommandLine line;
  line.usage = "queue_latency [options]";
  line.about = "How soon does a worker that asks for a job get one, and is there room for a crowd of them?";
  line.example = "queue_latency --workers 1000 --job-ms 1000";
  line.options.add_options()                                                             //
      ("workers", number(100), "1 to 5000")                                              //
      ("job-ms", number(100), "how long a job takes, give or take a half; 1 to 100000")  //
      ("ahead", number(1), "jobs that may wait in a worker, 1 to 1000")                  //
      ("round-trip-ms", number(0), "of the network, 0 to 10000")                         //
      ("seconds", number(10), "of measuring, 1 to 3600")                                 //
      ("images", number(20'000), "100 to 100000, so that jobs last and the plan is as large as one would be")
      //
      ("insecure", po::bool_switch(), "no encryption")  //
      ("folder", po::value<std::string>()->default_value(std::filesystem::temp_directory_path().string()),
       "where the sweep is made, on the disk to be measured");
  const auto values = parse_command_line(line, arguments);
  if (!values) return std::nullopt;
  Settings settings;
  settings.workers = static_cast<std::size_t>(in_range(*values, "workers", 1, 5'000));
  settings.job = milliseconds{in_range(*values, "job-ms", 1, 100'000)};
  settings.round_trip = milliseconds{in_range(*values, "round-trip-ms", 0, 10'000)};
  settings.ahead = static_cast<std::size_t>(in_range(*values, "ahead", 1, 1'000));
  settings.time = seconds{in_range(*values, "seconds", 1, 3'600)};
  settings.study.images = static_cast<std::size_t>(in_range(*values, "images", 100, 100'000));
  settings.insecure = (*values)["insecure"].as<bool>();
  settings.folder = (*values)["folder"].as<std::string>();
  return settings;
}

}  // namespace
}  // namespace wcam

int main(int argc, char** argv) try {
  const auto settings = wcam::settings_from({argv + 1, argv + argc});
  wcam::allow_many_connections();
  if (settings) wcam::measure(*settings);
} catch (const std::exception& e) {
  std::cerr << e.what() << "\n";
  return 1;
}
