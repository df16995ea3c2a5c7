// How long something took.
#pragma once

#include <array>
#include <chrono>
#include <cstdio>
#include <string>

namespace wcam {

inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// "42 s", "7 min", "2.5 h".
inline std::string duration_text(double seconds) {
  std::array<char, 32> text{};
  if (seconds < 90)
    std::snprintf(text.data(), text.size(), "%.0f s", seconds);
  else if (seconds < 5400)
    std::snprintf(text.data(), text.size(), "%.0f min", seconds / 60);
  else
    std::snprintf(text.data(), text.size(), "%.1f h", seconds / 3600);
  return text.data();
}

}  // namespace wcam
