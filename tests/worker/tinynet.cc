#include "tests/worker/tinynet.h"

#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/relu.h>

#include "tests/golden.h"
#include "tests/support.h"

namespace wcam::test {

namespace {

std::filesystem::path file() { return golden("wcam.h5"); }

at::Tensor weights(const std::string& name, at::IntArrayRef shape) {
  auto values = read_golden<float>(file(), "model/" + name);
  const at::Tensor t = at::from_blob(values.data(), shape, at::kFloat).clone();
  return shape.size() == 4 ? t.contiguous(at::MemoryFormat::ChannelsLast) : t;
}

}  // namespace

Classifier tinynet() {
  const at::Tensor w1 = weights("conv1/weight", {8, 3, 7, 7}), b1 = weights("conv1/bias", {8});
  const at::Tensor w2 = weights("conv2/weight", {16, 8, 3, 3}), b2 = weights("conv2/bias", {16});
  const at::Tensor w3 = weights("conv3/weight", {32, 16, 3, 3}), b3 = weights("conv3/bias", {32});
  const at::Tensor w4 = weights("fc/weight", {10, 1568}), b4 = weights("fc/bias", {10});
  const auto forward = [=](const at::Tensor& input) {
    at::Tensor x = at::conv2d(input, w1, b1, 4, 3).relu_();
    x = at::conv2d(x, w2, b2, 2, 1).relu_();
    x = at::conv2d(x, w3, b3, 2, 1).relu_();
    return at::linear(at::adaptive_avg_pool2d(x, {7, 7}).contiguous().reshape({-1, 1568}), w4, b4);
  };
  return {forward, {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}, at::Device(at::kCPU)};
}

RgbImage golden_image(std::size_t index) {
  const auto all = read_golden<unsigned char>(file(), "images/rgb_uint8");
  constexpr std::ptrdiff_t kBytes = std::ptrdiff_t{224} * 224 * 3;
  const auto first = all.begin() + static_cast<std::ptrdiff_t>(index) * kBytes;
  return {224, 224, {first, first + kBytes}};
}

}  // namespace wcam::test
