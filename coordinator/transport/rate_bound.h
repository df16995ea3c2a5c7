// How much one connection may say, so that one worker gone wrong does not keep the coordinator from the
// others.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace wcam {

class RateBound {
 public:
  // A worker that computes sends some messages a second, one whose jobs take no time at all ten thousands;
  // the session passes four times as many (session_rate in benchmarks/RESULTS.md).
  static constexpr std::uint32_t kMessagesASecond = 100'000;

  using TimePoint = std::chrono::steady_clock::time_point;

  // Counts one message of the connection; true when it is one too many in this second. O(1).
  bool exceeded_by(const std::string& connection, TimePoint now) {
    if (now - begun_ >= std::chrono::seconds{1}) {
      begun_ = now;
      messages_of_.clear();
    }
    return ++messages_of_[connection] > kMessagesASecond;
  }

 private:
  TimePoint begun_{};
  std::unordered_map<std::string, std::uint32_t> messages_of_;  // since then
};

}  // namespace wcam
