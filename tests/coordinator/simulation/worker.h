// A worker process: the real conversation, and around it what worker/protocol/session.cc and
// worker/jobs/worker.cc do with sockets, threads, models and files, as events on the clock.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/coordinator/simulation/world.h"
#include "worker/protocol/conversation.h"

namespace wcam::simulation {

class Worker {
 public:
  Worker(World& world, const std::string& name);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  const std::string& name() const { return name_; }
  bool alive() const { return alive_; }
  bool is_of_use() const { return alive_ && !disk_broken_ && !broken_; }
  bool can_be_disturbed() const { return alive_ && !paused_; }

  void crash(const std::string& why);    // kill -9, power loss
  void pause(milliseconds duration);     // SIGSTOP, SIGCONT
  void stop(const std::string& reason);  // SIGTERM
  // Nothing can be written from now on, for so long or for good.
  void fill_disk(std::optional<milliseconds> duration);
  void break_down() { broken_ = true; }  // it fails every job from now on
  void cut_off(milliseconds duration);   // of the network
  void slow_down(milliseconds delay, milliseconds duration);

 private:
  void later(milliseconds delay, std::function<void()> action);
  void tick();
  void look_for_coordinator();
  void converse();
  void compute();
  void begin();
  void finish(const wire::Job& job, milliseconds took);
  bool is_due() const;
  void store();
  void store_now();
  void deliver(const std::string& name);
  void leave(const std::string& reason);
  void end();

  World& world_;
  const std::string name_;
  const milliseconds hand_in_;        // how long a result may wait for company
  const milliseconds::rep slowness_;  // times as long as others for a job
  Conversation conversation_;
  std::uint32_t endpoint_ = 0;
  Network::Socket socket_ = 0;
  bool alive_ = true, paused_ = false, disk_full_ = false, disk_broken_ = false, broken_ = false;
  std::vector<std::function<void()>> missed_;  // while paused
  // The computing thread.
  bool busy_ = false;  // computing or writing
  std::vector<wire::Outcome> outbox_;
  TimePoint oldest_{};
  int segments_ = 0;
  std::optional<TimePoint> leave_at_;  // at the latest
};

}  // namespace wcam::simulation
