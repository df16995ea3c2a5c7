// A coordinator process: the real loop on the real scheduler, state and table of peers; made up are what the
// loop has interfaces for. While the process sleeps the world goes on. The ledger is the real one in some
// schedules; in the others the list of committed events stands for it, and applying them again for reading
// it.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/ledger/ledger.h"
#include "coordinator/queue/scheduler.h"
#include "coordinator/queue/sweep_state.h"
#include "coordinator/serve/loop.h"
#include "coordinator/transport/collector.h"
#include "coordinator/transport/peers.h"
#include "tests/coordinator/simulation/world.h"
#include "tests/temporary_folder.h"

namespace wcam::simulation {

class Coordinator : private Transport, private Journal, private Household {
 public:
  // Where it dies.
  enum class Moment { kAtOnce, kBeforeCommit, kAfterCommit, kWhileSending };

  Coordinator(World& world, bool real_ledger);
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  bool alive() const { return scheduler_ != nullptr; }
  // It has ended because nothing is left to do.
  bool finished() const { return finished_; }
  // As the ledger has it, or would.
  SweepState recorded() const;

  // Returns when the process has ended; the world has gone on until then. Nothing happens when it runs.
  void run(bool same_endpoint);
  void die(Moment moment);
  void pause(milliseconds duration);
  void interrupt();  // SIGINT
  // Its ledger cannot be written.
  void fill_disk(milliseconds duration);
  // Each commit takes so long, for so long.
  void slow_disk_down(milliseconds each, milliseconds duration);
  // An operator's request: carried out by the coordinator in its next turn or, when none runs, at once.
  void apply_request(const wire::Request& request);

  // The last life's.
  const SchedulerCounters& counters() const { return counters_; }

 private:
  struct Died {};

  void start(bool same_endpoint);
  void work();
  void end(bool killed);

  // For the loop.
  std::optional<Message> receive(milliseconds patience) override;
  bool send(const Message& message) override;
  void commit(std::span<const Event> events) override;
  void check_room() override;
  wire::Received take(const std::string& worker, const wire::Piece& piece) override;
  void forget(const std::string& worker) override;
  wire::Reply look(const wire::Request& request) override;
  void before_replies() override {}

  // The world goes on until then, or until `woken` says so.
  void sleep(TimePoint until, const std::function<bool()>& woken);
  std::optional<Message> next_request();
  // What the peer says, if it is for the loop; else it is answered.
  std::optional<Message> accept(Network::Peer peer, const wire::Envelope& envelope);
  bool deliver(const std::string& peer, wire::Envelope envelope);
  void check_room(std::span<const Event> events);
  bool has_room() const;
  std::optional<WorkerId> holder(JobId job, Attempt attempt);
  void ask_at_rest(const wire::Request& request);

  World& world_;
  std::unique_ptr<TemporaryFolder> folder_;                // with a real ledger
  std::unique_ptr<TemporaryFolder> segments_;              // where workers send theirs
  std::vector<Event> log_;                                 // committed
  std::map<std::pair<JobId, Attempt>, WorkerId> holders_;  // of its attempts
  TimePoint full_until_{}, slow_until_{};                  // the ledger's disk
  milliseconds commit_takes_{0};                           // until then
  bool finished_ = false;
  SchedulerCounters counters_;

  // One life.
  std::unique_ptr<Ledger> ledger_;
  std::optional<Collector> collector_;
  std::unique_ptr<SweepState> state_;
  std::unique_ptr<Scheduler> scheduler_;
  std::unique_ptr<Loop> loop_;
  std::optional<Peers> peers_;
  std::deque<wire::Request> requests_;  // not heard yet
  std::optional<Moment> doom_;
  std::uint64_t sends_left_ = 0;  // before doom
  TimePoint paused_until_{};
  std::optional<TimePoint> no_room_since_;  // a commit waits
  std::atomic<int> interrupts_{0};
};

}  // namespace wcam::simulation
