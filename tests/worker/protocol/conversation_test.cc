// What the worker says and holds, a message at a time; the simulation of the queue found what these cases
// pin.
#include "worker/protocol/conversation.h"

#include <gtest/gtest.h>

#include "common/base/sha256.h"
#include "common/wire/protocol.h"

namespace wcam {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = wire::Envelope::BodyCase;

wire::Job job_of(std::uint64_t id, std::uint32_t attempt) {
  wire::Job job;
  job.set_job(id);
  job.set_attempt(attempt);
  return job;
}

wire::Job explain_job_of(std::uint64_t id) {
  wire::Job job = job_of(id, 1);
  job.mutable_explain();
  return job;
}

wire::Outcome success_of(const wire::Job& job) {
  wire::Outcome outcome;
  outcome.set_job(job.job());
  outcome.set_attempt(job.attempt());
  outcome.mutable_profile()->set_seconds(1);
  return outcome;
}

wire::Outcome failure_of(const wire::Job& job) {
  wire::Outcome outcome;
  outcome.set_job(job.job());
  outcome.set_attempt(job.attempt());
  outcome.mutable_failure()->set_text("no luck");
  return outcome;
}

class ConversationTest : public testing::Test {
 protected:
  explicit ConversationTest(std::size_t jobs_ahead = 1)
      : conversation_({"w", "here", 1, "cpu", "", jobs_ahead, seconds{600}}, now_) {}

  void hear(wire::Envelope envelope) {
    envelope.set_protocol_version(kProtocolVersion);
    conversation_.hear(std::move(envelope), now_);
    conversation_.check_invariants();
  }
  void welcome() {
    wire::Envelope envelope;
    envelope.mutable_welcome()->set_heartbeat_ms(1'000);
    hear(envelope);
  }
  void assign(const wire::Job& job) {
    wire::Envelope envelope;
    *envelope.mutable_assign()->add_jobs() = job;
    hear(envelope);
  }
  void acknowledge(const wire::Job& job) {
    wire::Envelope envelope;
    *envelope.mutable_acknowledge()->add_leases() = lease_of(job);
    hear(envelope);
  }
  void release(const wire::Job& job) {
    wire::Envelope envelope;
    *envelope.mutable_release()->add_leases() = lease_of(job);
    hear(envelope);
  }
  void ask_again() {
    wire::Envelope envelope;
    envelope.mutable_refused()->set_again(true);
    hear(envelope);
  }

  // What is said at this moment.
  std::vector<wire::Envelope> said() {
    std::vector<wire::Envelope> envelopes;
    conversation_.speak(now_, [&](const wire::Envelope& envelope) {
      envelopes.push_back(envelope);
      return true;
    });
    return envelopes;
  }
  std::vector<Kind> kinds_said() {
    std::vector<Kind> kinds;
    for (const wire::Envelope& envelope : said()) kinds.push_back(envelope.body_case());
    return kinds;
  }
  // (job, attempt) of the outcomes said.
  std::vector<std::pair<std::uint64_t, std::uint32_t>> answers_said() {
    std::vector<std::pair<std::uint64_t, std::uint32_t>> answers;
    for (const wire::Envelope& envelope : said())
      for (const wire::Outcome& outcome : envelope.outcomes().outcomes())
        answers.emplace_back(outcome.job(), outcome.attempt());
    return answers;
  }

  Conversation::TimePoint now_{seconds{100}};
  Conversation conversation_;

 private:
  static wire::Lease lease_of(const wire::Job& job) {
    wire::Lease lease;
    lease.set_job(job.job());
    lease.set_attempt(job.attempt());
    return lease;
  }
};

// For so many predict and explain jobs.
std::pair<std::uint32_t, std::uint32_t> credit_in(const wire::Envelope& envelope) {
  return {envelope.ready().predict_credit(), envelope.ready().explain_credit()};
}

using Answers = std::vector<std::pair<std::uint64_t, std::uint32_t>>;

TEST_F(ConversationTest, AfterWelcomeComeAnswersThenWhatIsInHandThenCredit) {
  welcome();
  assign(job_of(7, 1));
  conversation_.report({success_of(conversation_.next_job())});
  ask_again();
  welcome();
  EXPECT_EQ(kinds_said(), (std::vector{Kind::kOutcomes, Kind::kHeartbeat, Kind::kReady}));
}

TEST_F(ConversationTest, AQueueThatIsEmptyAgainBeforeTheNextWordIsSaid) {
  welcome();
  EXPECT_EQ(kinds_said(), (std::vector{Kind::kHeartbeat, Kind::kReady}));
  EXPECT_EQ(kinds_said(), std::vector<Kind>{});
  assign(job_of(7, 1));
  EXPECT_EQ(kinds_said(), std::vector<Kind>{}) << "the coordinator counts what it assigns";
  assign(job_of(8, 1));
  conversation_.report({success_of(conversation_.next_job()), success_of(conversation_.next_job())});
  const auto words = said();
  ASSERT_EQ(words.size(), 2U);
  EXPECT_EQ(words[0].outcomes().outcomes_size(), 2);
  EXPECT_EQ(words[1].ready().predict_credit(), 1U);
}

TEST_F(ConversationTest, SeveralRefusalsMakeOneHello) {
  EXPECT_EQ(kinds_said(), std::vector{Kind::kHello});
  welcome();
  said();
  for (int i = 0; i < 3; ++i) {
    ask_again();
    EXPECT_EQ(kinds_said(), i == 0 ? std::vector{Kind::kHello} : std::vector<Kind>{});
  }
  now_ += seconds{1};
  EXPECT_EQ(kinds_said(), std::vector{Kind::kHello}) << "it or its Welcome may have been lost";
}

TEST_F(ConversationTest, AnAcknowledgementThatComesTwiceDoesNotForgetTheNextAttempt) {
  welcome();
  assign(job_of(7, 1));
  conversation_.report({failure_of(conversation_.next_job())});
  acknowledge(job_of(7, 1));
  assign(job_of(7, 2));
  acknowledge(job_of(7, 1));
  ASSERT_TRUE(conversation_.has_job());
  const wire::Job again = conversation_.next_job();
  acknowledge(job_of(7, 1));
  conversation_.report({success_of(again)});
  EXPECT_EQ(answers_said(), (Answers{{7, 2}}));
}

TEST_F(ConversationTest, AReleasedJobThatHasNotBegunIsDropped) {
  welcome();
  assign(job_of(7, 1));
  release(job_of(7, 1));
  EXPECT_FALSE(conversation_.has_job());
  EXPECT_TRUE(conversation_.all_acknowledged());
}

TEST_F(ConversationTest, AReleaseOfAnEarlierAttemptIsOfNoConcern) {
  welcome();
  assign(job_of(7, 2));
  release(job_of(7, 1));
  EXPECT_TRUE(conversation_.has_job());
}

TEST_F(ConversationTest, AReleasedJobThatHasBegunIsAnsweredAllTheSame) {
  welcome();
  assign(job_of(7, 1));
  const wire::Job job = conversation_.next_job();
  release(job_of(7, 1));
  conversation_.report({success_of(job)});
  EXPECT_EQ(answers_said(), (Answers{{7, 1}}));
}

TEST_F(ConversationTest, AnAnswerWhoseJobIsReleasedGoesOutAgain) {
  welcome();
  assign(job_of(7, 1));
  conversation_.report({success_of(conversation_.next_job())});
  EXPECT_EQ(answers_said(), (Answers{{7, 1}}));
  release(job_of(7, 1));  // it, or its acknowledgement, was lost
  EXPECT_EQ(answers_said(), (Answers{{7, 1}}));
  acknowledge(job_of(7, 1));
  EXPECT_TRUE(conversation_.all_acknowledged());
}

TEST_F(ConversationTest, AJobHandedOutAgainWhileItIsComputedIsNotComputedTwice) {
  welcome();
  assign(job_of(7, 1));
  const wire::Job job = conversation_.next_job();
  release(job_of(7, 1));
  assign(job_of(7, 3));
  EXPECT_FALSE(conversation_.has_job());
  conversation_.report({success_of(job)});
  EXPECT_EQ(answers_said(), (Answers{{7, 1}})) << "as the segment has it; any attempt's success counts";
  acknowledge(job_of(7, 1));
  EXPECT_TRUE(conversation_.all_acknowledged());
}

TEST_F(ConversationTest, AFailureCountsForTheAttemptThatIsWaitedFor) {
  welcome();
  assign(job_of(7, 1));
  const wire::Job job = conversation_.next_job();
  assign(job_of(7, 3));
  conversation_.report({failure_of(job)});
  EXPECT_EQ(answers_said(), (Answers{{7, 3}}));
}

TEST_F(ConversationTest, AJobThatFailedHereIsComputedAgainWhenItIsHandedOutAgain) {
  welcome();
  assign(job_of(7, 1));
  conversation_.report({failure_of(conversation_.next_job())});
  said();
  assign(job_of(7, 2));  // the acknowledgement was lost
  ASSERT_TRUE(conversation_.has_job());
  EXPECT_EQ(conversation_.next_job().attempt(), 2U);
}

TEST_F(ConversationTest, AJobHandedOutAgainWhileItWaitsIsComputedOnceAsTheLatestAttempt) {
  welcome();
  assign(job_of(7, 1));
  assign(job_of(7, 2));
  EXPECT_EQ(conversation_.next_job().attempt(), 2U);
  EXPECT_FALSE(conversation_.has_job());
}

TEST_F(ConversationTest, InTroubleNoJobIsAskedForOrBegunUntilItIsOver) {
  welcome();
  assign(job_of(7, 1));
  said();
  conversation_.tell_trouble("the disk is full");
  EXPECT_FALSE(conversation_.has_job());
  auto words = said();
  ASSERT_EQ(words.size(), 1U);
  EXPECT_EQ(words[0].ready().predict_credit(), 0U);
  EXPECT_EQ(words[0].ready().trouble(), "the disk is full");
  EXPECT_TRUE(said().empty()) << "said once";
  conversation_.tell_trouble("read-only");
  EXPECT_EQ(said().at(0).ready().trouble(), "read-only");
  conversation_.tell_trouble("");
  EXPECT_TRUE(conversation_.has_job());
  words = said();
  ASSERT_EQ(words.size(), 1U);
  EXPECT_EQ(words[0].ready().trouble(), "");
  conversation_.next_job();
  EXPECT_EQ(said().at(0).ready().predict_credit(), 1U);
}

TEST_F(ConversationTest, AWorkerThatHasThePlanSaysSo) {
  EXPECT_EQ(said().at(0).hello().plan_sha256(), "");
  wire::Envelope envelope;
  envelope.mutable_welcome()->set_heartbeat_ms(1'000);
  envelope.mutable_welcome()->set_plan_json("{}");
  hear(envelope);
  ask_again();
  EXPECT_EQ(said().at(0).hello().plan_sha256(), sha256_of("{}"));
  welcome();
  EXPECT_EQ(conversation_.plan_json(), "{}") << "a Welcome without one leaves it";
}

TEST_F(ConversationTest, WordsThatAreNotUtf8ArriveAllTheSame) {
  welcome();
  conversation_.tell_trouble("cannot write caf\xe9/segments");
  const auto words = said();
  ASSERT_TRUE(words.back().has_ready());
  wire::Envelope received;
  EXPECT_TRUE(received.ParseFromString(words.back().SerializeAsString()));
  EXPECT_EQ(received.ready().trouble(), "cannot write caf\xef\xbf\xbd/segments");
}

class CreditTest : public ConversationTest {
 protected:
  // Jobs of either kind that took so long are reported.
  void have_taken(double predict_seconds, double explain_seconds) {
    wire::Job predict = job_of(next_++, 1), explain = explain_job_of(next_++);
    assign(predict);
    assign(explain);
    std::vector<wire::Outcome> outcomes{success_of(conversation_.next_job()),
                                        success_of(conversation_.next_job())};
    outcomes[0].mutable_predictions();
    outcomes[0].set_seconds(predict_seconds);
    outcomes[1].set_seconds(explain_seconds);
    conversation_.report(outcomes);
    acknowledge(predict);
    acknowledge(explain);
  }
  // What is said of credit, if anything.
  std::optional<std::pair<std::uint32_t, std::uint32_t>> credit_said() {
    for (const wire::Envelope& envelope : said())
      if (envelope.has_ready()) return credit_in(envelope);
    return std::nullopt;
  }

  CreditTest() : ConversationTest(50) { welcome(); }

 private:
  std::uint64_t next_ = 1'000;
};

TEST_F(CreditTest, IsOneJobAsLongAsNobodyKnowsHowLongTheyTake) {
  EXPECT_EQ(credit_said(), std::pair(1U, 1U));
  assign(job_of(7, 1));
  EXPECT_FALSE(credit_said()) << "the coordinator counts it too";
  conversation_.next_job();
  EXPECT_EQ(credit_said(), std::pair(1U, 1U));
}

TEST_F(CreditTest, IsASecondOfWorkWhicheverKindComes) {
  have_taken(0.1, 0.5);
  EXPECT_EQ(credit_said(), std::pair(10U, 2U));
  for (std::uint64_t id = 1; id <= 5; ++id) assign(job_of(id, 1));
  EXPECT_FALSE(credit_said()) << "5 and 1 are left, as the coordinator knows";
  assign(explain_job_of(6));
  EXPECT_FALSE(credit_said()) << "nothing is left";
  conversation_.next_job();
  EXPECT_EQ(credit_said(), std::pair(1U, 0U));
}

TEST_F(CreditTest, OfLongJobsOneLiesReadyAndOfTheShortestNoMoreThanTheBound) {
  have_taken(0.001, 60);
  EXPECT_EQ(credit_said(), std::pair(50U, 1U));
  assign(job_of(7, 1));
  EXPECT_FALSE(credit_said()) << "no room for a minute beside it, and so for the coordinator";
  EXPECT_EQ(conversation_.next_job().job(), 7U);
  EXPECT_EQ(credit_said(), std::pair(50U, 1U));
}

TEST_F(CreditTest, FollowsThePaceAsItChanges) {
  have_taken(0.1, 1);
  EXPECT_EQ(credit_said()->first, 10U);
  for (int i = 0; i < 63; ++i) have_taken(0.25, 1);  // another case, a device that others use too
  EXPECT_EQ(credit_said()->first, 4U);
}

}  // namespace
}  // namespace wcam
