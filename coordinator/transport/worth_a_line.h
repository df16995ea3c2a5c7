// A flood of bad messages must not become a flood of lines in the log.
#pragma once

#include <cstdint>

namespace wcam {

// Each power of two is reported.
constexpr bool worth_a_line(std::uint64_t count) { return (count & (count - 1)) == 0; }

}  // namespace wcam
