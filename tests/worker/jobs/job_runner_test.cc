#include "worker/jobs/job_runner.h"

#include <ATen/ops/empty.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <new>
#include <sstream>

#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/study/estimator.h"
#include "tests/temporary_folder.h"
#include "tests/worker/torchscript_fixture.h"
#include "worker/images/png.h"
#include "worker/jobs/compute.h"
#include "worker/models/memory.h"

namespace fs = std::filesystem;

namespace wcam {
namespace {

constexpr std::uint64_t kMebibyte = 1 << 20;
constexpr std::uint64_t kModelBytes = 1024 * kMebibyte;

// This process gets no more than so much address space beyond what it has: the system itself refuses.
class MemoryLimit {
 public:
  explicit MemoryLimit(std::uint64_t more) {
    ::getrlimit(RLIMIT_AS, &before_);
    std::uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    rlimit limited = before_;
    limited.rlim_cur = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) + more;
    ::setrlimit(RLIMIT_AS, &limited);
  }
  ~MemoryLimit() { ::setrlimit(RLIMIT_AS, &before_); }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

 private:
  rlimit before_{};
};

// Logits as kLinearOnChannelMeans, and 512 MiB for each image meanwhile.
constexpr const char* kHungry = R"(
def forward(self, x):
    h = torch.empty([x.size(0), 134217728])
    h[:, 0:4].zero_()
    return torch.matmul(x.mean([2, 3]), self.weight.t()) + h[:, 0:4]
)";

RgbImage textured(int side) {
  RgbImage image = blank_image(side, side);
  for (int r = 0; r < side; ++r)
    for (int c = 0; c < 3 * side; ++c)
      image.row(r)[c] = static_cast<std::uint8_t>(127 + 90 * std::sin(0.3 * r + c % 3) * std::cos(0.2 * c));
  return image;
}

// One image, and cases made of text.
class JobRunnerTest : public testing::Test {
 protected:
  JobRunnerTest() {
    const fs::path file = folder_.path() / "a.png";
    write_file_atomically(file, encode_png(textured(32)));
    plan_.images_root = folder_.path();
    plan_.images = {{"a.png", sha256_of_file(file)}};
    plan_.variants = {"corruptions/contrast/1", "corruptions/contrast/3", "corruptions/contrast/5"};
    plan_.wcam.grid = 4;
    plan_.wcam.levels = 2;
    spdlog::set_default_logger(
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log_)));
  }
  ~JobRunnerTest() override { spdlog::set_default_logger(before_); }

  void add_case(const std::string& name, const std::string& source) {
    CaseSpec spec;
    spec.name = name;
    spec.file = folder_.path() / (name + ".pt");
    spec.input_size = spec.resize = 32;
    test::save_torchscript(spec.file, source);
    plan_.cases.push_back(spec);
  }
  wire::Job predict_job(const std::string& case_name) const {
    wire::Job job;
    job.set_job(1);
    job.set_attempt(1);
    job.set_image("a.png");
    job.set_image_sha256(plan_.images[0].sha256);
    job.set_case_name(case_name);
    job.mutable_predict();
    return job;
  }
  wire::Job explain_job(const std::string& case_name) const {
    wire::Job job = predict_job(case_name);
    job.mutable_explain()->set_variant("corruptions/contrast/3");
    job.mutable_explain()->set_label(2);
    job.mutable_explain()->set_role("altered");
    return job;
  }
  std::size_t times(const std::string& text) const {
    const std::string log = log_.str();
    std::size_t count = 0;
    for (auto at = log.find(text); at != std::string::npos; at = log.find(text, at + 1)) ++count;
    return count;
  }

  TemporaryFolder folder_;
  Plan plan_;
  std::ostringstream log_;

 private:
  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

// Every logit is the same, or none is a number: nothing to explain, and what a broken GPU may answer.
constexpr const char* kConstant = R"(
def forward(self, x):
    return torch.zeros([x.size(0), 4])
)";

TEST_F(JobRunnerTest, AFailureOnASoundDeviceIsTheJobsOwn) {
  add_case("constant", kConstant);
  JobRunner runner(plan_, "cpu", always({false, 4}), kModelBytes);
  const JobResult result = runner.run(explain_job("constant"));
  EXPECT_EQ(result.outcome.failure().kind(), wire::Failure::DEGENERATE);
  EXPECT_EQ(result.device_fault, "");
}

TEST_F(JobRunnerTest, PicturesThatAreUsedAndDoubtfulAreSaidToBe) {
  add_case("linear", test::kLinearOnChannelMeans);
  EXPECT_EQ(
      JobRunner(plan_, "cpu", always({false, 4}), kModelBytes).run(predict_job("linear")).outcome.caution(),
      "");
  write_file_atomically(folder_.path() / "a.png", encode_png(textured(16)));
  plan_.images[0].sha256 = sha256_of_file(folder_.path() / "a.png");
  JobRunner runner(plan_, "cpu", always({false, 4}), kModelBytes);
  const std::string expected =
      "its 16 x 16 pixels are enlarged to the network's 32 x 32: it has no details on the finest scales";
  EXPECT_EQ(runner.run(predict_job("linear")).outcome.caution(), expected);
  const JobResult explained = runner.run(explain_job("linear"));
  ASSERT_TRUE(explained.image) << explained.outcome.failure().text();
  EXPECT_EQ(explained.image->caution, expected);
}

// On bright pictures one logit of four is no number; the largest of the others would be a label.
TEST_F(JobRunnerTest, LogitsThatAreNotAllFinitePredictNothingAndTheDeviceIsTried) {
  add_case("sometimes", R"(
def forward(self, x):
    y = torch.matmul(x.mean([2, 3]), self.weight.t())
    bright = torch.where(x.mean([1, 2, 3]) > 0.7, float("-inf"), 0.0)
    return torch.cat([y[:, :3], (y[:, 3] + bright).unsqueeze(1)], 1)
)");
  plan_.variants = {"corruptions/contrast/1", "corruptions/brightness/5"};
  int tried = 0;
  JobRunner runner(plan_, "cpu", always({false, 4}), kModelBytes, {}, [&] {
    ++tried;
    return std::optional<std::string>{};
  });
  const JobResult result = runner.run(predict_job("sometimes"));
  EXPECT_EQ(result.outcome.failure().kind(), wire::Failure::DEGENERATE);
  EXPECT_EQ(
      result.outcome.failure().text(),
      "not all logits of case sometimes are finite on corruptions/brightness/5: nothing can be predicted, "
      "and nothing explained");
  EXPECT_TRUE(result.predictions.empty());
  EXPECT_EQ(tried, 2) << "when it begins, and after the failure";
}

TEST_F(JobRunnerTest, AFailureAfterWhichTheDeviceComputesWrongMayBeTheDevices) {
  add_case("constant", kConstant);
  bool broken = false;
  JobRunner runner(plan_, "cpu", always({false, 4}), kModelBytes, {}, [&] {
    return broken ? std::optional<std::string>("it has fallen off its bus") : std::nullopt;
  });
  broken = true;
  const JobResult result = runner.run(explain_job("constant"));
  EXPECT_EQ(result.outcome.failure().kind(), wire::Failure::UNSPECIFIED)
      << "worth another attempt, elsewhere";
  EXPECT_NE(result.outcome.failure().text().find("\nit has fallen off its bus"), std::string::npos);
  EXPECT_EQ(result.device_fault, "it has fallen off its bus");
}

TEST_F(JobRunnerTest, WhoseDeviceComputesWrongFromTheBeginningDoesNotServe) {
  EXPECT_THROW(JobRunner(plan_, "cpu", always({false, 4}), kModelBytes, {},
                         [] { return std::optional<std::string>("wrong"); }),
               CannotServe);
}

// Another batch size may round otherwise, by BLAS kernel (docs/reproducibility.md), and another form does.
void expect_near(const std::vector<float>& found, const std::vector<float>& expected,
                 double rounding = kRounding) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_NEAR(found[i], expected[i], rounding * std::max(1.0F, std::abs(expected[i]))) << i;
}

TEST_F(JobRunnerTest, AnOptimisedNetworkGivesThePlainOnesNumbersButForRounding) {
  CaseSpec spec;
  spec.name = "baseline";
  spec.file = fs::path(WCAM_SOURCE_DIR) / "models/demo/baseline.pt";
  spec.input_size = spec.resize = 64;
  plan_.cases.push_back(spec);
  const JobResult plain =
      JobRunner(plan_, "cpu", always({false, 4}), kModelBytes).run(explain_job("baseline"));
  const JobResult optimised =
      JobRunner(plan_, "cpu", always({true, 16}), kModelBytes).run(explain_job("baseline"));
  ASSERT_TRUE(plain.profile && optimised.profile) << optimised.outcome.failure().text();
  EXPECT_EQ(plain.profile->form, "plain");
  EXPECT_EQ(optimised.profile->form, "optimised");
  EXPECT_EQ(optimised.profile->batch_size, 16U);
  expect_near(optimised.profile->outputs, plain.profile->outputs, kFormRounding);
}

#ifndef __SANITIZE_ADDRESS__  // it ends the process when memory runs out

TEST_F(JobRunnerTest, AnOptimisedNetworkIsLoadedAnewForTheHalvedBatch) {
  add_case("hungry", kHungry);
  JobRunner runner(plan_, "cpu", always({true, 8}), kModelBytes);
  const MemoryLimit limit(2'800 * kMebibyte);  // 5 images
  const JobResult result = runner.run(explain_job("hungry"));
  ASSERT_TRUE(result.profile) << result.outcome.failure().text();
  EXPECT_EQ(result.profile->batch_size, 4U);
  EXPECT_EQ(result.profile->form, "optimised");
}

TEST_F(JobRunnerTest, OutOfMemoryOtherCasesGoThenTheBatchHalvesAndTheNumbersStayWithinRounding) {
  add_case("light", test::kLinearOnChannelMeans);
  add_case("hungry", kHungry);
  JobRunner plenty(plan_, "cpu", always({false, 8}), kModelBytes);
  const JobResult predicted = plenty.run(predict_job("hungry")),
                  explained = plenty.run(explain_job("hungry"));
  ASSERT_TRUE(explained.profile) << explained.outcome.failure().text();
  EXPECT_EQ(explained.profile->batch_size, 8U);

  JobRunner short_of_it(plan_, "cpu", always({false, 8}), kModelBytes);
  short_of_it.run(predict_job("light"));
  const MemoryLimit limit(2'800 * kMebibyte);  // 5 images
  const JobResult again = short_of_it.run(explain_job("hungry"));
  ASSERT_TRUE(again.profile) << again.outcome.failure().text();
  EXPECT_EQ(again.profile->batch_size, 4U);
  expect_near(again.profile->outputs, explained.profile->outputs);
  expect_near(again.profile->wcam, explained.profile->wcam);
  EXPECT_EQ(short_of_it.loaded_cases(), std::vector<std::string>{"hungry"});
  const JobResult predicted_again = short_of_it.run(predict_job("hungry"));
  const auto& before = predicted.outcome.predictions();
  const auto& after = predicted_again.outcome.predictions();
  EXPECT_TRUE(
      std::equal(after.label().begin(), after.label().end(), before.label().begin(), before.label().end()));
  expect_near({after.logit().begin(), after.logit().end()}, {before.logit().begin(), before.logit().end()});
  EXPECT_EQ(times("case hungry: out of memory with 8 images a forward"), 1U) << log_.str();
  EXPECT_EQ(times("you tried to allocate 4294967296 bytes"), 1U) << log_.str();
  EXPECT_EQ(times(": 4 from now on"), 1U) << log_.str();
  // The other case is as it was.
  const JobResult other = short_of_it.run(explain_job("light"));
  ASSERT_TRUE(other.profile) << other.outcome.failure().text();
  EXPECT_EQ(other.profile->batch_size, 8U);
}

TEST_F(JobRunnerTest, WhatNeedsTooMuchForOneImageIsTheJobsFailureAndWorthAnotherAttempt) {
  add_case("hungry", kHungry);
  JobRunner runner(plan_, "cpu", always({false, 4}), kModelBytes);
  ASSERT_FALSE(runner.run(predict_job("hungry")).outcome.has_failure());
  const MemoryLimit limit(64 * kMebibyte);
  for (const wire::Job& job : {predict_job("hungry"), explain_job("hungry")}) {
    const JobResult result = runner.run(job);
    EXPECT_EQ(result.outcome.failure().kind(), wire::Failure::UNSPECIFIED);
    const std::string& text = result.outcome.failure().text();
    EXPECT_EQ(text.find("out of memory with one image a forward and no other case loaded: case 'hungry': the "
                        "model fails on Float [1, 3, 32, 32]: "),
              0U)
        << text;
    EXPECT_NE(text.find("you tried to allocate 536870912 bytes"), std::string::npos) << text;
  }
}

TEST_F(JobRunnerTest, ACaseForWhichThereIsNoMemoryIsTheJobsFailureToo) {
  add_case("hungry", kHungry);
  JobRunner runner(plan_, "cpu", always({false, 4}), kModelBytes);
  const MemoryLimit limit(64 * kMebibyte);  // its trial at loading needs 1 GiB
  const JobResult result = runner.run(predict_job("hungry"));
  EXPECT_EQ(result.outcome.failure().kind(), wire::Failure::UNSPECIFIED);
  EXPECT_NE(result.outcome.failure().text().find("forward fails on two pictures"), std::string::npos);
}

#endif

TEST(IsOutOfMemory, TellsLackOfMemoryFromOtherFailures) {
#ifndef __SANITIZE_ADDRESS__
  std::string said;
  try {
    at::empty({std::int64_t{1} << 46}, at::kFloat);  // 256 TiB, more than addresses reach
  } catch (const std::exception& e) {
    said = e.what();
    EXPECT_TRUE(is_out_of_memory(e)) << said;
  }
  EXPECT_NE(said, "");
#endif
  EXPECT_TRUE(is_out_of_memory(std::bad_alloc()));
  EXPECT_TRUE(is_out_of_memory(OutOfMemory("")));
  // LibTorch 1.13 and 2, on CUDA; 2 on a CPU; an operation's bad_alloc in TorchScript.
  for (const char* text :
       {"CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 79.11 GiB total capacity)",
        "CUDA error: out of memory",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate(handle)",
        "[enforce fail at alloc_cpu.cpp:114] data. DefaultCPUAllocator: not enough memory: you tried to "
        "allocate 1",
        "The following operation failed in the TorchScript interpreter.\nRuntimeError: std::bad_alloc"})
    EXPECT_TRUE(is_out_of_memory(std::runtime_error(text))) << text;
  EXPECT_FALSE(is_out_of_memory(std::runtime_error("CUDA error: an illegal memory access was encountered")));
  EXPECT_FALSE(is_out_of_memory(InputError("cannot read /out of memory/a.png: Permission denied")));
}

TEST_F(JobRunnerTest, ExplainsFromGradientsAndLeavesACaseThatHasNone) {
  add_case("linear", test::kLinearOnChannelMeans);
  add_case("blind", R"(
def forward(self, x):
    return torch.matmul(torch.round(x).mean([2, 3]), self.weight.t())
)");
  plan_.wcam.estimator = Estimator::kGradient;
  plan_.wcam.nb_design = 5;
  JobRunner runner(plan_, "cpu", always({false, 2}), kModelBytes);
  const JobResult result = runner.run(explain_job("linear"));
  ASSERT_TRUE(result.profile) << result.outcome.failure().text();
  EXPECT_EQ(result.profile->estimator, "gradient-total");
  EXPECT_EQ(result.profile->forward_equivalents, 16);
  EXPECT_EQ(result.profile->outputs.size(), 5U * (1 + 2 * 16));
  EXPECT_THROW(runner.run(explain_job("blind")), CannotServe);
  JobRunner optimised(plan_, "cpu", always({true, 2}), kModelBytes);
  EXPECT_THROW(optimised.run(explain_job("linear")), CannotServe);  // LibTorch differentiates no such network
}

}  // namespace
}  // namespace wcam
