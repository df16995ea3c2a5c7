// Who is sent the plan, and when. It may have megabytes and lies in memory until the network has taken it, so
// a thousand workers that join at once get it some at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace wcam {

class PlanDelivery {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // At most `most_bytes` of plans are under way at a time, or one plan.
  PlanDelivery(std::size_t plan_bytes, std::size_t most_bytes)
      : plan_bytes_(plan_bytes), most_bytes_(most_bytes) {}

  // The worker has said Hello and does not have the plan.
  void ask(const std::string& worker);
  // It says more than Hello, so it has the plan; or it has gone.
  void settled(const std::string& worker) {
    if (!deliveries_.empty()) deliveries_.erase(worker);
  }
  // What was sent could not be delivered.
  void failed(const std::string& worker);

  // Whom the plan is to be sent to now, who asked first in front; counts as sent. Once for each Hello at
  // most, so that who has gone takes nobody's place. A worker that gets none yet goes on saying Hello.
  std::vector<std::string> due(TimePoint now);

 private:
  // Nothing but Hello heard since.
  struct Delivery {
    bool waits = false;  // then it is in queue_
    std::optional<TimePoint> sent;
    int times_sent = 0;
  };
  static bool is_under_way(const Delivery& delivery, TimePoint now);

  const std::size_t plan_bytes_, most_bytes_;
  std::unordered_map<std::string, Delivery> deliveries_;  // by worker
  std::deque<std::string> queue_;  // workers, and some that wait no more; who asked first comes first
};

}  // namespace wcam
