// The worker's session against a coordinator made by hand: a ROUTER that says exactly what the test wants
// said.
#include "worker/protocol/session.h"

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <zmq.hpp>

#include "common/base/error.h"
#include "common/base/version.h"
#include "common/wire/keys.h"
#include "common/wire/protocol.h"
#include "tests/temporary_folder.h"
#include "worker/protocol/zmtp_probe.h"

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

namespace wcam {
namespace {

constexpr seconds kDeadline{10};

// Whose keys a coordinator admits.
enum class Admits { kEveryKey, kNoKey };

class FakeCoordinator {
 public:
  explicit FakeCoordinator(const std::optional<KeyPair>& keys = std::nullopt,
                           Admits admits = Admits::kEveryKey)
      : zap_(context_, zmq::socket_type::rep), router_(context_, zmq::socket_type::router) {
    if (admits == Admits::kNoKey) zap_.bind("inproc://zeromq.zap.01");
    if (keys) {
      router_.set(zmq::sockopt::curve_server, true);
      router_.set(zmq::sockopt::curve_secretkey, keys->secret);
      if (admits == Admits::kNoKey) router_.set(zmq::sockopt::zap_domain, "wcam");
    }
    router_.set(zmq::sockopt::linger, 0);
    router_.bind("tcp://127.0.0.1:*");
  }

  // Answers the question whether a key is admitted with no; false when none came.
  bool turn_away(milliseconds patience = kDeadline) {
    zmq::pollitem_t item{zap_.handle(), 0, ZMQ_POLLIN, 0};
    if (zmq::poll(&item, 1, patience) == 0) return false;
    std::vector<std::string> question;
    zmq::message_t frame;
    do {
      if (!zap_.recv(frame)) return false;
      question.push_back(frame.to_string());
    } while (frame.more());
    for (const std::string& word :
         {std::string("1.0"), question.at(1), std::string("400"), std::string("no"), std::string()})
      zap_.send(zmq::buffer(word), zmq::send_flags::sndmore);
    zap_.send(zmq::message_t(), zmq::send_flags::none);
    return true;
  }

  std::string endpoint() const { return router_.get(zmq::sockopt::last_endpoint); }

  // The next message of this kind, others passed over; nullopt after `patience`.
  std::optional<wire::Envelope> hear(wire::Envelope::BodyCase kind, milliseconds patience = kDeadline) {
    const auto end = steady_clock::now() + patience;
    while (steady_clock::now() < end) {
      zmq::pollitem_t item{router_.handle(), 0, ZMQ_POLLIN, 0};
      if (zmq::poll(&item, 1, milliseconds{50}) == 0) continue;
      zmq::message_t peer, frame;
      if (!router_.recv(peer) || !router_.recv(frame)) continue;
      peer_ = peer.to_string();
      wire::Envelope envelope;
      if (envelope.ParseFromArray(frame.data(), static_cast<int>(frame.size())) &&
          envelope.body_case() == kind)
        return envelope;
    }
    return std::nullopt;
  }

  void say(wire::Envelope envelope) {
    envelope.set_protocol_version(kProtocolVersion);
    say_bytes(envelope.SerializeAsString());
  }

  void say_bytes(const std::string& bytes) {
    router_.send(zmq::buffer(peer_), zmq::send_flags::sndmore);
    router_.send(zmq::buffer(bytes));
  }

  void welcome() {
    hear(wire::Envelope::kHello);
    wire::Envelope envelope;
    envelope.mutable_welcome()->set_heartbeat_ms(50);
    envelope.mutable_welcome()->set_lease_ms(1000);
    envelope.mutable_welcome()->set_plan_json("the plan");
    say(envelope);
  }

  void assign(std::initializer_list<std::uint64_t> jobs) {
    wire::Envelope envelope;
    for (const auto id : jobs) {
      auto& job = *envelope.mutable_assign()->add_jobs();
      job.set_job(id);
      job.set_attempt(1);
    }
    say(envelope);
  }

 private:
  zmq::context_t context_;
  zmq::socket_t zap_;
  zmq::socket_t router_;
  std::string peer_;
};

wire::Outcome outcome_of(std::uint64_t job) {
  wire::Outcome outcome;
  outcome.set_job(job);
  outcome.set_attempt(1);
  outcome.set_segment("s.h5");
  outcome.mutable_profile()->set_seconds(1);
  return outcome;
}

SessionOptions to(const std::string& endpoint) {
  SessionOptions options;
  options.endpoint = endpoint;
  options.device = "cpu";
  return options;
}

TEST(Session, SaysWhoItIsAndAsksForOneJobAhead) {
  FakeCoordinator coordinator;
  Session session(to(coordinator.endpoint()));
  const auto hello = coordinator.hear(wire::Envelope::kHello);
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->hello().software_version(), kVersion);
  EXPECT_EQ(hello->hello().worker().size(), 32U);
  coordinator.welcome();
  EXPECT_EQ(session.wait_for_plan(kDeadline), "the plan");
  EXPECT_EQ(session.state(), Session::State::kServing);
  const auto ready = coordinator.hear(wire::Envelope::kReady);
  ASSERT_TRUE(ready);
  EXPECT_EQ(ready->ready().predict_credit(), 1U);
}

TEST(Session, ReadySaysWhichCasesAreLoaded) {
  FakeCoordinator coordinator;
  Session session(to(coordinator.endpoint()));
  coordinator.welcome();
  const auto first = coordinator.hear(wire::Envelope::kReady);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->ready().loaded_cases_size(), 0);
  session.tell_loaded({"vit", "vgg"});
  coordinator.assign({7});
  ASSERT_TRUE(session.next_job(kDeadline));
  for (;;) {  // the first ones may be older
    const auto ready = coordinator.hear(wire::Envelope::kReady);
    ASSERT_TRUE(ready);
    const auto& cases = ready->ready().loaded_cases();
    if (cases.empty()) continue;
    EXPECT_EQ(std::vector<std::string>(cases.begin(), cases.end()), (std::vector<std::string>{"vit", "vgg"}));
    break;
  }
}

TEST(Session, HeartbeatsListWhatIsInHandWhileNobodyElseActs) {
  FakeCoordinator coordinator;
  Session session(to(coordinator.endpoint()));
  coordinator.welcome();
  coordinator.assign({7});
  ASSERT_TRUE(session.next_job(kDeadline));  // begun, and this thread now "computes"
  for (int i = 0; i < 3;) {
    const auto heartbeat = coordinator.hear(wire::Envelope::kHeartbeat);
    ASSERT_TRUE(heartbeat);
    if (heartbeat->heartbeat().in_hand_size() == 0) continue;  // sent before the assignment came
    EXPECT_EQ(heartbeat->heartbeat().in_hand(0).job(), 7U);
    ++i;
  }
}

TEST(Session, KeepsResultsUntilAcknowledgedAndHandsThemToARestartedCoordinator) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "coordinator.endpoint";
  SessionOptions options;
  options.endpoint_file = file;
  auto first = std::make_unique<FakeCoordinator>();
  std::ofstream(file) << first->endpoint();
  Session session(options);
  first->welcome();
  first->assign({7});
  ASSERT_TRUE(session.next_job(kDeadline));
  first.reset();  // killed before the result
  session.report({outcome_of(7)});
  FakeCoordinator second;
  std::ofstream(file) << second.endpoint();
  second.welcome();
  const auto outcomes = second.hear(wire::Envelope::kOutcomes);
  ASSERT_TRUE(outcomes);
  EXPECT_EQ(outcomes->outcomes().outcomes(0).job(), 7U);
  EXPECT_EQ(outcomes->outcomes().outcomes(0).segment(), "s.h5");

  wire::Envelope acknowledge;
  auto& lease = *acknowledge.mutable_acknowledge()->add_leases();
  lease.set_job(7);
  lease.set_attempt(1);
  second.say(acknowledge);
  const auto begun = steady_clock::now();
  session.leave("done", kDeadline);
  EXPECT_LT(steady_clock::now() - begun, kDeadline);  // did not wait in vain
  EXPECT_TRUE(second.hear(wire::Envelope::kGoodbye));
}

TEST(Session, SaysHelloAgainToACoordinatorThatDoesNotKnowIt) {
  FakeCoordinator coordinator;
  Session session(to(coordinator.endpoint()));
  coordinator.welcome();
  ASSERT_TRUE(coordinator.hear(wire::Envelope::kHeartbeat));
  wire::Envelope who;
  who.mutable_refused()->set_again(true);
  coordinator.say(who);
  EXPECT_TRUE(coordinator.hear(wire::Envelope::kHello));
}

TEST(Session, RefusedInWordsEndsIt) {
  FakeCoordinator coordinator;
  Session session(to(coordinator.endpoint()));
  ASSERT_TRUE(coordinator.hear(wire::Envelope::kHello));
  wire::Envelope refused;
  refused.mutable_refused()->set_reason("version 0.0 is not 0.1");
  coordinator.say(refused);
  EXPECT_FALSE(session.wait_for_plan(kDeadline));
  EXPECT_EQ(session.state(), Session::State::kRefused);
  EXPECT_EQ(session.reason(), "refused by the coordinator: version 0.0 is not 0.1");
}

TEST(Session, StopGivesBackWhatHasNotBegun) {
  FakeCoordinator coordinator;
  Session session(to(coordinator.endpoint()));
  coordinator.welcome();
  coordinator.assign({7, 8});
  ASSERT_TRUE(session.next_job(kDeadline));
  wire::Envelope stop;
  stop.mutable_stop()->set_reason("all done");
  coordinator.say(stop);
  const auto end = steady_clock::now() + kDeadline;
  while (session.state() == Session::State::kServing && steady_clock::now() < end)
    session.next_job(milliseconds{20});
  EXPECT_EQ(session.state(), Session::State::kDismissed);
  EXPECT_FALSE(session.next_job(milliseconds{0}));
  session.report({outcome_of(7)});  // what had begun is still handed in
  const auto outcomes = coordinator.hear(wire::Envelope::kOutcomes);
  ASSERT_TRUE(outcomes);
  EXPECT_EQ(outcomes->outcomes().outcomes_size(), 1);
}

TEST(Session, AReleasedJobIsNotComputed) {
  FakeCoordinator coordinator;
  Session session(to(coordinator.endpoint()));
  coordinator.welcome();
  coordinator.assign({7, 8});
  wire::Envelope release;
  auto& lease = *release.mutable_release()->add_leases();
  lease.set_job(7);
  lease.set_attempt(1);
  coordinator.say(release);
  for (bool released = false; !released;) {  // until a heartbeat shows that the release has arrived
    const auto heartbeat = coordinator.hear(wire::Envelope::kHeartbeat);
    ASSERT_TRUE(heartbeat);
    released = heartbeat->heartbeat().in_hand_size() == 1;
  }
  const auto job = session.next_job(kDeadline);
  ASSERT_TRUE(job);
  EXPECT_EQ(job->job(), 8U);
}

TEST(Session, DropsWhatDoesNotParse) {
  FakeCoordinator coordinator;
  Session session(to(coordinator.endpoint()));
  coordinator.welcome();
  coordinator.say_bytes("\xff\xff\xff\xffgarbage");
  coordinator.say_bytes("");
  coordinator.assign({7});
  EXPECT_TRUE(session.next_job(kDeadline));
}

TEST(Session, GivesUpWhenNobodyAnswers) {
  SessionOptions options = to("ipc:///nonexistent/coordinator");
  options.patience = seconds{1};
  Session session(options);
  EXPECT_FALSE(session.wait_for_plan(kDeadline));
  EXPECT_EQ(session.state(), Session::State::kAlone);
  EXPECT_EQ(session.reason(), "no word from a coordinator for 1 s");
}

KeyPair new_pair() {
  std::array<char, 41> public_key{}, secret{};
  zmq_curve_keypair(public_key.data(), secret.data());
  return {public_key.data(), secret.data()};
}

SessionOptions with_key(const std::string& endpoint, const std::string& coordinator) {
  SessionOptions options = to(endpoint);
  options.key = WorkerKey{"/keys/worker.key", coordinator, new_pair()};
  return options;
}

// The session's reason, which must come within seconds, not with its patience of minutes.
std::string refusal(Session& session) {
  EXPECT_FALSE(session.wait_for_plan(seconds{10}));
  EXPECT_EQ(session.state(), Session::State::kRefused);
  return session.reason();
}

TEST(GuardedSession, TalksToTheCoordinatorWhoseKeyItHas) {
  const KeyPair pair = new_pair();
  FakeCoordinator coordinator(pair);
  Session session(with_key(coordinator.endpoint(), pair.public_key));
  coordinator.welcome();
  EXPECT_EQ(session.wait_for_plan(kDeadline), "the plan");
}

TEST(GuardedSession, AKeyThatIsNotAdmittedIsRefusedInWords) {
  const KeyPair pair = new_pair();
  FakeCoordinator coordinator(pair, Admits::kNoKey);
  Session session(with_key(coordinator.endpoint(), pair.public_key));
  ASSERT_TRUE(coordinator.turn_away());
  EXPECT_NE(refusal(session).find("does not admit the key in /keys/worker.key"), std::string::npos);
}

TEST(GuardedSession, KeysOfAnotherSweepAreRefusedInWords) {
  const FakeCoordinator coordinator(new_pair());
  Session session(with_key(coordinator.endpoint(), new_pair().public_key));
  EXPECT_NE(
      refusal(session).find("does not answer to the key in /keys/worker.key: it is a key of another sweep"),
      std::string::npos);
}

TEST(GuardedSession, ACoordinatorWithoutEncryptionIsRefusedInWords) {
  const FakeCoordinator coordinator;
  Session session(with_key(coordinator.endpoint(), new_pair().public_key));
  EXPECT_NE(refusal(session).find("was started with --insecure, and this worker has a key"),
            std::string::npos);
}

TEST(GuardedSession, WithoutAKeyAGuardedCoordinatorIsRefusedInWords) {
  const FakeCoordinator coordinator(new_pair());
  Session session(to(coordinator.endpoint()));
  EXPECT_NE(refusal(session).find("this one was started with --insecure"), std::string::npos);
}

// A proxy takes connections also while the coordinator behind it is away, and then closes them.
TEST(GuardedSession, ACoordinatorAwayBehindAProxyIsWaitedFor) {
  const KeyPair pair = new_pair();
  zmq::context_t context;
  zmq::socket_t proxy(context, zmq::socket_type::stream);
  proxy.set(zmq::sockopt::linger, 0);
  proxy.bind("tcp://127.0.0.1:*");
  const TemporaryFolder folder;
  const auto file = folder.path() / "coordinator.endpoint";
  std::ofstream(file) << proxy.get(zmq::sockopt::last_endpoint);
  SessionOptions options = with_key("", pair.public_key);
  options.endpoint_file = file;
  Session session(options);
  int closed = 0;
  for (const auto end = steady_clock::now() + seconds{4}; steady_clock::now() < end;) {
    zmq::pollitem_t item{proxy.handle(), 0, ZMQ_POLLIN, 0};
    if (zmq::poll(&item, 1, milliseconds{50}) == 0) continue;
    zmq::message_t peer, words;
    if (!proxy.recv(peer) || !proxy.recv(words) || words.size() == 0) continue;  // it came, or went
    proxy.send(peer, zmq::send_flags::sndmore);
    proxy.send(zmq::message_t(), zmq::send_flags::none);  // closes it
    ++closed;
  }
  EXPECT_GT(closed, 3);
  EXPECT_EQ(session.state(), Session::State::kConnecting);
  FakeCoordinator coordinator(pair);
  std::ofstream(file) << coordinator.endpoint();
  coordinator.welcome();
  EXPECT_EQ(session.wait_for_plan(kDeadline), "the plan");
}

TEST(GuardedSession, ACoordinatorThatRestartsIsWaitedForAndMetAgain) {
  const KeyPair pair = new_pair();
  const TemporaryFolder folder;
  const auto file = folder.path() / "coordinator.endpoint";
  auto first = std::make_unique<FakeCoordinator>(pair);
  std::ofstream(file) << first->endpoint();
  SessionOptions options = with_key("", pair.public_key);
  options.endpoint_file = file;
  Session session(options);
  first->welcome();
  ASSERT_TRUE(session.wait_for_plan(kDeadline));
  first.reset();
  {
    // Another program has the port meanwhile, or one that is not ours to talk to.
    const FakeCoordinator stranger(new_pair());
    std::ofstream(file) << stranger.endpoint();
    EXPECT_FALSE(session.next_job(seconds{5}));
    EXPECT_EQ(session.state(), Session::State::kServing);
  }
  FakeCoordinator second(pair);
  std::ofstream(file) << second.endpoint();
  second.welcome();
  second.assign({7});
  EXPECT_TRUE(session.next_job(kDeadline));
}

TEST(Greeting, SaysHowItsSpeakerWantsToTalk) {
  const FakeCoordinator plain, guarded(new_pair());
  EXPECT_EQ(mechanism_at(plain.endpoint(), kDeadline), "NULL");
  EXPECT_EQ(mechanism_at(guarded.endpoint(), kDeadline), "CURVE");
  std::string endpoint = guarded.endpoint();
  endpoint.replace(endpoint.find("127.0.0.1"), 9, "localhost");
  EXPECT_EQ(mechanism_at(endpoint, kDeadline), "CURVE");
}

TEST(Greeting, IsNoneWhereNobodySpeaksZeroMQ) {
  EXPECT_FALSE(mechanism_at("tcp://127.0.0.1:1", milliseconds{200}));
  for (const char* endpoint : {"ipc:///x", "tcp://", "", "tcp://no such host:1"})
    EXPECT_THROW(mechanism_at(endpoint, milliseconds{200}), InputError) << endpoint;
  zmq::context_t context;
  zmq::socket_t silent(context, zmq::socket_type::stream);
  silent.bind("tcp://127.0.0.1:*");
  const auto begun = steady_clock::now();
  EXPECT_FALSE(mechanism_at(silent.get(zmq::sockopt::last_endpoint), milliseconds{200}));
  EXPECT_LT(steady_clock::now() - begun, kDeadline);
}

}  // namespace
}  // namespace wcam
