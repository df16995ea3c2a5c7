#include "worker/models/device.h"

#include <ATen/Functions.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <gtest/gtest.h>
#include <torch/library.h>

#include "common/base/error.h"
#include "worker/wcam/wcam.h"

namespace wcam {
namespace {

std::string complaint(const char* device) {
  try {
    parse_device(device);
  } catch (const UsageError& e) {
    return e.what();
  }
  return "accepted";
}

TEST(Device, TheProcessorIsAlwaysThere) { EXPECT_EQ(parse_device("cpu"), at::Device(at::kCPU)); }

TEST(Device, ThatDoesNotExistIsNamed) {
  for (const char* device : {"gpu", "", "cuda:", "cuda:x", "cuda:-1", "cuda:128", "cuda0", "CPU"})
    EXPECT_EQ(complaint(device), "--device '" + std::string(device) + "' is not cpu or cuda:N");
  EXPECT_TRUE(complaint("cuda:99").starts_with("--device cuda:99: ")) << complaint("cuda:99");
}

// Of those that a WCAM needs, not every LibTorch has these in C++.
at::Tensor index_select_on_meta(const at::Tensor& self, std::int64_t dimension, const at::Tensor& index) {
  EXPECT_TRUE(index.is_meta());
  std::vector<std::int64_t> sizes = self.sizes().vec();
  sizes[static_cast<std::size_t>(dimension)] = index.numel();
  return at::empty(sizes, self.options());
}
at::Tensor where_on_meta(const at::Tensor& condition, const at::Tensor& yes, const at::Tensor& no) {
  EXPECT_TRUE(condition.is_meta() && yes.is_meta() && no.is_meta());
  return at::empty_like(yes);
}
bool lacks_meta(const char* name, const char* overload) {
  const auto op = c10::Dispatcher::singleton().findSchema({name, overload});
  return op && !op->hasKernelForDispatchKey(c10::DispatchKey::Meta) &&
         !op->hasKernelForDispatchKey(c10::DispatchKey::CompositeExplicitAutograd);
}
TORCH_LIBRARY_IMPL(aten, Meta, library) {
  if (lacks_meta("aten::index_select", "")) library.impl("index_select", index_select_on_meta);
  if (lacks_meta("aten::where", "self")) library.impl("where.self", where_on_meta);
}

// The device "meta" computes shapes and no values, and refuses to meet tensors of another device, as a GPU
// does. A WCAM on it gets as far as the values that are fetched at its end.
TEST(Device, EveryTensorOfAWcamLiesOnIt) {
  const Classifier classifier{[](const at::Tensor& input) {
                                return at::mean(input, {2, 3});
                              },
                              {0.5, 0.5, 0.5},
                              {0.2, 0.2, 0.2},
                              at::Device(at::kMeta)};
  const RgbImage image{32, 32, std::vector<std::uint8_t>(std::size_t{32} * 32 * 3, 7)};
  WcamSettings settings;
  settings.grid = 4;
  for (const Mode mode : {Mode::kReference, Mode::kCorrected})
    for (const Approximation approximation :
         {Approximation::kPerturb, Approximation::kKeep, Approximation::kDrop}) {
      settings.mode = mode;
      settings.approximation = approximation;
      try {
        explain(classifier, image, 1, settings, make_design(settings), 8);
        ADD_FAILURE() << "values from a device that has none";
      } catch (const c10::Error& e) {
        EXPECT_NE(std::string(e.what()).find("Cannot copy out of meta tensor"), std::string::npos)
            << e.what();
      }
    }
}

// So that the test above can fail.
TEST(Device, ATensorOfTheProcessorThatStraysIsNoticed) {
  const at::Tensor stray = at::zeros({3}), there = at::zeros({8, 3}, at::Device(at::kMeta));
  EXPECT_THROW(there.mul(stray), c10::Error);
}

}  // namespace
}  // namespace wcam
