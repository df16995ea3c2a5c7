// What is known to go wrong with ROUTER and DEALER, each as it happens to a coordinator. Peers speak ZMTP 3.1
// (ZeroMQ RFC 37, mechanism NULL) by hand, so that they can stop anywhere.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>

#include "coordinator/transport/router.h"
#include "tests/coordinator/rig.h"

namespace wcam {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPatience{5'000};  // far beyond what loopback takes; reached only by a failure

RouterOptions options() {
  RouterOptions options;
  options.sweep_id = std::string(64, '5');
  return options;
}

// A worker's connection, byte by byte. Reads nothing unless told to, as a process that is stopped.
class BarePeer {
 public:
  explicit BarePeer(const Router& session) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const std::string& endpoint = session.endpoint();
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("cannot connect");
    std::string greeting("\xff\0\0\0\0\0\0\0\0\x7f\x03\0NULL", 16);
    greeting.resize(64);
    const std::string ready(
        "\x05READY\x0bSocket-Type\0\0\0\x06"
        "DEALER",
        28);
    say(greeting);
    std::array<char, 64> theirs{};  // libzmq reads no command that comes together with the greeting
    if (::recv(fd_, theirs.data(), theirs.size(), MSG_WAITALL) != static_cast<ssize_t>(theirs.size()))
      throw std::runtime_error("no greeting");
    say(std::string(1, '\x04') + static_cast<char>(ready.size()) + ready);
  }
  ~BarePeer() {
    // Gone at once, as a machine that fails: what has not arrived never will.
    const linger at_once{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(fd_);
  }
  BarePeer(const BarePeer&) = delete;
  BarePeer& operator=(const BarePeer&) = delete;

  void say(const std::string& bytes) const {
    if (::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
      throw std::runtime_error("cannot send");
  }
  // A message of one frame of at most 255 bytes.
  static std::string frame(const wire::Envelope& envelope) {
    const std::string body = envelope.SerializeAsString();
    return std::string(1, '\0') + static_cast<char>(body.size()) + body;
  }
  // Takes what has come.
  void drain() const {
    std::array<char, 1U << 16U> buffer{};
    while (::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT) > 0) continue;
  }

 private:
  int fd_;
};

wire::Envelope stop_with(std::size_t bytes) {
  wire::Envelope envelope;
  envelope.mutable_stop()->set_reason(std::string(bytes, 'x'));
  return envelope;
}

class ZeroMqTraps : public testing::Test {
 protected:
  // The next sound message.
  Message take() {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline)
      if (auto message = router_.receive(milliseconds{100})) return *message;
    throw std::runtime_error("nothing came");
  }
  void expect_served(const std::string& name) {
    const BarePeer other(router_);
    other.say(BarePeer::frame(hello_of(name)));
    EXPECT_EQ(take().worker, name);
    EXPECT_TRUE(router_.send({name, stop_with(10)}));
  }
  // Sends to the worker until the session says that it takes nothing.
  void fill(const std::string& worker) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    const wire::Envelope message = stop_with(1'000);
    while (router_.send({worker, message}))
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "never full";
  }
  bool reached_within_patience(const std::string& worker, bool reached, const BarePeer* reader = nullptr) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      if (reader != nullptr) reader->drain();
      if (router_.send({worker, stop_with(1'000)}) == reached) return true;
      EXPECT_FALSE(router_.receive(milliseconds{1}));
    }
    return false;
  }

  Router router_{options()};
};

// Without ROUTER_MANDATORY a full peer's messages vanish; with it and without DONTWAIT the coordinator hangs.
TEST_F(ZeroMqTraps, AStoppedWorkerFillsItsPipeAndNobodyElseWaits) {
  const BarePeer stopped(router_);
  stopped.say(BarePeer::frame(hello_of("stopped")));
  EXPECT_EQ(take().worker, "stopped");
  fill("stopped");
  const std::uint64_t undelivered = router_.counters().undelivered;
  EXPECT_FALSE(router_.send({"stopped", stop_with(1'000)}));
  EXPECT_EQ(router_.counters().undelivered, undelivered + 1);
  expect_served("other");
  EXPECT_TRUE(reached_within_patience("stopped", true, &stopped)) << "it goes on and is not reached again";
}

TEST_F(ZeroMqTraps, AWorkerGoneInTheMiddleOfWhatItIsSentIsAnEvent) {
  {
    const BarePeer gone(router_);
    gone.say(BarePeer::frame(hello_of("gone")));
    EXPECT_EQ(take().worker, "gone");
    // More than the kernel's buffers hold: the rest is on its way when the connection breaks.
    EXPECT_TRUE(router_.send({"gone", stop_with(15'000'000)}));
    expect_served("meanwhile");
  }
  EXPECT_TRUE(reached_within_patience("gone", false));
  expect_served("after");
}

TEST_F(ZeroMqTraps, AWorkerGoneInTheMiddleOfWhatItSaysHasSaidNothing) {
  {
    const BarePeer gone(router_);
    gone.say(BarePeer::frame(hello_of("gone")));
    EXPECT_EQ(take().worker, "gone");
    const std::string half = BarePeer::frame(leaving());
    gone.say(half.substr(0, half.size() / 2));
  }
  EXPECT_TRUE(reached_within_patience("gone", false));
  EXPECT_EQ(router_.counters().malformed, 0U);
  expect_served("after");
}

// Fixed routing ids would make the second connection of a worker a stranger's, or the first one's end.
TEST_F(ZeroMqTraps, AWorkerOnANewConnectionIsReachedThereWhileTheOldOneStands) {
  const BarePeer old(router_);
  old.say(BarePeer::frame(hello_of("w")));
  EXPECT_EQ(take().worker, "w");
  fill("w");
  const BarePeer anew(router_);
  anew.say(BarePeer::frame(hello_of("w")));
  EXPECT_EQ(take().worker, "w");
  EXPECT_TRUE(router_.send({"w", stop_with(1'000)})) << "sent to the connection that takes nothing";
  old.say(BarePeer::frame(ready_for(1)));  // from a connection that is nobody's now
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (router_.counters().before_hello == 0 && std::chrono::steady_clock::now() < deadline)
    EXPECT_FALSE(router_.receive(milliseconds{10}));
  EXPECT_EQ(router_.counters().before_hello, 1U);
}

// A ROUTER that was restarted knows nobody, and a DEALER does not notice.
TEST_F(ZeroMqTraps, AWorkerThatGoesOnTalkingToARestartedCoordinatorIsAskedWhoItIs) {
  const BarePeer unaware(router_);
  unaware.say(BarePeer::frame(lease({})));
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (router_.counters().before_hello == 0 && std::chrono::steady_clock::now() < deadline)
    EXPECT_FALSE(router_.receive(milliseconds{10}));
  unaware.say(BarePeer::frame(hello_of("w")));
  EXPECT_EQ(take().worker, "w");
}

}  // namespace
}  // namespace wcam
