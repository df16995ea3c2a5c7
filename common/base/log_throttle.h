// A flood of bad messages must not become a flood of lines in the log.
#pragma once

#include <cstdint>

namespace wcam {

// Whether the count-th message of a kind is reported: each power of two is.
constexpr bool worth_logging(std::uint64_t count) { return (count & (count - 1)) == 0; }

}  // namespace wcam
