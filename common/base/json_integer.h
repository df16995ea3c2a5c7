// Integers out of JSON, in range. nlohmann::json's own get<int>() makes 28 of 28.7, 1 of 4294967297, and of
// 1e300 what the compiler likes.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <utility>

namespace wcam {

// Throws nlohmann::json::exception naming value and range.
template <class T>
T integer_of(const nlohmann::json& value) {
  static_assert(std::is_integral_v<T>);
  if (value.is_number_unsigned() && std::in_range<T>(value.get<std::uint64_t>()))
    return static_cast<T>(value.get<std::uint64_t>());
  if (value.is_number_integer() && !value.is_number_unsigned() && std::in_range<T>(value.get<std::int64_t>()))
    return static_cast<T>(value.get<std::int64_t>());
  throw nlohmann::json::type_error::create(302,
                                           value.dump() + " is not an integer from " +
                                               std::to_string(std::numeric_limits<T>::min()) + " to " +
                                               std::to_string(std::numeric_limits<T>::max()),
                                           &value);
}

}  // namespace wcam
