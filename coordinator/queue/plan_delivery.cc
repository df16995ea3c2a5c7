#include "coordinator/queue/plan_delivery.h"

#include <algorithm>
#include <utility>

namespace wcam {

void PlanDelivery::ask(const std::string& worker) {
  if (!std::exchange(deliveries_[worker].waits, true)) queue_.push_back(worker);
}

void PlanDelivery::failed(const std::string& worker) {
  if (const auto found = deliveries_.find(worker); found != deliveries_.end()) found->second.sent.reset();
}

// One that is not answered may have been lost with its connection, or be long on a slow one: the patience is
// doubled each time that it is sent again.
bool PlanDelivery::is_under_way(const Delivery& delivery, TimePoint now) {
  constexpr std::chrono::seconds kPatience{5};
  constexpr int kMostDoublings = 6;
  return delivery.sent &&
         now - *delivery.sent < kPatience * (1 << std::min(delivery.times_sent - 1, kMostDoublings));
}

std::vector<std::string> PlanDelivery::due(TimePoint now) {
  std::vector<std::string> workers;
  if (queue_.empty()) return workers;
  const auto under_way = std::count_if(deliveries_.begin(), deliveries_.end(), [&](const auto& delivery) {
    return is_under_way(delivery.second, now);
  });
  std::size_t bytes = static_cast<std::size_t>(under_way) * plan_bytes_;
  for (; !queue_.empty(); queue_.pop_front()) {
    const auto found = deliveries_.find(queue_.front());
    if (found == deliveries_.end() || !found->second.waits) continue;
    Delivery& delivery = found->second;
    if (!is_under_way(delivery, now)) {
      if (bytes > 0 && bytes + plan_bytes_ > most_bytes_) return workers;
      bytes += plan_bytes_;
      delivery.sent = now;
      ++delivery.times_sent;
      workers.push_back(found->first);
    }
    delivery.waits = false;
  }
  return workers;
}

}  // namespace wcam
