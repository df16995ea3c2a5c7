#include "coordinator/serve/progress.h"

#include <gtest/gtest.h>

#include "tests/coordinator/rig.h"

namespace wcam {
namespace {

using std::chrono::seconds;

class ProgressTest : public testing::Test {
 protected:
  void mark(int second, std::size_t predicted, std::size_t explained) {
    progress_.mark(Progress::TimePoint{seconds{second}}, {predicted, explained});
  }

  Progress progress_{5, 1'000};  // forwards of a prediction, of a WCAM
};

TEST_F(ProgressTest, NothingIsKnownBeforeTheSecondMark) {
  EXPECT_EQ(progress_.jobs_per_minute(), 0);
  EXPECT_FALSE(progress_.eta_seconds({1, 1}));
  mark(0, 3, 3);
  EXPECT_EQ(progress_.jobs_per_minute(), 0);
  EXPECT_FALSE(progress_.eta_seconds({1, 1}));
}

TEST_F(ProgressTest, PredictionsAndWcamsCountAsJobsAndWeighAsForwards) {
  mark(0, 10, 0);
  mark(10, 30, 1);  // 100 + 1,000 forwards in 10 s
  EXPECT_DOUBLE_EQ(progress_.jobs_per_minute(), 126);
  EXPECT_DOUBLE_EQ(*progress_.eta_seconds({22, 2}), 19.181818181818183);  // 2,110 / 110
}

TEST_F(ProgressTest, PredictionsAreNoMeasureOfWcams) {
  mark(0, 0, 0);
  mark(10, 100, 0);
  EXPECT_DOUBLE_EQ(progress_.jobs_per_minute(), 600);
  EXPECT_FALSE(progress_.eta_seconds({100, 1}));
  EXPECT_DOUBLE_EQ(*progress_.eta_seconds({50, 0}), 5);
}

TEST_F(ProgressTest, WhereNothingIsDoneNobodyKnows) {
  mark(0, 10, 10);
  mark(10, 10, 10);
  EXPECT_EQ(progress_.jobs_per_minute(), 0);
  EXPECT_FALSE(progress_.eta_seconds({1, 0}));
}

TEST_F(ProgressTest, TheRateIsThatOfTheLastMinute) {
  for (int second = 0; second <= 100; ++second) mark(second, second < 40 ? 0 : 10 * (second - 39U), 0);
  EXPECT_DOUBLE_EQ(progress_.jobs_per_minute(), 600) << "since second 40";
}

TEST_F(ProgressTest, OrOfTheLastFewWcamsWhereTheyTakeLonger) {
  // One every 50 s, the latest just now: the last four took 151 s since the second before the first of them.
  for (int second = 0; second <= 500; ++second) mark(second, 0, static_cast<std::size_t>(second) / 50);
  EXPECT_DOUBLE_EQ(progress_.jobs_per_minute(), 60 * 4 / 151.0);
  EXPECT_DOUBLE_EQ(*progress_.eta_seconds({0, 2}), 2 * 151 / 4.0);
}

TEST(JobsLeft, CountsTheImagesStillToBeSelectedAsThoseThatWere) {
  Rig rig(small_plan(20, 2, 4));
  // Before the first image is decided, as many as an image may have.
  const auto most = static_cast<double>(most_wcams(rig.plan()));
  rig.turn();
  EXPECT_DOUBLE_EQ(jobs_left(rig.state()).to_predict, 8);
  EXPECT_DOUBLE_EQ(jobs_left(rig.state()).to_explain, most);
  rig.join("w", 8);
  std::size_t answered = 0;
  for (const wire::Job& job : rig.jobs_for("w"))
    if (rig.state().selected() == 0) {
      rig.answer("w", job);
      ++answered;
    }
  ASSERT_EQ(rig.state().selected(), 1U);
  const auto explained = static_cast<double>(rig.state().jobs().tally(JobKind::kExplain).all());
  EXPECT_DOUBLE_EQ(jobs_left(rig.state()).to_explain, explained + 3 * explained);
  EXPECT_EQ(jobs_done(rig.state()).predicted, answered);
  rig.say("w", leaving());
  rig.finish("v");
  EXPECT_DOUBLE_EQ(jobs_left(rig.state()).to_predict, 0);
  EXPECT_DOUBLE_EQ(jobs_left(rig.state()).to_explain, 0);
}

}  // namespace
}  // namespace wcam
