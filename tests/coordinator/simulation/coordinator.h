// A coordinator process: the real scheduler on the real state, and around it what coordinator.cc and
// session.cc do with the socket and the ledger, as events on the clock. The ledger is the real one in some
// schedules; in the others the list of committed events stands for it, and applying them again for reading
// it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/ledger/ledger.h"
#include "coordinator/queue/scheduler.h"
#include "coordinator/queue/sweep_state.h"
#include "coordinator/transport/collector.h"
#include "tests/coordinator/simulation/world.h"
#include "tests/temporary_folder.h"

namespace wcam::simulation {

class Coordinator {
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

  void start(bool same_endpoint);
  void die(Moment moment);
  void pause(milliseconds duration);
  void interrupt();  // SIGINT: stops in order
  // An operator's request: carried out by the coordinator in its next turn or, when none runs, at once.
  void operate(const wire::Request& request);

  // The last life's.
  const SchedulerCounters& counters() const { return counters_; }

 private:
  struct Died {};

  void wake(milliseconds delay);
  void turn();
  void take_messages();
  void collect(const std::string& worker, const wire::Piece& piece);
  void take_requests();
  bool accept(Network::Peer peer, const wire::Envelope& envelope, std::string& worker);
  bool send(const Message& message);
  void settle();
  void commit(std::span<const Event> events);
  std::optional<WorkerId> holder(JobId job, Attempt attempt);
  void consider_stopping();
  void end(bool killed);

  World& world_;
  std::unique_ptr<TemporaryFolder> folder_;                // with a real ledger
  std::unique_ptr<TemporaryFolder> segments_;              // where workers send theirs
  std::vector<Event> log_;                                 // committed
  std::map<std::pair<JobId, Attempt>, WorkerId> holders_;  // of its attempts
  bool finished_ = false;
  SchedulerCounters counters_;

  // One life.
  std::uint64_t life_ = 0;
  std::unique_ptr<Ledger> ledger_;
  std::optional<Collector> collector_;
  std::unique_ptr<SweepState> state_;
  std::unique_ptr<Scheduler> scheduler_;
  std::map<Network::Peer, std::string> worker_of_;
  std::map<std::string, Network::Peer> peer_of_;
  std::vector<wire::Request> requests_;  // not carried out yet
  std::optional<Moment> doom_;
  std::uint64_t sends_left_ = 0;  // before doom
  std::uint64_t messages_per_turn_ = 1;
  bool paused_ = false, interrupted_ = false, all_taken_ = false;
  std::optional<TimePoint> next_turn_;
  TimePoint stop_deadline_{};
};

}  // namespace wcam::simulation
