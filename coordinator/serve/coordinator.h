// One sweep's coordinator: the loop between the workers' messages, the scheduler's decisions and the ledger.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/base/sweep_directory.h"
#include "coordinator/ledger/ledger.h"
#include "coordinator/queue/scheduler.h"
#include "coordinator/serve/throughput.h"
#include "coordinator/serve/web.h"
#include "coordinator/sweep/status.h"
#include "coordinator/transport/collector.h"
#include "coordinator/transport/session.h"

namespace wcam {

struct CoordinatorOptions {
  SchedulerOptions scheduler;
  SessionOptions session;  // sweep_id and earlier_endpoint are filled in
  enum class Progress { kNone, kTerminal, kPlain } progress = Progress::kNone;
  bool hand_over = false;  // one interrupt is as good as two
  Web* web = nullptr;      // told once a second how far the sweep is; outlives the coordinator
};

class Coordinator {
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
  using TimePoint = Scheduler::TimePoint;

  ExitCode say_interrupted() const;
  void tell_sample() const;
  bool take_messages();
  std::optional<Message> next_message(std::chrono::milliseconds patience);
  void keep_company(Message message);
  void collect(const Message& message);
  wire::Reply answer(const wire::Request& request);
  wire::Reply look(const wire::Request& request);
  void consider_stopping(int interrupts, TimePoint now);
  void settle();
  void commit(std::span<const Event> events);
  // Before the next try. Throws `why` again when told to stop.
  void wait_for_room(const NoRoomError& why);
  bool over(int interrupts, TimePoint now) const;
  void tell(TimePoint now);
  void tell_trouble(TimePoint now);
  void write_running_status();
  void write_status(const std::string& state_name, bool with_reasons);
  std::vector<ConnectedWorker> connected_workers() const;
  Snapshot snapshot() const;
  void update_rate(TimePoint now);
  double forwards(double predict_jobs, double explain_jobs) const;
  double unfinished(JobKind kind) const;
  double wcams_left() const;

  const SweepDirectory directory_;
  const CoordinatorOptions options_;
  Ledger& ledger_;
  SweepState state_;
  Scheduler scheduler_;
  Session session_;
  Collector collector_;
  const std::atomic<int>* interrupts_ = nullptr;  // of run()
  std::deque<Message> kept_;                      // heard while the ledger had no room
  std::vector<Message> replies_;                  // to operators, once what they asked for is durable
  const double forwards_per_wcam_;
  Status status_;
  TimePoint stop_deadline_{}, next_status_{}, next_line_{}, next_complaint_{}, next_room_complaint_{};
  bool status_written_ = true;  // the last time
  // Times with jobs and work done by then, as far back as the rate is measured.
  struct Mark {
    TimePoint time;
    std::size_t jobs, explained;
    double work;
  };
  std::deque<Mark> marks_;
  std::optional<Throughput> throughput_;  // kept for the page only
};

}  // namespace wcam
