// A result, or in a sentence why there is none: what a report prints in its place.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace wcam {

// Below this many images nothing is asserted. At 8 a paired test can still reach p = 2 / 2^8 = 0.008, and the
// intervals here still cover as they should (resampling.h); with fewer, neither holds.
inline constexpr std::size_t kFewestImages = 8;

struct NotStated {
  std::string reason;
};

// To be asked before use, as std::optional.
template <typename T>
class [[nodiscard]] Stated {
 public:
  // Not explicit: functions return either.
  Stated(T value) : value_(std::move(value)) {}
  Stated(NotStated missing) : why_not_(std::move(missing.reason)) {}
  explicit operator bool() const { return value_.has_value(); }
  const T& operator*() const { return value_.value(); }
  const T* operator->() const { return &value_.value(); }
  // Empty when there is a result.
  const std::string& why_not() const { return why_not_; }

 private:
  std::optional<T> value_;
  std::string why_not_;
};

// Why nothing is asserted of so few images; nothing when there are enough.
std::optional<NotStated> too_few(std::size_t images);

}  // namespace wcam
