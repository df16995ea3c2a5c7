// The worker's session against a coordinator made by hand: a ROUTER that says exactly what the test wants
// said.
#include "worker/session.h"

#include <gtest/gtest.h>

#include <fstream>
#include <zmq.hpp>

#include "common/protocol.h"
#include "common/version.h"
#include "tests/temporary_folder.h"

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

namespace wcam {
namespace {

constexpr seconds kDeadline{10};

class FakeCoordinator {
 public:
  FakeCoordinator() : router_(context_, zmq::socket_type::router) {
    router_.set(zmq::sockopt::linger, 0);
    router_.bind("tcp://127.0.0.1:*");
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
  EXPECT_EQ(ready->ready().credit(), 1U);
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
  EXPECT_EQ(session.reason(), "version 0.0 is not 0.1");
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
  EXPECT_EQ(session.state(), Session::State::kStopping);
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

}  // namespace
}  // namespace wcam
