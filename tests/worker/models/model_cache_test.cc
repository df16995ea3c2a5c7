#include "worker/models/model_cache.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <fstream>
#include <sstream>

#include "common/base/error.h"
#include "tests/temporary_folder.h"
#include "tests/worker/torchscript_fixture.h"
#include "worker/models/memory.h"
#include "worker/models/network.h"

namespace wcam {
namespace {

using Names = std::vector<std::string>;

constexpr int kClasses = 10'000;
constexpr std::uint64_t kBytes = std::uint64_t{kClasses} * 3 * sizeof(float);  // of one of the cases below

// Cases on small files, and what is logged about them.
class ModelCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    before_ = spdlog::default_logger();
    spdlog::set_default_logger(
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log_)));
  }
  void TearDown() override { spdlog::set_default_logger(before_); }

  CaseSpec make_case(const std::string& name, int classes = kClasses) const {
    CaseSpec spec;
    spec.name = name;
    spec.file = folder_.path() / (name + ".pt");
    spec.input_size = spec.resize = 32;
    test::save_torchscript(spec.file, test::kLinearOnChannelMeans, classes);
    return spec;
  }
  ModelCache cache_of(std::uint64_t capacity) {
    return ModelCache(capacity, [this](const CaseSpec& spec) {
      loads_.push_back(spec.name);
      return Model::load(spec, "cpu");
    });
  }
  std::size_t lines_with(const std::string& text) const {
    std::istringstream in(log_.str());
    std::size_t count = 0;
    for (std::string line; std::getline(in, line);) count += line.find(text) != std::string::npos ? 1 : 0;
    return count;
  }

  TemporaryFolder folder_;
  Names loads_;

 private:
  std::ostringstream log_;
  std::shared_ptr<spdlog::logger> before_;
};

TEST_F(ModelCacheTest, BytesAreThoseOfTheWeightsFrozenOrNot) {
  const CaseSpec spec = make_case("a");
  EXPECT_EQ(Model::load(spec, "cpu").bytes(), kBytes);
  // Views of one storage are counted once, and so is what is used twice.
  test::save_torchscript(spec.file, R"(
def forward(self, x):
    return torch.matmul(x.mean([2, 3]), self.weight.t()) + torch.matmul(x.amax([2, 3]), self.weight.t())
)",
                         kClasses);
  EXPECT_EQ(Model::load(spec, "cpu").bytes(), kBytes);
  // It cannot be frozen.
  test::save_torchscript(spec.file, R"(
def forward(self, x):
    self.weight = self.weight * 1.0
    return torch.matmul(x.mean([2, 3]), self.weight.t())
)",
                         kClasses);
  EXPECT_EQ(Model::load(spec, "cpu").bytes(), kBytes);
}

TEST_F(ModelCacheTest, LoadsWhatIsNotThereAndDropsTheLeastRecentlyUsed) {
  const CaseSpec a = make_case("a"), b = make_case("b"), c = make_case("c");
  // Room for two, and for what their files have beyond the weights.
  ModelCache cache = cache_of(kBytes * 5 / 2);
  EXPECT_EQ(cache.get(a).spec(), a);
  cache.get(b);
  EXPECT_EQ(cache.loaded(), (Names{"b", "a"}));
  EXPECT_EQ(cache.get(a).spec(), a);
  EXPECT_EQ(loads_, (Names{"a", "b"}));
  cache.get(c);
  EXPECT_EQ(cache.loaded(), (Names{"c", "a"}));
  cache.get(a);
  cache.get(b);
  EXPECT_EQ(cache.loaded(), (Names{"b", "a"}));
  EXPECT_EQ(loads_, (Names{"a", "b", "c", "b"}));
  EXPECT_EQ(lines_with("case b dropped from memory"), 1U);
  EXPECT_EQ(lines_with("case c dropped from memory"), 1U);
  EXPECT_EQ(lines_with("case b loaded in 0."), 2U);
  EXPECT_EQ(lines_with("s: 0.1 MiB, 0.2 of 0.3 MiB in use"), 3U) << "not the first, which is alone";
}

TEST_F(ModelCacheTest, RoomIsMadeBeforeLoadingByWhatIsExpected) {
  const CaseSpec a = make_case("a"), b = make_case("b");
  std::vector<Names> loaded_while_loading;
  std::unique_ptr<ModelCache> cache;
  cache = std::make_unique<ModelCache>(kBytes * 3 / 2, [&](const CaseSpec& spec) {
    loaded_while_loading.push_back(cache->loaded());
    return Model::load(spec, "cpu");
  });
  cache->get(a);
  cache->get(b);
  EXPECT_EQ(loaded_while_loading, (std::vector<Names>{{}, {}}));
}

TEST_F(ModelCacheTest, ACaseLargerThanTheBoundIsUsedAloneAndThatIsSaidOnce) {
  const CaseSpec a = make_case("a"), giant = make_case("giant", 10 * kClasses);
  ModelCache cache = cache_of(2 * kBytes);
  cache.get(a);
  EXPECT_EQ(cache.get(giant).classes(), 10 * kClasses);
  EXPECT_EQ(cache.loaded(), Names{"giant"});
  cache.get(a);
  EXPECT_EQ(cache.loaded(), Names{"a"});
  cache.get(giant);
  EXPECT_EQ(lines_with("case giant takes 1.1 MiB, more than the 0.2 MiB of --model-memory"), 1U);
}

TEST_F(ModelCacheTest, ACaseThatCannotBeLoadedLeavesTheOthersUsable) {
  const CaseSpec a = make_case("a");
  CaseSpec missing = a;
  missing.name = "missing";
  missing.file = folder_.path() / "missing.pt";
  ModelCache cache = cache_of(2 * kBytes);
  cache.get(a);
  EXPECT_THROW(cache.get(missing), InputError);
  EXPECT_EQ(cache.loaded(), Names{"a"});
  EXPECT_EQ(cache.get(a).spec(), a);
}

// Without pages of files: what libraries have resident comes and goes with the load of the machine.
std::int64_t resident_bytes() {
  std::ifstream status("/proc/self/status");
  std::int64_t kilobytes = 0;
  for (std::string word; status >> word;)
    if (word == "RssAnon:") status >> kilobytes;
  return kilobytes << 10U;
}

// prepare_torch() makes malloc keep what is freed; what a dropped model had goes back to the system all the
// same.
TEST_F(ModelCacheTest, TheMemoryOfADroppedModelGoesBackToTheSystem) {
  prepare_torch(1);
  constexpr int kMany = 4'000'000;  // 46 MiB of weights, 31 MiB of logits
  const CaseSpec large = make_case("large", kMany), small = make_case("small");
  ModelCache cache = cache_of(std::uint64_t{kMany} * 12 + kBytes / 2);
  cache.get(large);
  const std::int64_t with_large = resident_bytes();
  cache.get(small);
  EXPECT_EQ(cache.loaded(), Names{"small"});
  EXPECT_LT(resident_bytes(), with_large - std::int64_t{40} * (1 << 20));
}

// The worker then drops what it can do without, and goes on.
TEST_F(ModelCacheTest, TheMemoryOfADroppedModelGoesBackToTheSystemAfterMemoryRanOut) {
  prepare_torch(1);
  constexpr std::int64_t kMebibyte = 1 << 20, kBeyondAddresses = std::int64_t{1} << 48;
  EXPECT_THROW(at::empty({kBeyondAddresses}, at::kByte), std::exception);
  for (int mebibytes = 4; mebibytes <= 48; mebibytes += 4) {
    at::Tensor weights = at::ones({mebibytes * kMebibyte}, at::kByte);
    const std::int64_t with_weights = resident_bytes();
    weights.reset();
    return_freed_memory();
    EXPECT_LT(resident_bytes(), with_weights - (mebibytes - 2) * kMebibyte) << mebibytes;
  }
}

}  // namespace
}  // namespace wcam
