#include "coordinator/transport/router.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <sstream>
#include <thread>

#include "common/base/error.h"
#include "common/base/version.h"
#include "common/wire/address.h"
#include "common/wire/connect.h"
#include "common/wire/keys.h"
#include "common/wire/socket_monitor.h"
#include "tests/coordinator/rig.h"

namespace wcam {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kPatience{5'000};  // far beyond what loopback takes; reached only by a failure

// A worker's bare socket.
class Peer {
 public:
  explicit Peer(const std::string& endpoint, const std::optional<WorkerKey>& key = std::nullopt)
      : socket_(context_, zmq::socket_type::dealer), monitor_(context_, socket_, ZMQ_EVENT_ALL) {
    if (key) {
      socket_.set(zmq::sockopt::curve_serverkey, key->coordinator);
      socket_.set(zmq::sockopt::curve_publickey, key->own.public_key);
      socket_.set(zmq::sockopt::curve_secretkey, key->own.secret);
    }
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::rcvtimeo, static_cast<int>(kPatience.count()));
    connect_to(socket_, endpoint);
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
  // The kind of failure of a handshake, if there has been one.
  std::optional<int> failure() {
    constexpr int kFailures = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                              ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
    while (const auto event = monitor_.next())
      if ((event->kind & kFailures) != 0) return event->kind;
    return std::nullopt;
  }

 private:
  zmq::context_t context_;
  zmq::socket_t socket_;
  SocketMonitor monitor_;
};

// Somebody who says something to the port that is no ZeroMQ, or not what ZeroMQ would say.
class Noise {
 public:
  Noise(std::uint16_t port, const std::string& words)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("cannot connect");
    (void)::send(fd_, words.data(), words.size(), MSG_NOSIGNAL);
  }
  ~Noise() { ::close(fd_); }
  Noise(const Noise&) = delete;
  Noise& operator=(const Noise&) = delete;

  // Bytes of the answer so far, without ZeroMQ's greeting of 64.
  std::size_t heard_beyond_greeting() const {
    std::array<char, 4'096> buffer{};
    const ssize_t size = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    return size > 64 ? static_cast<std::size_t>(size) - 64 : 0;
  }

 private:
  int fd_;
};

RouterOptions options() {
  RouterOptions options;
  options.sweep_id = std::string(64, '5');
  return options;
}

// The next sound message; what is not sound has been handled by then.
Message take(Router& session) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < deadline)
    if (auto message = session.receive(milliseconds{100})) return *message;
  throw std::runtime_error("nothing came");
}

// Until the counter has risen: messages that are dropped are handled in receive().
void drop(Router& session, const std::uint64_t& counter, std::uint64_t until) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (counter < until && std::chrono::steady_clock::now() < deadline)
    EXPECT_FALSE(session.receive(milliseconds{100}));
  EXPECT_EQ(counter, until);
}

RouterOptions bound_to(const std::string& address) {
  RouterOptions o = options();
  o.bind = address;
  return o;
}

TEST(Router, KnowsWhatIsBeyondLoopbackAndNoAddressAtAll) {
  for (const char* address :
       {"tcp://127.0.0.1:*", "tcp://localhost:5555", "tcp://[::1]:5555", "tcp://127.1.2.3:1"}) {
    EXPECT_FALSE(bound_to(address).problem()) << address;
    EXPECT_FALSE(bound_to(address).beyond_loopback()) << address;
  }
  for (const char* address : {"tcp://*:5555", "tcp://0.0.0.0:5555", "tcp://eth0:5555", "tcp://10.0.0.1:5555",
                              "tcp://[::]:5555", "tcp://node1.example:*"}) {
    EXPECT_FALSE(bound_to(address).problem()) << address;
    EXPECT_TRUE(bound_to(address).beyond_loopback()) << address;
  }
  for (const char* address :
       {"", "5555", "ipc:///tmp/x", "tcp://127.0.0.1", "tcp://:5555", "tcp://127.0.0.1:", "tcp://::1:5555"})
    EXPECT_TRUE(bound_to(address).problem()) << address;
}

TEST(SessionDeathTest, NothingUnencryptedListensBeyondLoopbackUnlessToldTo) {
  EXPECT_DEATH(Router{bound_to("tcp://0.0.0.0:*")}, "an unencrypted socket beyond loopback");
  RouterOptions told = bound_to("tcp://0.0.0.0:*");
  told.insecure = true;
  EXPECT_NO_THROW(Router{told});
}

bool has_ipv6() try {
  Router{bound_to("tcp://[::1]:*")};
  return true;
} catch (const InputError&) {
  return false;
}

TEST(Router, HearsWorkersByAddressesOfBothKinds) {
  if (!has_ipv6()) GTEST_SKIP() << "no IPv6 here";
  RouterOptions everywhere = bound_to("tcp://*:*");
  everywhere.insecure = true;
  Router session(everywhere);
  const std::string port = port_of_endpoint(session.endpoint());
  for (const std::string host : {"127.0.0.1", "[::1]"}) {
    Peer peer("tcp://" + host + ":" + port);
    peer.send(hello_of(host == "[::1]" ? "six" : "four"));
    EXPECT_EQ(take(session).worker, host == "[::1]" ? "six" : "four");
  }
}

TEST(Router, SaysWhereItListensAndHearsAWorker) {
  Router session(options());
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

TEST(Router, NothingComesAndTheWaitIsBounded) {
  Router session(options());
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(session.receive(milliseconds{30}));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds{2});
  EXPECT_FALSE(session.receive(milliseconds{0}));
}

TEST(Router, MalformedMessagesAreCountedAndDropped) {
  Router session(options());
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
TEST(Router, AMessageCutAnywhereDoesNoHarm) {
  Router session(options());
  Peer peer(session.endpoint());
  const std::string whole = hello_of("w").SerializeAsString();
  for (std::size_t size = 0; size < whole.size(); ++size) peer.send_bytes(whole.substr(0, size));
  peer.send(hello_of("w"));
  Message last{"", {}};
  while (last.envelope.hello().device() != "cpu") last = take(session);
  EXPECT_EQ(last.worker, "w");
}

TEST(Router, AnOversizedMessageIsDroppedAndOthersAreServed) {
  Router session(options());
  Peer large(session.endpoint());
  Peer other(session.endpoint());
  large.send_bytes(std::string(static_cast<std::size_t>(kMaxMessageBytes) + 1, 'x'));
  other.send(hello_of("w"));
  EXPECT_EQ(take(session).worker, "w");
  EXPECT_FALSE(session.receive(milliseconds{50}));
}

TEST(Router, WhoSpeaksBeforeHelloIsAskedToSayHello) {
  Router session(options());
  Peer peer(session.endpoint());
  peer.send(ready_for(3));
  drop(session, session.counters().before_hello, 1);
  const wire::Envelope answer = peer.receive();
  EXPECT_TRUE(answer.has_refused());
  EXPECT_TRUE(answer.refused().again());
}

TEST(Router, AnotherSoftwareVersionOfTheSameProtocolIsServedAndNotedOnce) {
  std::ostringstream log;
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(log)));
  {
    Router session(options());
    Peer other(session.endpoint()), same(session.endpoint());
    wire::Envelope hello = hello_of("other");
    hello.mutable_hello()->set_software_version("0.0.1");
    for (int i = 0; i < 2; ++i) {  // as it is repeated until Welcome comes
      other.send(hello);
      EXPECT_EQ(take(session).worker, "other");
    }
    same.send(hello_of("same"));
    EXPECT_EQ(take(session).worker, "same");
    EXPECT_EQ(session.counters().refused, 0U);
  }
  spdlog::set_default_logger(before);
  const std::string noted = log.str(),
                    line = "worker other is version 0.0.1, this coordinator " + std::string(kVersion);
  ASSERT_NE(noted.find(line), std::string::npos) << noted;
  EXPECT_EQ(noted.find("is version", noted.find(line) + line.size()), std::string::npos) << noted;
}

TEST(Router, AnotherProtocolOrSweepIsRefusedInWords) {
  Router session(options());
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
            "the worker speaks protocol 99, the coordinator 3: run the same version of both");
  EXPECT_NE(answer_to([](auto& e) { e.mutable_hello()->set_sweep_id("6"); }).find("not 6"),
            std::string::npos);
  EXPECT_NE(answer_to([](auto& e) { e.mutable_hello()->set_worker(""); }).find("Hello.worker"),
            std::string::npos);
  for (const char* log : {"../ledger.sqlite", "/etc/passwd", ".", "a/b.log", "a\nb"})
    EXPECT_NE(answer_to([&](auto& e) { e.mutable_hello()->set_log(log); }).find("Hello.log"),
              std::string::npos)
        << log;
  EXPECT_NE(answer_to([](auto& e) { e.mutable_hello()->set_worker("a\nb"); }).find("Hello.worker"),
            std::string::npos);
}

TEST(Router, AWorkerThatReconnectsIsTheSameWorker) {
  Router session(options());
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

TEST(Router, SendingToAnAbsentWorkerIsAnEventNotAHang) {
  Router session(options());
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

TEST(Router, AfterGoodbyeAWorkerIsUnknown) {
  Router session(options());
  Peer peer(session.endpoint());
  peer.send(hello_of("w"));
  take(session);
  peer.send(leaving());
  EXPECT_TRUE(take(session).envelope.has_goodbye());
  wire::Envelope message;
  message.mutable_stop();
  EXPECT_FALSE(session.send({"w", message}));
}

TEST(Router, ARestartedOneListensWhereTheEarlierOneDid) {
  std::string earlier;
  { earlier = Router(options()).endpoint(); }
  RouterOptions again = options();
  again.earlier_endpoint = earlier;
  EXPECT_EQ(Router(again).endpoint(), earlier);
}

TEST(Router, AnEarlierPortThatIsTakenIsGivenUp) {
  const Router other(options());
  RouterOptions again = options();
  again.earlier_endpoint = other.endpoint();
  EXPECT_NE(Router(again).endpoint(), other.endpoint());
  again.bind = other.endpoint();
  EXPECT_THROW(Router{again}, InputError) << "a port that was asked for is not given up";
}

// A session with keys, and workers of several kinds at its door.
class GuardedRouter : public testing::Test {
 protected:
  GuardedRouter() {
    make_keys(sweep_, {"worker", "other"});
    RouterOptions guarded = options();
    guarded.bind = "tcp://0.0.0.0:*";  // encrypted, so this needs no --insecure
    guarded.keys = {read_coordinator_key(sweep_.coordinator_key()), sweep_.allowed_keys()};
    router_ = std::make_unique<Router>(guarded);
    const std::string& endpoint = router_->endpoint();
    endpoint_ = "tcp://127.0.0.1" + endpoint.substr(endpoint.rfind(':'));
  }

  WorkerKey key(const std::string& name) const { return read_worker_key(sweep_.worker_key(name)); }

  // What the peer's side sees of being turned away, within a few seconds; nothing is heard of it here.
  std::optional<int> turned_away(Peer& peer, const std::string& name = "w") {
    const std::uint64_t before = router_->turned_away();
    peer.send(hello_of(name));
    std::optional<int> failure;
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while ((!failure || router_->turned_away() == before) && std::chrono::steady_clock::now() < deadline) {
      EXPECT_FALSE(router_->receive(milliseconds{20}));
      if (!failure) failure = peer.failure();
    }
    EXPECT_GT(router_->turned_away(), before);
    return failure;
  }

  // A worker at work is not disturbed by what else happens.
  void expect_served(Peer& worker, const std::string& name) {
    worker.send(ready_for(1));
    const Message message = take(*router_);
    EXPECT_EQ(message.worker, name);
    EXPECT_TRUE(message.envelope.has_ready());
  }

  const TemporaryFolder folder_;
  const SweepDirectory sweep_{folder_.path()};
  std::unique_ptr<Router> router_;
  std::string endpoint_;
};

TEST_F(GuardedRouter, AnAdmittedKeyIsServedAndNamesTheWorker) {
  Peer peer(endpoint_, key("worker"));
  peer.send(hello_of("w"));
  EXPECT_EQ(take(*router_).worker, "worker.w");
  wire::Envelope answer;
  answer.mutable_welcome()->set_sweep_id("s");
  EXPECT_TRUE(router_->send({"worker.w", answer}));
  EXPECT_EQ(peer.receive().welcome().sweep_id(), "s");
  EXPECT_EQ(router_->turned_away(), 0U);
}

TEST_F(GuardedRouter, AKeyNobodyAdmittedIsTurnedAwayAtBothEnds) {
  WorkerKey stranger = key("worker");
  std::array<char, 41> public_key{}, secret{};
  zmq_curve_keypair(public_key.data(), secret.data());
  stranger.own = {public_key.data(), secret.data()};
  Peer peer(endpoint_, stranger);
  EXPECT_EQ(turned_away(peer), ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
}

TEST_F(GuardedRouter, AKeyForAnotherCoordinatorIsTurnedAwayAtBothEnds) {
  WorkerKey lost = key("worker");
  lost.coordinator = key("other").own.public_key;
  Peer peer(endpoint_, lost);
  EXPECT_EQ(turned_away(peer), ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL);
}

TEST_F(GuardedRouter, AWorkerWithoutEncryptionIsTurnedAwayAtBothEnds) {
  Peer peer(endpoint_);
  EXPECT_TRUE(turned_away(peer));
}

TEST_F(GuardedRouter, KeysAreAdmittedAndRevokedWhileItRuns) {
  make_keys(sweep_, {"new"});
  Peer peer(endpoint_, key("new"));
  peer.send(hello_of("w"));
  EXPECT_EQ(take(*router_).worker, "new.w");
  const WorkerKey revoked = key("new");
  revoke_key(sweep_, "new");

  Peer late(endpoint_, revoked);
  EXPECT_EQ(turned_away(late), ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);

  // The connection that stands is told at its next word, a second later at most.
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (router_->counters().refused == 0 && std::chrono::steady_clock::now() < deadline) {
    peer.send(ready_for(1));
    (void)router_->receive(milliseconds{50});
  }
  const wire::Envelope answer = peer.receive();
  EXPECT_EQ(answer.refused().reason(), "its key was revoked");
  EXPECT_FALSE(answer.refused().again());
  wire::Envelope message;
  message.mutable_stop();
  EXPECT_FALSE(router_->send({"new.w", message})) << "nothing more goes to it";

  // A new key of the same name is another key.
  make_keys(sweep_, {"new"});
  peer.send(hello_of("w"));
  EXPECT_FALSE(router_->receive(milliseconds{100}));
}

TEST_F(GuardedRouter, AWorkersKeyOperatesNothingAndTheCoordinatorsOwnIsNoWorkers) {
  wire::Envelope request;
  request.set_protocol_version(kProtocolVersion);
  request.mutable_request()->mutable_pause();
  Peer thief(endpoint_, key("other"));
  thief.send(request);
  drop(*router_, router_->counters().refused, 1);
  EXPECT_EQ(thief.receive().refused().reason(),
            "only who holds the sweep's keys/coordinator.key may operate it: key 'other' is a worker's");
  const KeyPair own = read_coordinator_key(sweep_.coordinator_key());
  Peer owner(endpoint_, WorkerKey{{}, own.public_key, own});
  owner.send(hello_of("w"));
  drop(*router_, router_->counters().refused, 2);
  EXPECT_EQ(owner.receive().refused().reason(),
            "the coordinator's own key is no worker's: `wcam keys` makes those");
  owner.send(request);
  const Message asked = take(*router_);
  EXPECT_TRUE(asked.envelope.request().has_pause());
  wire::Envelope reply;
  reply.mutable_reply()->set_refused("not now");
  EXPECT_TRUE(router_->send({asked.worker, reply}));
  EXPECT_EQ(owner.receive().reply().refused(), "not now");
}

TEST_F(GuardedRouter, AnotherKeysHolderCannotPassForAWorker) {
  Peer worker(endpoint_, key("worker"));
  worker.send(hello_of("w"));
  take(*router_);
  Peer thief(endpoint_, key("other"));
  for (const std::string name : {"w", "worker-w"}) {
    thief.send(hello_of(name));
    EXPECT_EQ(take(*router_).worker, "other." + name);
  }
  thief.send(hello_of("worker.w"));
  drop(*router_, router_->counters().refused, 1);
  wire::Envelope message;
  message.mutable_stop()->set_reason("for the first");
  EXPECT_TRUE(router_->send({"worker.w", message}));
  EXPECT_EQ(worker.receive().stop().reason(), "for the first");
  expect_served(worker, "worker.w");
}

TEST_F(GuardedRouter, NoiseGetsNothingAndDoesNoHarm) {
  Peer worker(endpoint_, key("worker"));
  worker.send(hello_of("w"));
  take(*router_);
  const auto port = static_cast<std::uint16_t>(std::stoi(endpoint_.substr(endpoint_.rfind(':') + 1)));
  const std::string greeting = std::string("\xff\0\0\0\0\0\0\0\0\x7f\x03", 11);
  std::vector<std::string> noises{
      "", std::string(100'000, 'x'), "GET / HTTP/1.0\r\n\r\n", greeting,
      greeting + std::string(1, '\0') + "CURVE" + std::string(47, '\0') + std::string(1'000, '\x04')};
  for (std::size_t i = 0; i < 64; ++i) noises.push_back(greeting + std::string(i, static_cast<char>(i)));
  for (const std::string& noise : noises) {
    const Noise caller(port, noise);
    expect_served(worker, "worker.w");
    EXPECT_EQ(caller.heard_beyond_greeting(), 0U);
  }
  Peer plain(endpoint_);
  EXPECT_TRUE(turned_away(plain));
  expect_served(worker, "worker.w");
  EXPECT_EQ(router_->counters().malformed, 0U) << "nothing of it came as far as a message";
}

// Plain or encrypted, it is the same code. The clock stands still: a second lasts until the bound is reached,
// however slow the machine.
TEST(Router, AFloodIsCutOffAndOthersAreServed) {
  RouterOptions held = options();
  held.clock = [] { return RateBound::TimePoint{std::chrono::hours{1}}; };
  Router session(held);
  Peer flood(session.endpoint()), other(session.endpoint());
  const wire::Envelope hello = hello_of("flood");
  std::uint64_t sent = 0, heard = 0;
  const auto arrived = [&] { return heard + session.counters().too_many; };
  while (sent < RateBound::kMessagesASecond + 1'000) {
    for (int i = 0; i < 1'000; ++i, ++sent) flood.send(hello);  // in portions, for pipes are short
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (arrived() < sent && std::chrono::steady_clock::now() < deadline)
      if (session.receive(milliseconds{0})) ++heard;
    ASSERT_EQ(arrived(), sent);
  }
  EXPECT_EQ(heard, RateBound::kMessagesASecond);
  EXPECT_EQ(session.counters().too_many, 1'000U);
  other.send(hello_of("other"));
  EXPECT_EQ(take(session).worker, "other");
}

TEST(RateBound, CountsEachConnectionInEachSecond) {
  RateBound bound;
  RateBound::TimePoint now{std::chrono::hours{1}};
  for (int second = 0; second < 3; ++second, now += seconds{1}) {
    for (std::uint32_t i = 0; i < RateBound::kMessagesASecond; ++i)
      ASSERT_FALSE(bound.exceeded_by("a", now + milliseconds{second})) << i;
    EXPECT_TRUE(bound.exceeded_by("a", now + milliseconds{999}));
    EXPECT_FALSE(bound.exceeded_by("b", now + milliseconds{999}));
  }
}

}  // namespace
}  // namespace wcam
