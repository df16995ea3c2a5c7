// One sweep's coordinator: the process around the loop, with its socket, its ledger, the segments that are
// sent to it, and what it tells people.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <span>
#include <string>

#include "common/base/error.h"
#include "common/base/sweep_directory.h"
#include "coordinator/ledger/ledger.h"
#include "coordinator/queue/scheduler.h"
#include "coordinator/serve/loop.h"
#include "coordinator/serve/reporter.h"
#include "coordinator/serve/web.h"
#include "coordinator/transport/collector.h"
#include "coordinator/transport/router.h"

namespace wcam {

struct CoordinatorOptions {
  SchedulerOptions scheduler;
  RouterOptions router;  // sweep_id and earlier_endpoint are filled in
  using Progress = ProgressLine;
  Progress progress = Progress::kNone;
  bool hand_over = false;  // one interrupt is as good as two
  Web* web = nullptr;      // told once a second how far the sweep is; outlives the coordinator
};

class Coordinator : private Transport, private Journal, private Household {
 public:
  // The sweep's plan and its ledger, open and locked. Listens when this returns, and the directory's endpoint
  // file says where. Throws InputError.
  Coordinator(const SweepDirectory& directory, Ledger& ledger, const Plan& plan, CoordinatorOptions options);

  // Until the sweep is finished (kDone, kSetAside) or `interrupts`, which a signal handler or another thread
  // raises, is 1 (stops in order) or more (stops now): kInterrupted. While the ledger has no room it waits,
  // and nothing is acknowledged that is not durable; an interrupt then stops now.
  ExitCode run(const std::atomic<int>& interrupts);

  const SweepState& state() const { return state_; }

 private:
  // For the loop.
  std::optional<Message> receive(std::chrono::milliseconds patience) override;
  bool send(const Message& message) override;
  void commit(std::span<const Event> events) override;
  void check_room() override { ledger_.check_room(); }
  wire::Received take(const std::string& worker, const wire::Piece& piece) override;
  void forget(const std::string& worker) override;
  wire::Reply look(const wire::Request& request) override;
  void before_replies() override;

  ExitCode say_interrupted() const;
  void tell_sample() const;

  const SweepDirectory directory_;
  const CoordinatorOptions options_;
  Ledger& ledger_;
  SweepState state_;
  Scheduler scheduler_;
  Router router_;
  Collector collector_;
  Reporter reporter_;
  Loop loop_;
};

}  // namespace wcam
