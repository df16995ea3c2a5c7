#include "worker/protocol/zmtp_probe.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "common/wire/connect.h"

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace wcam {

namespace {

// Of the greeting: a signature, the version, then the mechanism, padded with zeros.
constexpr std::string_view kSignature("\xff\0\0\0\0\0\0\0\x01\x7f", 10);
constexpr std::size_t kMechanismAt = 12, kMechanismSize = 20;

class Caller {
 public:
  Caller(const Address& address, milliseconds patience)
      : fd_(address.call()), deadline_(Clock::now() + patience) {}
  ~Caller() {
    if (fd_ >= 0) ::close(fd_);
  }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  bool send(std::string_view words) const {
    return ready(POLLOUT) && ::send(fd_, words.data(), words.size(), MSG_NOSIGNAL) == std::ssize(words);
  }
  // So many bytes, or fewer when no more came.
  std::string hear(std::size_t count) const {
    std::string heard(count, '\0');
    std::size_t size = 0;
    while (size < count && ready(POLLIN)) {
      const ssize_t more = ::recv(fd_, heard.data() + size, count - size, 0);
      if (more <= 0) break;
      size += static_cast<std::size_t>(more);
    }
    heard.resize(size);
    return heard;
  }

 private:
  bool ready(short events) const {
    pollfd waiting{fd_, events, 0};
    const auto left = std::chrono::duration_cast<milliseconds>(deadline_ - Clock::now());
    return fd_ >= 0 && ::poll(&waiting, 1, std::max(0, static_cast<int>(left.count()))) == 1;
  }

  const int fd_;
  const Clock::time_point deadline_;
};

std::optional<std::string> greeting_of(const Address& address, milliseconds patience) {
  const Caller caller(address, patience);
  // With our version it tells its mechanism; ours we keep, or it might close before it has told.
  if (!caller.send(std::string(kSignature) + '\x03')) return std::nullopt;
  const std::string greeting = caller.hear(kMechanismAt + kMechanismSize);
  const bool whole = greeting.size() == kMechanismAt + kMechanismSize &&
                     greeting.front() == kSignature.front() &&
                     greeting[kSignature.size() - 1] == kSignature.back() && greeting[kSignature.size()] >= 3;
  if (!whole) return std::nullopt;
  const std::string mechanism = greeting.substr(kMechanismAt);
  return mechanism.substr(0, mechanism.find('\0'));
}

}  // namespace

std::optional<std::string> mechanism_at(const std::string& endpoint, milliseconds patience) {
  for (const Address& address : addresses_of(endpoint))
    if (auto mechanism = greeting_of(address, patience)) return mechanism;
  return std::nullopt;
}

}  // namespace wcam
