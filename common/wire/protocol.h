// Numbers both ends of the conversation agree on; the conversation itself is specified in proto/wire.proto.
#pragma once

#include <cstdint>

namespace wcam {

// Two ends talk if theirs is the same, whatever the versions of their programs. Raised by every change that
// an older end would misunderstand. A new field that an older end may ignore and a newer one may miss is
// none.
inline constexpr std::uint32_t kProtocolVersion = 3;

// A larger message is not read: ZeroMQ drops it and the connection it came on.
inline constexpr std::int64_t kMaxMessageBytes = std::int64_t{16} << 20;

}  // namespace wcam
