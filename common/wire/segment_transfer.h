// A segment on its way from a worker to a coordinator that stores it (--collect).
#pragma once

#include <wire.pb.h>

#include <cstdint>
#include <string>
#include <vector>

namespace wcam {

// Bytes of a segment that a worker sends at a time: 12 MB/s over a round trip of 20 ms, and a heartbeat waits
// for no more than that.
inline constexpr std::uint64_t kPieceBytes = 256 << 10U;
// The most that a coordinator accepts in one piece.
inline constexpr std::uint64_t kMostPieceBytes = 1 << 20U;
// 64 results with pictures of 2,048 x 2,048 pixels, the largest, are 0.8 GB before compression.
inline constexpr std::uint64_t kMostSegmentBytes = std::uint64_t{4} << 30U;

struct SegmentTransfer {
  std::string segment;  // file name; empty: nothing is to be stored
  std::string bytes, sha256;
  std::vector<wire::Outcome> outcomes;  // to be reported once it is stored
};

}  // namespace wcam
