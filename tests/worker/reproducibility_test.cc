// What is equal to the bit and what only to rounding (docs/reproducibility.md), on whatever processor this
// runs: OPENBLAS_CORETYPE stands for others.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "common/base/process.h"
#include "common/study/estimator.h"

namespace wcam {
namespace {

using Values = std::vector<float>;

struct Wcam {
  Values outputs, indices;
};

struct Printed {
  std::string provenance;
  std::map<int, Wcam> by_batch;
};

constexpr int kDefaultBatch = 8;

// Of OpenBLAS, those that this processor can run; "": the one that OpenBLAS itself takes.
std::vector<std::string> kernels() {
  std::vector<std::string> names{""};
#ifdef __x86_64__
  names.emplace_back("Prescott");  // what an OpenBLAS takes that does not know the processor
  if (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0) {
    names.emplace_back("Haswell");
    names.emplace_back("Zen");
  }
  if (__builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
      __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vl") != 0)
    names.emplace_back("SkylakeX");
#endif
  return names;
}

Printed print_wcam(const std::string& kernel, const std::string& case_name, const std::vector<int>& batches,
                   int threads = 1) {
  std::vector<std::string> command{"/usr/bin/env"};
  if (!kernel.empty()) command.push_back("OPENBLAS_CORETYPE=" + kernel);
  for (const char* word : {PRINT_WCAM, WCAM_SOURCE_DIR "/models/demo/models.json"})
    command.emplace_back(word);
  command.push_back(case_name);
  command.push_back(std::to_string(threads));
  for (const int batch : batches) command.push_back(std::to_string(batch));
  const auto json = nlohmann::json::parse(output_of(command));
  Printed printed{json.at("provenance"), {}};
  for (const int batch : batches) {
    const auto& wcam = json.at(std::to_string(batch));
    printed.by_batch[batch] = {wcam.at("outputs"), wcam.at("indices")};
  }
  return printed;
}

double largest(const Values& values) {
  double found = 0;
  for (const float value : values) found = std::max(found, std::abs(static_cast<double>(value)));
  return found;
}

double largest_difference(const Values& x, const Values& y) {
  double found = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    found = std::max(found, std::abs(static_cast<double>(x[i]) - static_cast<double>(y[i])));
  return found;
}

// Standard deviation of the first four outputs, those on A.
double spread(const Values& outputs) {
  double mean = 0, squares = 0;
  for (std::size_t j = 0; j < 4; ++j) mean += static_cast<double>(outputs[j]) / 4;
  for (std::size_t j = 0; j < 4; ++j) squares += std::pow(static_cast<double>(outputs[j]) - mean, 2);
  return std::sqrt(squares / 3);
}

class Reproducibility : public testing::TestWithParam<const char*> {};

TEST_P(Reproducibility, ARepeatedRunGivesTheSameBitsAndSaysWithWhatItComputed) {
  std::set<std::string> provenances;
  for (const std::string& kernel : kernels()) {
    const Printed first = print_wcam(kernel, GetParam(), {kDefaultBatch}),
                  again = print_wcam(kernel, GetParam(), {kDefaultBatch});
    EXPECT_EQ(first.by_batch.at(kDefaultBatch).outputs, again.by_batch.at(kDefaultBatch).outputs) << kernel;
    EXPECT_EQ(first.by_batch.at(kDefaultBatch).indices, again.by_batch.at(kDefaultBatch).indices) << kernel;
    EXPECT_EQ(first.provenance, again.provenance);
    EXPECT_LE(first.provenance.size(), 256U);
    EXPECT_NE(first.provenance.find("; LibTorch "), std::string::npos) << first.provenance;
    // Else the kernels were not switched, and the next test shows nothing.
    if (!kernel.empty() && first.provenance.find("OpenBLAS") != std::string::npos) {
      EXPECT_TRUE(first.provenance.ends_with(" " + kernel + "; 1 thread")) << first.provenance;
    }
  }
}

TEST_P(Reproducibility, OtherKernelsBatchSizesAndThreadsMoveLogitsAndIndicesByRounding) {
  const std::vector<int> batches{1, 3, kDefaultBatch, 16, 64};
  const Wcam reference = print_wcam("", GetParam(), {kDefaultBatch}).by_batch.at(kDefaultBatch);
  const double rounding = kRounding * largest(reference.outputs),
               relative = rounding / spread(reference.outputs);
  ASSERT_GT(relative, 0);
  ASSERT_LT(relative, 0.01) << "this picture leaves the logit nearly constant";
  double logits = 0, indices = 0;
  const auto compare = [&](const std::string& what, const Wcam& wcam) {
    SCOPED_TRACE(what);
    EXPECT_LE(largest_difference(wcam.outputs, reference.outputs), rounding);
    for (std::size_t i = 0; i < wcam.indices.size(); ++i) {
      const double index = reference.indices[i];
      EXPECT_NEAR(wcam.indices[i], index,
                  3 * (index + std::sqrt(index)) * relative + 3 * relative * relative);
    }
    logits = std::max(logits, largest_difference(wcam.outputs, reference.outputs));
    indices = std::max(indices, largest_difference(wcam.indices, reference.indices));
  };
  for (const std::string& kernel : kernels())
    for (const auto& [batch, wcam] : print_wcam(kernel, GetParam(), batches).by_batch)
      compare(kernel + ", batch " + std::to_string(batch), wcam);
  for (const int threads : {2, 4})
    compare(std::to_string(threads) + " threads",
            print_wcam("", GetParam(), {kDefaultBatch}, threads).by_batch.at(kDefaultBatch));
  RecordProperty("largest_logit", std::to_string(largest(reference.outputs)));
  RecordProperty("logits_differ_by", std::to_string(logits * 1e6) + "e-6");
  RecordProperty("indices_differ_by", std::to_string(indices * 1e6) + "e-6");
}

INSTANTIATE_TEST_SUITE_P(DemoClassifiers, Reproducibility, testing::Values("baseline", "adv", "pixmix"),
                         [](const auto& p) { return std::string(p.param); });

}  // namespace
}  // namespace wcam
