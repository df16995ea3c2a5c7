#include "coordinator/session.h"

#include <gtest/gtest.h>

#include <thread>

#include "common/error.h"
#include "tests/coordinator/rig.h"

namespace wcam {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kPatience{5'000};  // far beyond what loopback takes; reached only by a failure

// A worker's bare socket.
class Peer {
 public:
  explicit Peer(const std::string& endpoint) : socket_(context_, zmq::socket_type::dealer) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::rcvtimeo, static_cast<int>(kPatience.count()));
    socket_.connect(endpoint);
  }
  void send(const wire::Envelope& envelope) { send_bytes(envelope.SerializeAsString()); }
  void send_bytes(const std::string& bytes, bool more = false) {
    socket_.send(zmq::buffer(bytes), more ? zmq::send_flags::sndmore : zmq::send_flags::none);
  }
  wire::Envelope receive() {
    zmq::message_t frame;
    wire::Envelope envelope;
    if (!socket_.recv(frame)) throw std::runtime_error("nothing came");
    if (!envelope.ParseFromArray(frame.data(), static_cast<int>(frame.size())))
      throw std::runtime_error("no envelope");
    return envelope;
  }

 private:
  zmq::context_t context_;
  zmq::socket_t socket_;
};

SessionOptions options() {
  SessionOptions options;
  options.sweep_id = std::string(64, '5');
  return options;
}

// The next sound message; what is not sound has been handled by then.
Message take(Session& session) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < deadline)
    if (auto message = session.receive(milliseconds{100})) return *message;
  throw std::runtime_error("nothing came");
}

// Until the counter has risen: messages that are dropped are handled in receive().
void drop(Session& session, const std::uint64_t& counter, std::uint64_t until) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (counter < until && std::chrono::steady_clock::now() < deadline)
    EXPECT_FALSE(session.receive(milliseconds{100}));
  EXPECT_EQ(counter, until);
}

std::string bind_problem(const std::string& address, bool insecure) {
  SessionOptions o;
  o.bind = address;
  o.insecure = insecure;
  return o.problem().value_or("usable");
}

TEST(Session, OnlyLoopbackIsBoundUnlessToldOtherwise) {
  for (const char* address :
       {"tcp://127.0.0.1:*", "tcp://localhost:5555", "tcp://[::1]:5555", "tcp://127.1.2.3:1"})
    EXPECT_EQ(bind_problem(address, false), "usable") << address;
  for (const char* address : {"tcp://*:5555", "tcp://0.0.0.0:5555", "tcp://eth0:5555", "tcp://10.0.0.1:5555",
                              "tcp://[::]:5555", "tcp://node1.example:*"}) {
    EXPECT_NE(bind_problem(address, false).find("--insecure"), std::string::npos) << address;
    EXPECT_EQ(bind_problem(address, true), "usable") << address;
  }
  for (const char* address :
       {"", "5555", "ipc:///tmp/x", "tcp://127.0.0.1", "tcp://:5555", "tcp://127.0.0.1:"})
    EXPECT_NE(bind_problem(address, true), "usable") << address;
}

TEST(Session, SaysWhereItListensAndHearsAWorker) {
  Session session(options());
  EXPECT_EQ(session.endpoint().rfind("tcp://127.0.0.1:", 0), 0U);
  Peer peer(session.endpoint());
  peer.send(hello_of("w"));
  const Message message = take(session);
  EXPECT_EQ(message.worker, "w");
  EXPECT_TRUE(message.envelope.has_hello());
  wire::Envelope answer;
  answer.mutable_welcome()->set_sweep_id("s");
  EXPECT_TRUE(session.send({"w", answer}));
  const wire::Envelope received = peer.receive();
  EXPECT_EQ(received.welcome().sweep_id(), "s");
  EXPECT_EQ(received.protocol_version(), kProtocolVersion);
}

TEST(Session, NothingComesAndTheWaitIsBounded) {
  Session session(options());
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(session.receive(milliseconds{30}));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds{2});
  EXPECT_FALSE(session.receive(milliseconds{0}));
}

TEST(Session, MalformedMessagesAreCountedAndDropped) {
  Session session(options());
  Peer peer(session.endpoint());
  peer.send_bytes("\xff\xff\xff not an envelope");
  peer.send_bytes("", true);  // two frames
  peer.send_bytes(hello_of("w").SerializeAsString());
  wire::Envelope of_the_coordinator;
  of_the_coordinator.set_protocol_version(kProtocolVersion);
  of_the_coordinator.mutable_stop();
  peer.send(of_the_coordinator);
  wire::Envelope empty;
  empty.set_protocol_version(kProtocolVersion);
  peer.send(empty);
  drop(session, session.counters().malformed, 4);
  peer.send(hello_of("w"));
  EXPECT_EQ(take(session).worker, "w");
}

// A sound message cut at every byte is either dropped, refused or a shorter sound one; it never ends the
// session.
TEST(Session, AMessageCutAnywhereDoesNoHarm) {
  Session session(options());
  Peer peer(session.endpoint());
  const std::string whole = hello_of("w").SerializeAsString();
  for (std::size_t size = 0; size < whole.size(); ++size) peer.send_bytes(whole.substr(0, size));
  peer.send(hello_of("w"));
  Message last{"", {}};
  while (last.envelope.hello().device() != "cpu") last = take(session);
  EXPECT_EQ(last.worker, "w");
}

TEST(Session, AnOversizedMessageIsDroppedAndOthersAreServed) {
  Session session(options());
  Peer large(session.endpoint());
  Peer other(session.endpoint());
  large.send_bytes(std::string(static_cast<std::size_t>(kMaxMessageBytes) + 1, 'x'));
  other.send(hello_of("w"));
  EXPECT_EQ(take(session).worker, "w");
  EXPECT_FALSE(session.receive(milliseconds{50}));
}

TEST(Session, WhoSpeaksBeforeHelloIsAskedToSayHello) {
  Session session(options());
  Peer peer(session.endpoint());
  peer.send(ready_for(3));
  drop(session, session.counters().before_hello, 1);
  const wire::Envelope answer = peer.receive();
  EXPECT_TRUE(answer.has_refused());
  EXPECT_TRUE(answer.refused().again());
}

TEST(Session, AnotherProtocolSoftwareOrSweepIsRefusedInWords) {
  Session session(options());
  const auto answer_to = [&](const std::function<void(wire::Envelope&)>& change) {
    Peer peer(session.endpoint());
    wire::Envelope hello = hello_of("w");
    change(hello);
    peer.send(hello);
    drop(session, session.counters().refused, session.counters().refused + 1);
    const wire::Envelope answer = peer.receive();
    EXPECT_FALSE(answer.refused().again());
    return answer.refused().reason();
  };
  EXPECT_EQ(answer_to([](auto& e) { e.set_protocol_version(99); }),
            "the worker speaks protocol 99, the coordinator 1: run the same version of both");
  EXPECT_EQ(answer_to([](auto& e) { e.mutable_hello()->set_software_version("0.0.1"); }),
            "the worker is version 0.0.1, the coordinator " + std::string(kVersion) +
                ": run the same version of both");
  EXPECT_NE(answer_to([](auto& e) { e.mutable_hello()->set_sweep_id("6"); }).find("not 6"),
            std::string::npos);
  EXPECT_NE(answer_to([](auto& e) { e.mutable_hello()->set_worker(""); }).find("Hello.worker"),
            std::string::npos);
  EXPECT_NE(answer_to([](auto& e) { e.mutable_hello()->set_worker("a\nb"); }).find("Hello.worker"),
            std::string::npos);
}

TEST(Session, AWorkerThatReconnectsIsTheSameWorker) {
  Session session(options());
  auto first = std::make_unique<Peer>(session.endpoint());
  first->send(hello_of("w"));
  take(session);
  first.reset();
  Peer second(session.endpoint());
  second.send(hello_of("w"));
  take(session);
  wire::Envelope message;
  message.mutable_stop()->set_reason("x");
  EXPECT_TRUE(session.send({"w", message}));
  EXPECT_EQ(second.receive().stop().reason(), "x");
}

TEST(Session, SendingToAnAbsentWorkerIsAnEventNotAHang) {
  Session session(options());
  wire::Envelope message;
  message.mutable_stop();
  EXPECT_FALSE(session.send({"nobody", message}));
  auto peer = std::make_unique<Peer>(session.endpoint());
  peer->send(hello_of("w"));
  take(session);
  peer.reset();
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  bool delivered = true;
  while (delivered && std::chrono::steady_clock::now() < deadline) {
    delivered = session.send({"w", message});
    EXPECT_FALSE(session.receive(milliseconds{10}));
  }
  EXPECT_FALSE(delivered);
}

TEST(Session, AfterGoodbyeAWorkerIsUnknown) {
  Session session(options());
  Peer peer(session.endpoint());
  peer.send(hello_of("w"));
  take(session);
  peer.send(leaving());
  EXPECT_TRUE(take(session).envelope.has_goodbye());
  wire::Envelope message;
  message.mutable_stop();
  EXPECT_FALSE(session.send({"w", message}));
}

TEST(Session, ARestartedOneListensWhereTheEarlierOneDid) {
  std::string earlier;
  { earlier = Session(options()).endpoint(); }
  SessionOptions again = options();
  again.earlier_endpoint = earlier;
  EXPECT_EQ(Session(again).endpoint(), earlier);
}

TEST(Session, AnEarlierPortThatIsTakenIsGivenUp) {
  const Session other(options());
  SessionOptions again = options();
  again.earlier_endpoint = other.endpoint();
  EXPECT_NE(Session(again).endpoint(), other.endpoint());
  again.bind = other.endpoint();
  EXPECT_THROW(Session{again}, InputError) << "a port that was asked for is not given up";
}

}  // namespace
}  // namespace wcam
