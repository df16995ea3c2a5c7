// A result, or in a sentence why there is none: what a report prints in its place.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace wcam {

// Below this many images nothing is asserted. With 8 a paired test can reach p = 2 / 2^8 = 0.008, which is
// below 0.05 for each of six hypotheses after Holm's correction, and from 8 on coverage was measured
// (resampling.h).
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
  const T& operator*() const& { return value_.value(); }
  T operator*() && { return std::move(value_).value(); }
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
