// How much more work a worker would take: so many predict jobs, or so many explain jobs, or some of each,
// every job taking its part of the whole. Both ends of the conversation count it (wire::Ready), so that a job
// that takes a minute leaves no room for fifty that take a second each.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "common/base/ids.h"

namespace wcam {

class Credit {
 public:
  Credit() = default;
  Credit(std::uint32_t predict, std::uint32_t explain) : whole_{predict, explain} {}

  // How many jobs of this kind fit, if all that is left goes to them.
  std::uint32_t left(JobKind kind) const {
    constexpr double kTolerance = 1e-6;
    return static_cast<std::uint32_t>(whole_[index(kind)] * left_ + kTolerance);
  }
  // Whether the same is left, of both kinds.
  bool operator==(const Credit& other) const {
    return left(JobKind::kPredict) == other.left(JobKind::kPredict) &&
           left(JobKind::kExplain) == other.left(JobKind::kExplain);
  }
  bool any() const { return left(JobKind::kPredict) > 0 || left(JobKind::kExplain) > 0; }
  // Takes away the part of one job; a job of a kind that was not wanted takes all.
  void spend(JobKind kind) { left_ = std::max(0.0, left_ - 1.0 / std::max(1U, whole_[index(kind)])); }

 private:
  static constexpr std::size_t index(JobKind kind) { return static_cast<std::size_t>(kind); }

  std::array<std::uint32_t, 2> whole_{};
  double left_ = 1;  // part of the whole
};

}  // namespace wcam
