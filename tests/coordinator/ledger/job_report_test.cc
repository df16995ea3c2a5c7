#include "coordinator/ledger/job_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/base/error.h"
#include "coordinator/operate/job_prefix.h"
#include "tests/coordinator/rig.h"

namespace wcam {
namespace {

std::string refusal(const std::function<void()>& act) {
  try {
    act();
  } catch (const UsageError& e) {
    return e.what();
  }
  return "accepted";
}

// A ledger in which an image's prediction failed and was done, and its explanation is waiting.
class JobReportTest : public testing::Test {
 protected:
  JobReportTest() {
    Ledger ledger(folder_.path() / "ledger.sqlite");
    const SweepState state = ledger.load(plan_);
    explain_.kind = JobKind::kExplain;
    explain_.variant = 2;
    explain_.role = Role::kAltered;
    explain_.role_index = 1;
    explain_.label = 8;
    explain_.explained = {LabelKind::kPredicted};
    predict_id_ = state.job_id({});
    explain_id_ = state.job_id(explain_);
    image_ = state.planned(0).path;
    ledger.commit(std::vector<Event>{
        WorkerJoined{WorkerId{0}, {"w", "node3", "cuda:1", 4711}}, JobEvent{JobAdded{predict_id_, {}}},
        JobEvent{JobHandedOut{predict_id_, Attempt{1}, WorkerId{0}}},
        JobEvent{JobReturned{predict_id_, Attempt{1}, Cause::kFailed, "out of memory\nin line 2"}},
        JobEvent{JobHandedOut{predict_id_, Attempt{2}, WorkerId{0}}},
        JobEvent{JobDone{predict_id_, Attempt{2}, "w-000001.h5", 0, {1, 2, 3, 4, 5}}},
        ImageDecided{0, {ImageState::kSelected, 0, ""}}, JobEvent{JobAdded{explain_id_, explain_}},
        JobEvent{JobSetAside{explain_id_, "hopeless"}}, JobEvent{JobRetried{explain_id_}}});
  }
  Database open() const { return Database(folder_.path() / "ledger.sqlite", Database::Access::kReadOnly); }

  TemporaryFolder folder_;
  const Plan plan_ = small_plan(2, 1, 1);
  JobSpec explain_;
  JobId predict_id_{}, explain_id_{};
  std::string image_;
};

wire::ListJobs asking(const std::string& state, const std::string& kind, const std::string& case_name,
                      std::uint32_t limit = 0) {
  wire::ListJobs request;
  request.set_state(state);
  request.set_kind(kind);
  request.set_case_name(case_name);
  request.set_limit(limit);
  return request;
}

TEST_F(JobReportTest, ListsWhatTheFilterAsksFor) {
  Database ledger = open();
  EXPECT_EQ(list_jobs(ledger, {}).jobs_size(), 2);
  EXPECT_EQ(list_jobs(ledger, asking("set_aside", "", "")).jobs_size(), 0);
  EXPECT_EQ(list_jobs(ledger, asking("failed", "", "")).jobs_size(), 0);
  const wire::JobList done = list_jobs(ledger, asking("done", "predict", "case0"));
  ASSERT_EQ(done.jobs_size(), 1);
  EXPECT_EQ(done.jobs(0).job(), value(predict_id_));
  EXPECT_EQ(done.jobs(0).failures(), 1);
  EXPECT_EQ(done.jobs(0).text(), "");
  EXPECT_FALSE(done.jobs(0).has_rank());
  const wire::JobList one = list_jobs(ledger, asking("", "", "", 1));
  EXPECT_EQ(one.matching(), 2U);
  ASSERT_EQ(one.jobs_size(), 1);
  EXPECT_EQ(one.jobs(0).job(), value(explain_id_));
  EXPECT_EQ(one.jobs(0).variant(), "corruptions/contrast/3");
  EXPECT_EQ(one.jobs(0).rank(), 0);
  EXPECT_EQ(one.jobs(0).role_index(), 1);
  EXPECT_EQ(one.jobs(0).label(), 8);
  EXPECT_EQ(one.jobs(0).retries(), 1);
  EXPECT_EQ(refusal([&] { list_jobs(ledger, asking("canceled", "", "")); }),
            "--state 'canceled' is unknown; did you mean 'cancelled'? Known: failed, waiting, leased, done, "
            "set_aside, cancelled");
  EXPECT_EQ(refusal([&] { list_jobs(ledger, asking("", "run", "")); }),
            "--kind 'run' is unknown; known: predict, explain");
  EXPECT_EQ(refusal([&] { list_jobs(ledger, asking("", "", "vit")); }),
            "--case 'vit' is unknown; known: case0");
}

TEST_F(JobReportTest, ShowsEveryAttempt) {
  Database ledger = open();
  const wire::JobStory story = job_story(ledger, predict_id_);
  ASSERT_EQ(story.attempts_size(), 2);
  EXPECT_EQ(story.attempts(0).outcome(), "failed");
  EXPECT_EQ(story.attempts(0).host(), "node3");
  EXPECT_EQ(story.attempts(0).device(), "cuda:1");
  EXPECT_EQ(story.attempts(0).pid(), 4711);
  EXPECT_FALSE(story.attempts(0).has_seconds());
  EXPECT_EQ(story.attempts(1).segment(), "w-000001.h5");
  const std::string text = to_text(story);
  EXPECT_NE(text.find("job " + to_string(predict_id_) + ": predict " + image_ +
                      " case0\n"
                      "done after 2 attempts; 1 failed, 0 lost with their worker\n"
                      "attempt 1: failed, cuda:1 of pid 4711 on node3 (worker w), "),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("\n  out of memory\nin line 2\n"), std::string::npos) << text;
  const std::string of_retried = to_text(job_story(ledger, explain_id_));
  EXPECT_NE(of_retried.find("waiting after 0 attempts, put back 1 time\n"), std::string::npos) << of_retried;
  EXPECT_NE(of_retried.find("explained as altered 1 of image 0 in the sample, for class 8 (predicted)\n"),
            std::string::npos)
      << of_retried;
  const auto document = nlohmann::json::parse(to_json_text(story));
  EXPECT_EQ(document["attempts_made"][1]["segment"], "w-000001.h5");
  EXPECT_TRUE(document["attempts_made"][0]["segment"].is_null());
  EXPECT_EQ(document["job"], to_string(predict_id_));
}

TEST_F(JobReportTest, AJobIsNamedByTheFirstDigitsOfItsId) {
  Database ledger = open();
  const std::string whole = to_string(explain_id_);
  for (std::size_t digits = 3; digits <= 16; ++digits) {
    const JobRange range = jobs_beginning_with(whole.substr(0, digits));
    EXPECT_EQ(only_job(whole, find_jobs(ledger, range.first, range.last)), explain_id_) << digits;
  }
  const JobRange all = {JobId{0}, JobId{UINT64_MAX}};
  const std::string text = refusal([&] { only_job("", find_jobs(ledger, all.first, all.last)); });
  EXPECT_NE(text.find("give more digits"), std::string::npos) << text;
  EXPECT_NE(refusal([&] { only_job("fff", {}); }).find("no job's id begins with 'fff'"), std::string::npos);
  for (const char* bad : {"", "xyz", "12345678901234567", "-1", "0x12", " 1"})
    EXPECT_NE(refusal([&] { jobs_beginning_with(bad); }).find("1 to 16 hex digits"), std::string::npos)
        << bad;
  EXPECT_EQ(value(jobs_beginning_with("a").first), 0xa000000000000000U);
  EXPECT_EQ(value(jobs_beginning_with("a").last), 0xafffffffffffffffU);
  EXPECT_EQ(value(jobs_beginning_with("0123456789abcdef").last), 0x0123456789abcdefU);
}

}  // namespace
}  // namespace wcam
