// Segments that come piece by piece: the coordinator's end alone, and both ends over a connection that fails
// in every way.
#include "coordinator/transport/collector.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/wire/protocol.h"
#include "common/wire/segment_transfer.h"
#include "tests/temporary_folder.h"
#include "worker/protocol/conversation.h"

namespace fs = std::filesystem;

namespace wcam {
namespace {

wire::Piece piece_of(const std::string& name, const std::string& whole, std::size_t offset,
                     std::size_t count) {
  wire::Piece piece;
  piece.set_segment(name);
  piece.set_size(whole.size());
  piece.set_sha256(sha256_of(whole));
  piece.set_offset(offset);
  piece.set_data(whole.substr(offset, count));
  return piece;
}

class CollectorTest : public testing::Test {
 protected:
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_.path()), {}));
  }

  TemporaryFolder folder_;
  Collector collector_{folder_.path()};
  const std::string whole_ = "a segment, more or less";
};

TEST_F(CollectorTest, StoresWhatIsWholeAndRight) {
  EXPECT_EQ(collector_.take("w", piece_of("a-1.h5", whole_, 0, 10)).have(), 10U);
  EXPECT_FALSE(fs::exists(folder_.path() / "a-1.h5"));
  const wire::Received received = collector_.take("w", piece_of("a-1.h5", whole_, 10, 100));
  EXPECT_TRUE(received.stored()) << received.trouble();
  EXPECT_EQ(read_file(folder_.path() / "a-1.h5"), whole_);
  EXPECT_EQ(files(), 1U);
  EXPECT_TRUE(collector_.take("w", piece_of("a-1.h5", whole_, 0, 0)).stored())
      << "asked again, it says so again";
}

TEST_F(CollectorTest, TakesOnlyThePieceThatIsNextAlsoAfterARestart) {
  EXPECT_EQ(collector_.take("w", piece_of("a-1.h5", whole_, 10, 5)).have(), 0U);
  collector_.take("w", piece_of("a-1.h5", whole_, 0, 10));
  EXPECT_EQ(collector_.take("w", piece_of("a-1.h5", whole_, 0, 10)).have(), 10U);
  Collector next(folder_.path());
  EXPECT_EQ(next.take("w", piece_of("a-1.h5", whole_, 0, 0)).have(), 10U);
  EXPECT_TRUE(next.take("w", piece_of("a-1.h5", whole_, 10, 100)).stored());
}

TEST_F(CollectorTest, BeginsAnewWhenTheWholeIsNotWhatItShouldBe) {
  collector_.take("w", piece_of("a-1.h5", std::string(whole_.size(), 'x'), 0, 10));
  const wire::Received received = collector_.take("w", piece_of("a-1.h5", whole_, 10, 100));
  EXPECT_FALSE(received.stored());
  EXPECT_EQ(received.have(), 0U);
  EXPECT_EQ(files(), 0U);
  EXPECT_TRUE(collector_.take("w", piece_of("a-1.h5", whole_, 0, 100)).stored());
}

TEST_F(CollectorTest, AWorkerHasOneSegmentUnderWayAndNobodyElseAddsToIt) {
  collector_.take("w", piece_of("a-1.h5", whole_, 0, 10));
  EXPECT_NE(collector_.take("thief", piece_of("a-1.h5", whole_, 10, 5)).trouble(), "");
  EXPECT_EQ(files(), 1U);
  collector_.take("w", piece_of("a-2.h5", whole_, 0, 10));
  EXPECT_EQ(files(), 1U);
  collector_.remove_unfinished();
  EXPECT_EQ(files(), 0U);
}

TEST_F(CollectorTest, AnotherSegmentOfAStoredNameIsRefused) {
  collector_.take("w", piece_of("a-1.h5", whole_, 0, 100));
  EXPECT_NE(collector_.take("thief", piece_of("a-1.h5", "something else", 0, 100)).trouble(), "");
  EXPECT_EQ(read_file(folder_.path() / "a-1.h5"), whole_);
}

TEST_F(CollectorTest, WhatMakesNoSenseChangesNothing) {
  for (const char* name : {"", ".h5", "../a.h5", "a/b.h5", ".a.h5", "a.txt", "a b.h5", "a\n.h5"})
    EXPECT_NE(collector_.take("w", piece_of(name, whole_, 0, 5)).trouble(), "") << name;
  EXPECT_NE(collector_.take("w", piece_of(std::string(200, 'a') + ".h5", whole_, 0, 5)).trouble(), "");
  wire::Piece piece = piece_of("a-1.h5", whole_, 0, 5);
  piece.set_size(0);
  EXPECT_NE(collector_.take("w", piece).trouble(), "");
  piece.set_size(3);
  EXPECT_NE(collector_.take("w", piece).trouble(), "") << "more data than there is";
  piece.set_size(kMostSegmentBytes + 1);
  EXPECT_NE(collector_.take("w", piece).trouble(), "");
  piece.set_size(~std::uint64_t{0});
  piece.set_offset(~std::uint64_t{0});
  EXPECT_NE(collector_.take("w", piece).trouble(), "");
  EXPECT_EQ(files(), 0U);
}

TEST_F(CollectorTest, WhatCannotBeStoredNowIsSaidAndTakenLater) {
  const fs::path away = folder_.path() / "away";
  Collector collector(away);
  EXPECT_NE(collector.take("w", piece_of("a-1.h5", whole_, 0, 100)).trouble().find("No such file"),
            std::string::npos);
  fs::create_directory(away);
  EXPECT_TRUE(collector.take("w", piece_of("a-1.h5", whole_, 0, 100)).stored());
}

// A worker's half of the protocol and a collector, with a connection that loses, is cut and made anew, and a
// coordinator that restarts.
class Delivery {
 public:
  explicit Delivery(std::uint64_t seed) : dice_(seed) {
    hear([](wire::Envelope& e) { e.mutable_welcome()->set_heartbeat_ms(1'000); });
    for (std::uint64_t job = 1; job <= kSegments; ++job) give(job);
  }

  void run() {
    for (int turn = 0; turn < 100'000 && !worker_.all_acknowledged(); ++turn) {
      now_ += std::chrono::milliseconds{100};
      const bool trouble = turn < 300;
      if (trouble && rolls(0.03)) cut();
      if (trouble && rolls(0.02)) collector_ = Collector(folder_.path());
      worker_.speak(now_, [&](const wire::Envelope& e) {
        if (trouble && rolls(0.1)) return false;  // a full pipe
        if (!(trouble && e.has_piece() && rolls(0.05))) to_coordinator_.push_back(e);
        return true;
      });
      for (; !to_coordinator_.empty(); to_coordinator_.pop_front()) answer(to_coordinator_.front());
      for (; !to_worker_.empty(); to_worker_.pop_front())
        if (!(trouble && to_worker_.front().has_received() && rolls(0.05)))
          worker_.hear(to_worker_.front(), now_);
      if (trouble && rolls(0.1)) worker_.hear(late_, now_);  // a message that took another way
      worker_.check_invariants();
    }
  }

  void check() const {
    EXPECT_TRUE(worker_.all_acknowledged());
    EXPECT_EQ(worker_.undelivered(), 0U);
    for (const auto& [name, bytes] : sent_) EXPECT_EQ(read_file(folder_.path() / name), bytes);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), std::ptrdiff_t{kSegments});
  }

 private:
  static constexpr std::uint64_t kSegments = 4;

  bool rolls(double probability) { return std::bernoulli_distribution(probability)(dice_); }

  template <typename Fill>
  void hear(Fill fill) {
    wire::Envelope envelope;
    envelope.set_protocol_version(kProtocolVersion);
    fill(envelope);
    worker_.hear(std::move(envelope), now_);
  }

  void give(std::uint64_t job) {
    hear([&](wire::Envelope& e) {
      wire::Job& given = *e.mutable_assign()->add_jobs();
      given.set_job(job);
      given.set_attempt(1);
      given.mutable_explain();
    });
    worker_.next_job();
    SegmentTransfer parcel;
    parcel.segment = "w-" + std::to_string(job) + ".h5";
    parcel.bytes.resize(std::uniform_int_distribution<std::size_t>(1, 3 * kPieceBytes)(dice_));
    for (char& c : parcel.bytes) c = static_cast<char>(dice_());
    parcel.sha256 = sha256_of(parcel.bytes);
    parcel.outcomes.resize(1);
    parcel.outcomes[0].set_job(job);
    parcel.outcomes[0].set_attempt(1);
    parcel.outcomes[0].set_segment(parcel.segment);
    parcel.outcomes[0].mutable_profile()->set_seconds(1);
    sent_[parcel.segment] = parcel.bytes;
    worker_.deliver(std::move(parcel));
  }

  void cut() {
    to_coordinator_.clear();
    to_worker_.clear();
    worker_.connected(now_);
  }

  void answer(const wire::Envelope& heard) {
    wire::Envelope reply;
    reply.set_protocol_version(kProtocolVersion);
    if (heard.has_hello()) reply.mutable_welcome()->set_heartbeat_ms(1'000);
    if (heard.has_piece()) *reply.mutable_received() = collector_.take("w", heard.piece());
    if (heard.has_heartbeat()) reply.mutable_acknowledge();
    for (const wire::Outcome& outcome : heard.outcomes().outcomes()) {
      EXPECT_EQ(read_file(folder_.path() / outcome.segment()), sent_.at(outcome.segment()))
          << "reported too early";
      auto& lease = *reply.mutable_acknowledge()->add_leases();
      lease.set_job(outcome.job());
      lease.set_attempt(outcome.attempt());
    }
    if (reply.body_case() == wire::Envelope::BODY_NOT_SET) return;
    if (reply.has_received()) late_ = reply;
    to_worker_.push_back(std::move(reply));
  }

  std::mt19937_64 dice_;
  Conversation::TimePoint now_{std::chrono::hours{1}};
  TemporaryFolder folder_;
  Collector collector_{folder_.path()};
  Conversation worker_{{"w", "here", 1, "cpu", "", 1, std::chrono::seconds{1'000'000}}, now_};
  std::map<std::string, std::string> sent_;
  std::deque<wire::Envelope> to_coordinator_, to_worker_;
  wire::Envelope late_;
};

TEST(Delivery, EndsWithEverySegmentStoredAndReportedNoSooner) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    Delivery delivery(seed);
    delivery.run();
    delivery.check();
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace wcam
