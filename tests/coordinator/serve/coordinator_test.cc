// Whole sweeps with real sockets and a real ledger; only the workers are made up.
#include "coordinator/serve/coordinator.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "common/base/file.h"
#include "tests/coordinator/rig.h"

namespace wcam {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kDeadline{15};

std::string endpoint_in(const SweepDirectory& directory) {
  const std::string text = read_file(directory.endpoint());
  return text.substr(0, text.find('\n'));
}

// Speaks the protocol and makes up its results, until it is told to stop, has answered `answers` jobs (then
// it vanishes without a word) or the deadline has come.
class FakeWorker {
 public:
  // A worker that comes after the sweep has finished would wait in vain: `over` tells it.
  FakeWorker(std::string name, const Plan& plan, const SweepDirectory& directory,
             const std::atomic<bool>* over = nullptr)
      : name_(std::move(name)),
        plan_(plan),
        directory_(directory),
        over_(over),
        socket_(context_, zmq::socket_type::dealer) {
    socket_.set(zmq::sockopt::linger, 1'000);
    socket_.set(zmq::sockopt::reconnect_ivl, 20);
  }

  // Why it ended: "stopped", "vanished", "late" or the text of a refusal.
  std::string work(int answers = 1'000'000) {
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    socket_.connect(endpoint_in(directory_));
    send(hello_of(name_));
    while (std::chrono::steady_clock::now() < deadline) {
      zmq::pollitem_t item{socket_.handle(), 0, ZMQ_POLLIN, 0};
      if (zmq::poll(&item, 1, milliseconds{100}) == 0) {
        if (over_ != nullptr && *over_) return "stopped";
        send(lease({}));
        continue;
      }
      const wire::Envelope envelope = receive();
      if (envelope.has_refused() && !envelope.refused().again()) return envelope.refused().reason();
      if (envelope.has_refused()) send(hello_of(name_));
      if (envelope.has_welcome()) greet();
      if (envelope.has_stop()) return leave();
      for (const wire::Job& job : envelope.assign().jobs()) {
        if (answers-- == 0) return "vanished";
        answer(job);
      }
    }
    return "late";
  }

  // Jobs it says have a bad image.
  void find_bad(const std::string& image) { bad_image_ = image; }
  int answered() const { return answered_; }

 private:
  void greet() {
    send(lease({}));
    send(ready_for(2));
  }
  void answer(const wire::Job& job) {
    ++answered_;
    const bool bad = job.image() == bad_image_;
    send(answering({bad ? failure(job, wire::Failure::BAD_IMAGE, "cut off") : success(plan_, job)}));
    send(ready_for(2));
  }
  std::string leave() {
    send(leaving());
    return "stopped";
  }
  void send(const wire::Envelope& envelope) {
    const std::string bytes = envelope.SerializeAsString();
    socket_.send(zmq::buffer(bytes), zmq::send_flags::dontwait);
  }
  wire::Envelope receive() {
    zmq::message_t frame;
    wire::Envelope envelope;
    if (socket_.recv(frame, zmq::recv_flags::dontwait))
      envelope.ParseFromArray(frame.data(), static_cast<int>(frame.size()));
    return envelope;
  }

  const std::string name_;
  const Plan& plan_;
  const SweepDirectory& directory_;
  const std::atomic<bool>* over_;
  std::string bad_image_;
  int answered_ = 0;
  zmq::context_t context_;
  zmq::socket_t socket_;
};

// A coordinator whose workers are gone waits for ever, by design: here it is interrupted when the deadline
// has come.
class CoordinatorTest : public testing::Test {
 protected:
  ~CoordinatorTest() override {
    over_.set_value();
    watchdog_.join();
  }
  CoordinatorOptions options() const {
    CoordinatorOptions options;
    options.scheduler.lease = seconds{2};
    options.scheduler.heartbeat = milliseconds{100};
    return options;
  }
  // The sweep with as many workers, to its end.
  ExitCode run(const SweepDirectory& directory, const Plan& plan, int workers = 1,
               const std::string& bad_image = "") {
    make_directories(directory.root);
    Ledger ledger(directory.ledger());
    Coordinator coordinator(directory, ledger, plan, options());
    std::atomic<bool> over{false};
    std::vector<std::thread> crew;
    for (int i = 0; i < workers; ++i)
      crew.emplace_back([&, i] {
        FakeWorker worker("w" + std::to_string(i), plan, directory, &over);
        worker.find_bad(bad_image);
        EXPECT_EQ(worker.work(), "stopped");
      });
    const ExitCode code = coordinator.run(interrupts_);
    over = true;
    for (std::thread& thread : crew) thread.join();
    return code;
  }
  std::set<std::string> selected(const SweepDirectory& directory, const Plan& plan) const {
    Ledger ledger(directory.ledger());
    const SweepState state = ledger.load(plan);
    std::set<std::string> lines;
    for (std::uint32_t i = 0; i < state.images().size(); ++i)
      if (state.images()[i].rank)
        lines.insert(state.planned(i).path + " " + std::to_string(*state.images()[i].rank));
    for (const auto& [id, job] : state.jobs().all()) lines.insert(to_string(id) + " " + to_string(job.state));
    return lines;
  }
  SweepDirectory sweep(const std::string& name) const { return {folder_.path() / name}; }

  TemporaryFolder folder_;
  std::atomic<int> interrupts_{0};

 private:
  std::promise<void> over_;
  std::thread watchdog_{[this, over = over_.get_future()] {
    if (over.wait_for(kDeadline) == std::future_status::timeout) interrupts_ = 2;
  }};
};

TEST_F(CoordinatorTest, AWholeSweepIsDoneWhateverTheNumberOfWorkers) {
  const Plan plan = small_plan(20, 3, 4);
  const SweepDirectory alone = sweep("alone"), crew = sweep("crew");
  EXPECT_EQ(run(alone, plan, 1), ExitCode::kDone);
  EXPECT_EQ(run(crew, plan, 4), ExitCode::kDone);
  EXPECT_EQ(selected(alone, plan), selected(crew, plan));
  const Status status = status_from_json_text(read_file(crew.status()), "status");
  EXPECT_EQ(status.state, "finished");
  EXPECT_EQ(status.counts.images_selected, 4U);
  EXPECT_EQ(status.done(), status.total());
}

TEST_F(CoordinatorTest, ABadImageEndsWithSetAside) {
  const Plan plan = small_plan(6, 2, 6);
  const SweepDirectory directory = sweep("s");
  EXPECT_EQ(run(directory, plan, 2, "i3.png"), ExitCode::kSetAside);
  const Status status = status_from_json_text(read_file(directory.status()), "status");
  EXPECT_EQ(status.counts.set_aside,
            std::vector<std::string>{"image i3.png: cut off (cpu of pid 1 on here)"});
}

TEST_F(CoordinatorTest, AFinishedSweepEndsAtOnceWithoutWorkers) {
  const Plan plan = small_plan(3, 1, 1);
  const SweepDirectory directory = sweep("s");
  EXPECT_EQ(run(directory, plan), ExitCode::kDone);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(run(directory, plan, 0), ExitCode::kDone);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds{3});
}

TEST_F(CoordinatorTest, ARestartHalfWayComesToTheSame) {
  const Plan plan = small_plan(20, 2, 4);
  const SweepDirectory undisturbed = sweep("undisturbed"), directory = sweep("s");
  EXPECT_EQ(run(undisturbed, plan), ExitCode::kDone);
  make_directories(directory.root);
  int answered = 0;
  for (int life = 0; life < 3; ++life) {
    Ledger ledger(directory.ledger());
    interrupts_ = 0;
    Coordinator coordinator(directory, ledger, plan, options());
    auto outcome = std::async(std::launch::async, [&] { return coordinator.run(interrupts_); });
    FakeWorker worker("w" + std::to_string(life), plan, directory);
    EXPECT_EQ(worker.work(8), "vanished");
    answered += worker.answered();
    interrupts_ = 2;  // ends now, as a kill would, with jobs in the worker's hand
    EXPECT_EQ(outcome.get(), ExitCode::kInterrupted);
  }
  EXPECT_EQ(answered, 24);
  interrupts_ = 0;
  EXPECT_EQ(run(directory, plan, 2), ExitCode::kDone);
  EXPECT_EQ(selected(directory, plan), selected(undisturbed, plan));
}

TEST_F(CoordinatorTest, AWorkerOutlivesItsCoordinatorAndGoesOnWithTheNext) {
  const Plan plan = small_plan(20, 2, 4);
  const SweepDirectory directory = sweep("s");
  make_directories(directory.root);
  std::thread crew;
  std::string end, endpoint;
  {
    Ledger ledger(directory.ledger());
    Coordinator coordinator(directory, ledger, plan, options());
    endpoint = endpoint_in(directory);
    crew = std::thread([&] { end = FakeWorker("w", plan, directory).work(); });
    auto outcome = std::async(std::launch::async, [&] { return coordinator.run(interrupts_); });
    FakeWorker("other", plan, directory).work(2);  // by then the sweep has begun
    interrupts_ = 2;
    outcome.get();
  }
  interrupts_ = 0;
  Ledger ledger(directory.ledger());
  Coordinator coordinator(directory, ledger, plan, options());
  EXPECT_EQ(endpoint_in(directory), endpoint);
  EXPECT_EQ(coordinator.run(interrupts_), ExitCode::kDone);
  crew.join();
  EXPECT_EQ(end, "stopped");
}

TEST_F(CoordinatorTest, AVanishedWorkersJobsAreDoneByAnother) {
  const Plan plan = small_plan(10, 2, 3);
  const SweepDirectory directory = sweep("s");
  make_directories(directory.root);
  Ledger ledger(directory.ledger());
  Coordinator coordinator(directory, ledger, plan, options());
  std::thread crew([&] {
    EXPECT_EQ(FakeWorker("first", plan, directory).work(3), "vanished");
    EXPECT_EQ(FakeWorker("second", plan, directory).work(), "stopped");
  });
  EXPECT_EQ(coordinator.run(interrupts_), ExitCode::kDone);
  crew.join();
}

TEST_F(CoordinatorTest, OneInterruptStopsInOrderAndKeepsWhatWasAnswered) {
  const Plan plan = small_plan(200, 2, 200);
  const SweepDirectory directory = sweep("s");
  make_directories(directory.root);
  {
    Ledger ledger(directory.ledger());
    Coordinator coordinator(directory, ledger, plan, options());
    auto outcome = std::async(std::launch::async, [&] { return coordinator.run(interrupts_); });
    std::thread crew([&] { EXPECT_EQ(FakeWorker("w", plan, directory).work(), "stopped"); });
    FakeWorker("other", plan, directory).work(5);
    interrupts_ = 1;
    EXPECT_EQ(outcome.get(), ExitCode::kInterrupted);
    crew.join();
  }
  EXPECT_EQ(status_from_json_text(read_file(directory.status()), "status").state, "interrupted");
  Ledger ledger(directory.ledger());
  const SweepState state = ledger.load(plan);
  EXPECT_GE(state.jobs().tally(JobKind::kPredict)[JobState::kDone] +
                state.jobs().tally(JobKind::kExplain)[JobState::kDone],
            5U);
}

TEST_F(CoordinatorTest, StatusTellsARunningSweepFromOneThatEnded) {
  const Plan plan = small_plan(3, 1, 1);
  const SweepDirectory directory = sweep("s");
  make_directories(directory.root);
  write_file_atomically(directory.plan(), to_json_text(plan));
  EXPECT_EQ(read_status(directory.root).state, "not begun");
  {
    Ledger ledger(directory.ledger());
    Coordinator coordinator(directory, ledger, plan, options());
    auto outcome = std::async(std::launch::async, [&] { return coordinator.run(interrupts_); });
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    while (!std::filesystem::exists(directory.status()) && std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
    const Status running = read_status(directory.root);
    EXPECT_TRUE(running.running);
    EXPECT_EQ(running.endpoint, endpoint_in(directory));
    interrupts_ = 1;
    EXPECT_EQ(outcome.get(), ExitCode::kInterrupted);
  }
  const Status ended = read_status(directory.root);
  EXPECT_FALSE(ended.running);
  EXPECT_EQ(ended.state, "interrupted");
  EXPECT_EQ(ended.counts.images, 3U);
  EXPECT_EQ(ended.total(), 1U);
}

}  // namespace
}  // namespace wcam
