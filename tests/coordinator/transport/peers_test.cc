#include "coordinator/transport/peers.h"

#include <gtest/gtest.h>

#include "tests/coordinator/rig.h"

namespace wcam {
namespace {

class PeersTest : public testing::Test {
 protected:
  // "a.w": a message of that worker; else what it is answered.
  std::string hear(const std::string& peer, const wire::Envelope& envelope, const std::string& key = "a") {
    const Peers::Heard heard = peers_.hear(peer, key, envelope);
    if (const auto* message = std::get_if<Message>(&heard)) return message->worker;
    const auto* refused = std::get_if<wire::Refused>(&heard);
    return refused == nullptr ? "unfit" : (refused->again() ? "again: " : "no: ") + refused->reason();
  }

  Peers peers_{"the sweep"};
};

TEST_F(PeersTest, AStrangerIsAskedWhoItIsAndAWorkerIsKnownUntilItLeaves) {
  const std::string stranger = "again: the coordinator does not know this worker";
  EXPECT_EQ(hear("1", lease({})), stranger);
  EXPECT_EQ(hear("1", hello_of("w")), "a.w");
  EXPECT_EQ(hear("1", lease({})), "a.w");
  EXPECT_EQ(hear("2", lease({})), stranger);
  EXPECT_EQ(peers_.peer_of("a.w"), "1");
  EXPECT_EQ(hear("1", leaving()), "a.w");
  EXPECT_FALSE(peers_.peer_of("a.w"));
  EXPECT_EQ(hear("1", lease({})), stranger);
}

TEST_F(PeersTest, AWorkerIsWhereItLastSaidHelloAndAConnectionIsWhoLastSaidIt) {
  hear("1", hello_of("w"));
  EXPECT_EQ(hear("2", hello_of("w")), "a.w");
  EXPECT_EQ(peers_.peer_of("a.w"), "2");
  EXPECT_FALSE(peers_.worker_at("1"));
  EXPECT_EQ(hear("2", hello_of("v")), "a.v");
  EXPECT_FALSE(peers_.peer_of("a.w"));
  EXPECT_EQ(peers_.peer_of("a.v"), "2");
}

TEST_F(PeersTest, NoKeyPassesForAnother) {
  hear("1", hello_of("w"), "a");
  EXPECT_EQ(hear("2", hello_of("w"), "b"), "b.w");
  EXPECT_EQ(peers_.peer_of("a.w"), "1");
  EXPECT_EQ(hear("3", hello_of("a.w"), "").substr(0, 3), "no:") << "a word has no dot";
  EXPECT_EQ(hear("3", hello_of("w"), Peers::kOperator).substr(0, 3), "no:");
}

TEST_F(PeersTest, AnOperatorIsReachedWhereItAsked) {
  wire::Envelope request;
  request.set_protocol_version(kProtocolVersion);
  request.mutable_request()->mutable_pause();
  const std::string name = hear("7", request, Peers::kOperator);
  EXPECT_TRUE(Peers::is_operator(name));
  EXPECT_EQ(peers_.peer_of(name), "7");
  EXPECT_EQ(hear("8", request, "a").substr(0, 3), "no:");
  EXPECT_FALSE(Peers::is_operator(hear("1", hello_of("w"))));
}

TEST_F(PeersTest, WhatNoWorkerSaysIsUnfit) {
  wire::Envelope welcome;
  welcome.set_protocol_version(kProtocolVersion);
  welcome.mutable_welcome();
  EXPECT_EQ(hear("1", welcome), "unfit");
  welcome.set_protocol_version(kProtocolVersion + 1);
  EXPECT_EQ(hear("1", welcome).substr(0, 3), "no:");
}

}  // namespace
}  // namespace wcam
