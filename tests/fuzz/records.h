// An input as a sequence of happenings: records of two bytes and a payload.
//
//   byte 1     bit 0: which of two peers; bits 1 and 2: 0, 1 it says the payload; 2 time passes; 3 a restart
//   byte 2     length of the payload, or the time in 10 ms
//   payload    a serialised Envelope
#pragma once

#include <wire.pb.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <span>

namespace wcam {

// What else a target needs to happen. `says` gets envelopes that parse.
template <class Says, class Passes, class Restarts>
void for_each_record(std::span<const std::uint8_t> input, const Says& says, const Passes& passes,
                     const Restarts& restarts) {
  while (input.size() >= 2) {
    const unsigned peer = input[0] & 1U, what = input[0] >> 1U & 3U;
    std::size_t length = input[1];
    input = input.subspan(2);
    if (what == 2) {
      passes(std::chrono::milliseconds{10 * length});
    } else if (what == 3) {
      restarts();
    } else {
      length = std::min(length, input.size());
      wire::Envelope envelope;
      if (envelope.ParseFromArray(input.data(), static_cast<int>(length))) says(peer, envelope);
      input = input.subspan(length);
    }
  }
}

}  // namespace wcam
