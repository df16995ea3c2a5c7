// How long jobs of one kind take: the median of the latest, so that neither a few that took long nor the
// start of a sweep count for much.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <optional>

namespace wcam {

class JobTimes {
 public:
  using Duration = std::chrono::duration<double>;

  // Adds a time. A number that is none (it comes from outside) is ignored.
  void add(double seconds) {
    if (std::isfinite(seconds) && seconds > 0) latest_[count_++ % latest_.size()] = seconds;
  }

  // nullopt: nothing was measured.
  std::optional<Duration> median() const {
    if (count_ == 0) return std::nullopt;
    auto sorted = latest_;
    const auto end = sorted.begin() + static_cast<std::ptrdiff_t>(std::min(count_, latest_.size()));
    const auto middle = sorted.begin() + (end - sorted.begin()) / 2;
    std::nth_element(sorted.begin(), middle, end);
    return Duration{*middle};
  }

 private:
  std::array<double, 63> latest_{};
  std::size_t count_ = 0;
};

}  // namespace wcam
