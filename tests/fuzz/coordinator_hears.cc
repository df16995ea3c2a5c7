// What the holders of two workers' keys and an operator can say, in any order, to the coordinator of a small
// sweep: records.h. A job's number below 64 stands for the job that was handed out as the number-th, which no
// fuzzer would guess.
#include <spdlog/spdlog.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "coordinator/operate/apply_request.h"
#include "coordinator/queue/scheduler.h"
#include "coordinator/transport/collector.h"
#include "tests/coordinator/rig.h"
#include "tests/fuzz/records.h"
#include "tests/fuzz/target.h"
#include "tests/temporary_folder.h"

using namespace wcam;

namespace {

// With a ledger that is a list of who got what.
class Sweep {
 public:
  explicit Sweep(const SweepState& begin) : state_(begin) { start(); }

  void start() {
    SchedulerOptions options;
    options.holder = [this](JobId job, Attempt attempt) {
      const auto found = holders_.find({job, attempt});
      return found == holders_.end() ? std::nullopt : std::optional(found->second);
    };
    scheduler_ = std::make_unique<Scheduler>(state_, options);
    scheduler_->start(now_);
    turn();
  }

  void hear(unsigned worker, wire::Envelope envelope) {
    const std::string name = worker == 0 ? "key.a" : "key.b";
    if (envelope.has_hello()) envelope = hello_of(name);  // the session has checked it
    if (envelope.has_heartbeat())
      for (wire::Lease& lease : *envelope.mutable_heartbeat()->mutable_in_hand()) rename(lease);
    if (envelope.has_outcomes())
      for (wire::Outcome& outcome : *envelope.mutable_outcomes()->mutable_outcomes()) rename(outcome);
    if (envelope.has_request())
      ask(envelope.request());
    else
      scheduler_->on_message(name, envelope, now_);
    if (envelope.has_piece()) collect(name, envelope.piece());
    turn();
  }

  // Once an input: what is wrong stays wrong, and looking for it takes longer than all the rest.
  void check() const {
    scheduler_->check_invariants();
    state_.check_invariants();
  }

  void pass(std::chrono::milliseconds time) {
    now_ += time;
    scheduler_->expire(now_);
    turn();
  }

 private:
  template <class Named>
  void rename(Named& named) const {
    if (named.job() < handed_out_.size()) named.set_job(handed_out_[named.job()]);
  }

  // Whatever is said, nothing but segments of that name is in the folder, and none beside it.
  void collect(const std::string& worker, const wire::Piece& piece) {
    static const TemporaryFolder folder;
    const auto segments = folder.path() / "segments";
    std::filesystem::create_directories(segments);
    const wire::Received received = Collector(segments).take(worker, piece);
    demand(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1,
           "a file outside the segments");
    demand(!received.stored() || std::filesystem::exists(segments / piece.segment()),
           "a segment that is not there");
    std::filesystem::remove_all(segments);
  }

  void ask(const wire::Request& request) try {
    if (!only_asks(request)) scheduler_->carry_out(wcam::apply_request(state_, request).events);
  } catch (const UsageError&) {  // refused in words
  }

  void turn() {
    scheduler_->advance(now_);
    scheduler_->settle(
        [this](std::span<const Event> events) {
          for (const Event& event : events) note(event);
        },
        [](const Message& message) { return message.worker.size() > 0; });
  }

  void note(const Event& event) {
    const auto* of_job = std::get_if<JobEvent>(&event);
    if (of_job == nullptr) return;
    if (const auto* given = std::get_if<JobHandedOut>(of_job)) {
      holders_[{given->job, given->attempt}] = given->worker;
      if (handed_out_.size() < 64) handed_out_.push_back(value(given->job));
    }
  }

  SweepState state_;
  std::unique_ptr<Scheduler> scheduler_;
  Scheduler::TimePoint now_{};
  std::map<std::pair<JobId, Attempt>, WorkerId> holders_;
  std::vector<std::uint64_t> handed_out_;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  spdlog::set_level(spdlog::level::off);
  static const SweepState begin(small_plan(3, 2, 2));
  Sweep sweep(begin);
  for_each_record(
      {data, size}, [&](unsigned worker, const wire::Envelope& said) { sweep.hear(worker, said); },
      [&](std::chrono::milliseconds time) { sweep.pass(time); }, [&] { sweep.start(); });
  sweep.check();
  return 0;
}
