#include "coordinator/serve/throughput.h"

#include <gtest/gtest.h>

#include "tests/coordinator/rig.h"

namespace wcam {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class ThroughputTest : public testing::Test {
 protected:
  ThroughputTest() {
    for (std::uint32_t worker = 0; worker < 2; ++worker)
      apply(WorkerJoined{WorkerId{worker}, {"w" + std::to_string(worker), "here", "cpu", 1}});
  }

  void apply(Event event) {
    state_.apply(event);
    if (throughput_) throughput_->note({&event, 1});
  }
  JobId add(std::uint32_t image, std::uint16_t case_index) {
    JobSpec spec;
    spec.image = image;
    spec.case_index = case_index;
    const JobId id = state_.job_id(spec);
    apply(JobEvent{JobAdded{id, spec}});
    return id;
  }
  void give(JobId job, std::uint32_t attempt, std::uint32_t worker) {
    apply(JobEvent{JobHandedOut{job, Attempt{attempt}, WorkerId{worker}}});
  }
  void done(JobId job, std::uint32_t attempt) {
    apply(JobEvent{JobDone{job, Attempt{attempt}, "s.h5", 0, Labels(state_.plan().variants.size() + 1)}});
  }

  SweepState state_{small_plan(40, 2, 40)};
  std::optional<Throughput> throughput_;
  const Throughput::TimePoint start_{};
};

TEST_F(ThroughputTest, CasesCountSinceTheSweepBeganWorkersSinceNow) {
  const JobId before = add(0, 1);
  give(before, 1, 0);
  done(before, 1);
  throughput_.emplace(state_);
  EXPECT_EQ(throughput_->of_case(0).done, 0U);
  EXPECT_EQ(throughput_->of_case(1).done, 1U);
  EXPECT_EQ(throughput_->of_worker(WorkerId{0}).done, 0U);
  const JobId after = add(1, 0);
  give(after, 1, 1);
  done(after, 1);
  EXPECT_EQ(throughput_->of_case(0).done, 1U);
  EXPECT_EQ(throughput_->of_worker(WorkerId{0}).done, 0U);
  EXPECT_EQ(throughput_->of_worker(WorkerId{1}).done, 1U);
}

TEST_F(ThroughputTest, ALateAnswerIsNotTheLatestHoldersWork) {
  throughput_.emplace(state_);
  const JobId job = add(0, 0);
  give(job, 1, 0);
  apply(JobEvent{JobReturned{job, Attempt{1}, Cause::kLost, "silent"}});
  give(job, 2, 1);
  done(job, 1);
  EXPECT_EQ(throughput_->of_case(0).done, 1U);
  EXPECT_EQ(throughput_->of_worker(WorkerId{0}).done, 0U);
  EXPECT_EQ(throughput_->of_worker(WorkerId{1}).done, 0U);
}

TEST_F(ThroughputTest, AnAdoptedJobIsItsFindersWork) {
  const JobId job = add(0, 0);
  give(job, 1, 0);
  apply(JobEvent{JobReturned{job, Attempt{1}, Cause::kRestart, "restart"}});
  throughput_.emplace(state_);
  apply(JobEvent{JobAdopted{job, Attempt{1}, WorkerId{0}}});
  done(job, 1);
  EXPECT_EQ(throughput_->of_worker(WorkerId{0}).done, 1U);
}

TEST_F(ThroughputTest, SpeedIsThatOfTheLastFiveMinutes) {
  throughput_.emplace(state_);
  throughput_->mark(start_);
  EXPECT_EQ(throughput_->of_worker(WorkerId{0}).jobs_per_minute, 0);
  for (std::uint32_t i = 0; i < 30; ++i) {  // one every two seconds
    const JobId job = add(i, 0);
    give(job, 1, 0);
    done(job, 1);
    throughput_->mark(start_ + seconds{2} * (i + 1));
  }
  EXPECT_DOUBLE_EQ(throughput_->of_worker(WorkerId{0}).jobs_per_minute, 30);
  EXPECT_DOUBLE_EQ(throughput_->of_case(0).jobs_per_minute, 30);
  EXPECT_EQ(throughput_->of_case(1).jobs_per_minute, 0);
  for (int second = 61; second <= 600; ++second) throughput_->mark(start_ + seconds{second});
  EXPECT_EQ(throughput_->of_worker(WorkerId{0}).jobs_per_minute, 0);
  EXPECT_EQ(throughput_->of_worker(WorkerId{0}).done, 30U);
}

}  // namespace
}  // namespace wcam
