#include "worker/wcam/haar.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include "common/base/error.h"
#include "tests/golden.h"
#include "tests/support.h"

namespace wcam {
namespace {

const at::Tensor random_images(at::IntArrayRef shape, at::ScalarType type, std::uint64_t seed) {
  return at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed), at::TensorOptions(at::kDouble))
      .to(type);
}

double largest(const at::Tensor& t) { return t.abs().max().item<double>(); }

TEST(Haar, OneCellGivesTheFourSumsOfItsContract) {
  const at::Tensor cell = at::tensor({1., 2., 4., 8.}, at::kDouble).reshape({1, 1, 2, 2});
  const at::Tensor expected = at::tensor({7.5, -2.5, -4.5, 1.5}, at::kDouble).reshape({1, 1, 2, 2});
  EXPECT_EQ(largest(haar_forward(cell, 1) - expected), 0);
}

struct Case {
  std::int64_t height, width;
  int levels;
};

class HaarIdentities : public testing::TestWithParam<Case> {};

TEST_P(HaarIdentities, InverseUndoesTheTransformKeepsEnergyAndIsItsTranspose) {
  const auto [h, w, levels] = GetParam();
  const at::Tensor x = random_images({2, 3, h, w}, at::kDouble, 1);
  const at::Tensor y = random_images({2, 3, h, w}, at::kDouble, 2);
  const at::Tensor transform = haar_forward(x, levels);
  // A few roundings of float64 a level, of values below 2^levels * 5.
  EXPECT_LT(largest(haar_inverse(transform, levels) - x), 1e-13);
  EXPECT_LT(largest(haar_forward(haar_inverse(y, levels), levels) - y), 1e-13);
  const double energy = x.square().sum().item<double>();
  EXPECT_NEAR(transform.square().sum().item<double>(), energy, 1e-12 * energy);
  EXPECT_NEAR((transform * y).sum().item<double>(), (x * haar_inverse(y, levels)).sum().item<double>(),
              1e-12 * energy);
  // float32: 2^-24 of the largest value, a few times over.
  const at::Tensor x32 = x.to(at::kFloat);
  EXPECT_LT(largest(haar_inverse(haar_forward(x32, levels), levels) - x32), 4e-6);
}

INSTANTIATE_TEST_SUITE_P(Shapes, HaarIdentities,
                         testing::Values(Case{2, 2, 1}, Case{32, 32, 1}, Case{32, 32, 2}, Case{64, 32, 3},
                                         Case{48, 80, 4}, Case{224, 224, 5}, Case{96, 96, 5}));

TEST(Haar, TheMemoryLayoutOfTheInputDoesNotMatter) {
  const at::Tensor x = random_images({2, 3, 16, 16}, at::kFloat, 3);
  const at::Tensor last = x.contiguous(at::MemoryFormat::ChannelsLast);
  EXPECT_TRUE(haar_forward(last, 2).equal(haar_forward(x, 2)));
  EXPECT_TRUE(haar_inverse(last, 2).equal(haar_inverse(x, 2)));
}

TEST(Haar, RefusesWhatItCannotTransformNamingShapeAndBound) {
  const auto refused = [](const at::Tensor& t, int levels) -> std::string {
    try {
      haar_forward(t, levels);
    } catch (const InputError& e) {
      return e.what();
    }
    return "accepted";
  };
  const at::Tensor x = at::zeros_like(random_images({1, 3, 299, 299}, at::kFloat, 4));
  EXPECT_EQ(
      refused(x, 3),
      "a Haar transform of 3 levels needs sides that are multiples of 8, this tensor is [1, 3, 299, 299]: "
      "crop it or use fewer levels");
  EXPECT_EQ(refused(x, 0), "a Haar transform of 0 levels: 1 to 5 are possible");
  EXPECT_EQ(refused(x, 6), "a Haar transform of 6 levels: 1 to 5 are possible");
  EXPECT_EQ(
      refused(x.to(at::kLong), 1),
      "a Haar transform needs a float32 or float64 tensor [..., H, W], this is [1, 3, 299, 299] of Long");
  EXPECT_EQ(refused(x.reshape({-1}), 1),
            "a Haar transform needs a float32 or float64 tensor [..., H, W], this is [268203] of Float");
}

// Golden values are [S, S, 3]; ours are [3, S, S].
template <typename T>
at::Tensor golden(const std::string& dataset, at::IntArrayRef shape) {
  auto values = test::read_golden<T>(test::golden("haar.h5"), dataset);
  return at::from_blob(values.data(), shape, c10::CppTypeToScalarType<T>::value).clone();
}

at::Tensor channels_first(const at::Tensor& t) { return t.permute({2, 0, 1}); }

TEST(GoldenHaar, TransformAndInverseAreThePublishedOnes) {
  constexpr std::int64_t side = 32;
  for (int levels = 1; levels <= 4; ++levels) {
    const std::string size = "size_32", level = size + "/level_" + std::to_string(levels);
    SCOPED_TRACE(level);
    const at::Tensor image = channels_first(golden<float>(size + "/image", {side, side, 3}));
    const at::Tensor f32 = channels_first(golden<float>(level + "/transform_f32", {side, side, 3}));
    const at::Tensor f64 = channels_first(golden<double>(level + "/transform_f64", {side, side, 3}));
    EXPECT_LT(largest(haar_forward(image.to(at::kDouble), levels) - f64), 1e-13);
    EXPECT_LT(largest(haar_forward(image, levels) - f32), 4e-6);
    const at::Tensor mask = golden<double>(level + "/mask", {side, side});
    const at::Tensor masked = haar_inverse(f32.to(at::kDouble) * mask, levels);
    const at::Tensor inverse = channels_first(golden<double>(level + "/masked_inverse", {side, side, 3}));
    EXPECT_LT(largest(masked - inverse), 1e-13);

    const std::int64_t block = side >> levels;
    const auto only = [&](std::int64_t row, std::int64_t col, const std::string& name) {
      at::Tensor kept = at::zeros_like(f64[0]);
      kept.narrow(0, row, block)
          .narrow(1, col, block)
          .copy_(f32[0].narrow(0, row, block).narrow(1, col, block).to(at::kDouble));
      const at::Tensor expected = golden<double>(level + "/inverse_only_" + name, {side, side});
      EXPECT_LT(largest(haar_inverse(kept, levels) - expected), 1e-13) << name;
    };
    only(0, 0, "approximation");
    only(0, block, "upper_right");
    only(block, 0, "lower_left");
    only(block, block, "lower_right");
  }
}

}  // namespace
}  // namespace wcam
