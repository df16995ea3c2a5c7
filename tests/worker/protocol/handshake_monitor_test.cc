#include "worker/protocol/handshake_monitor.h"

#include <gtest/gtest.h>

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace wcam {
namespace {

using Next = HandshakeMonitor::Next;

class HandshakesTest : public testing::Test {
 protected:
  HandshakesTest() { handshakes_.connecting("tcp://a:1"); }

  Next on(int kind) { return handshakes_.on({kind, 0}, now_); }
  // A second's pause, and a connection that fails before it was one.
  void fail(int kind = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) {
    now_ += seconds{1};
    EXPECT_EQ(on(kind), Next::kGoOn);
    EXPECT_EQ(on(ZMQ_EVENT_DISCONNECTED), Next::kReconnect);
    handshakes_.connecting("tcp://a:1");
  }
  bool in_vain() const { return handshakes_.in_vain(now_); }

  HandshakeMonitor handshakes_;
  HandshakeMonitor::TimePoint now_{};
};

TEST_F(HandshakesTest, AKeyThatIsNotAdmittedIsTheEndAtOnce) {
  EXPECT_FALSE(handshakes_.turned_away());
  on(ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
  EXPECT_TRUE(handshakes_.turned_away());
}

TEST_F(HandshakesTest, TwoSecondsOfFailuresAreInVain) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(in_vain());
    fail(i == 1 ? ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL : ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL);
  }
  EXPECT_TRUE(in_vain());
  handshakes_.forgive();
  EXPECT_FALSE(in_vain());
}

TEST_F(HandshakesTest, ManyFailuresInAMomentAreNot) {
  for (int i = 0; i < 10; ++i) {
    now_ -= milliseconds{900};
    fail();
  }
  EXPECT_FALSE(in_vain());
}

TEST_F(HandshakesTest, WhatIsNoZeroMQFailsWithoutAWordOfIt) {
  for (int i = 0; i < 3; ++i) {
    now_ += seconds{1};
    EXPECT_EQ(on(ZMQ_EVENT_DISCONNECTED), Next::kReconnect);
  }
  EXPECT_TRUE(in_vain());
}

TEST_F(HandshakesTest, ACoordinatorThatRestartsIsWaitedFor) {
  for (int i = 0; i < 20; ++i) {  // killed in a handshake, then nobody listens, then another is killed
    fail();
    EXPECT_EQ(on(ZMQ_EVENT_CLOSED), Next::kReconnect);
    now_ += seconds{10};
    EXPECT_FALSE(in_vain());
  }
}

TEST_F(HandshakesTest, AConnectionThatStoodIsMadeAnewAndForgivesAll) {
  for (int i = 0; i < 20; ++i) {
    fail();
    fail();
    on(ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    EXPECT_TRUE(handshakes_.stood());
    now_ += seconds{10};
    EXPECT_EQ(on(ZMQ_EVENT_DISCONNECTED), Next::kReconnect);
    EXPECT_TRUE(handshakes_.stood());
    handshakes_.connecting("tcp://a:1");
    EXPECT_FALSE(in_vain());
  }
}

TEST_F(HandshakesTest, AnotherEndpointBeginsAnew) {
  for (int i = 0; i < 10; ++i) fail();
  handshakes_.connecting("tcp://b:2");
  EXPECT_FALSE(in_vain());
}

TEST(Refusals, SayWhatDoesNotFit) {
  const WorkerKey key{"/keys/worker.key", "C", {"P", "S"}};
  EXPECT_EQ(not_admitted("tcp://a:1", key),
            "the coordinator at tcp://a:1 does not admit the key in /keys/worker.key (public P): is it in "
            "SWEEP/keys/allowed? `wcam keys SWEEP` lists those that are");
  EXPECT_EQ(
      mismatch("tcp://a:1", key, "CURVE"),
      "the coordinator at tcp://a:1 does not answer to the key in /keys/worker.key: it is a key of another "
      "sweep");
  EXPECT_EQ(mismatch("tcp://a:1", key, "NULL"),
            "the coordinator at tcp://a:1 was started with --insecure, and this worker has a key: start both "
            "alike");
  EXPECT_EQ(mismatch("tcp://a:1", std::nullopt, "CURVE"),
            "the coordinator at tcp://a:1 talks to workers with a key alone, and this one was started with "
            "--insecure");
}

TEST_F(HandshakesTest, AGreetingCountsTheSecondTimeInARow) {
  EXPECT_FALSE(handshakes_.greeted());
  on(ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
  EXPECT_FALSE(handshakes_.greeted());
  handshakes_.connecting("tcp://elsewhere:1");
  EXPECT_FALSE(handshakes_.greeted());
  EXPECT_TRUE(handshakes_.greeted());
}

}  // namespace
}  // namespace wcam
