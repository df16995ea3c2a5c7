// Tells people how far the sweep is: SWEEP/status.json, a line on stderr, and the page.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/base/sweep_directory.h"
#include "coordinator/queue/scheduler.h"
#include "coordinator/serve/progress.h"
#include "coordinator/serve/throughput.h"
#include "coordinator/serve/web.h"
#include "coordinator/sweep/status.h"
#include "coordinator/transport/router.h"

namespace wcam {

enum class ProgressLine : std::uint8_t { kNone, kTerminal, kPlain };

// On the loop's thread. All that it is made of outlives it.
class Reporter {
 public:
  using TimePoint = Scheduler::TimePoint;

  // `web`: nullptr without a page.
  Reporter(const SweepDirectory& directory, const SweepState& state, const Scheduler& scheduler,
           const Router& router, bool insecure, ProgressLine line, Web* web);

  // Before the first turn.
  void tell_begun();
  // Events that are durable, in order.
  void note(std::span<const Event> events);
  // After each turn: what is due.
  void tell(TimePoint now);
  // Out of turn: somebody may look.
  void write_running_status();
  // The loop has ended: the last status, and what was set aside or cancelled.
  void tell_ended();

  const Status& status() const { return status_; }

 private:
  void tell_stopping();
  void tell_trouble(TimePoint now);
  void write_status(const std::string& state_name, bool with_reasons);
  std::vector<ConnectedWorker> connected_workers() const;
  PageData snapshot() const;

  const SweepDirectory directory_;
  const SweepState& state_;
  const Scheduler& scheduler_;
  const Router& router_;
  const ProgressLine line_;
  Web* const web_;
  Progress progress_;
  std::optional<Throughput> throughput_;  // kept for the page only
  Status status_;
  TimePoint next_status_{}, next_line_{}, next_complaint_{};
  bool status_written_ = true;  // the last time
  bool stopping_told_ = false;
};

// A line of its own on stderr, below a progress line that is being redrawn.
void say(const std::string& text);

}  // namespace wcam
