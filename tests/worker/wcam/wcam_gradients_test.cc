// explain() with Estimator::kGradient.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "common/base/error.h"
#include "common/study/estimator.h"
#include "common/study/indices.h"
#include "worker/wcam/reconstruction.h"
#include "worker/wcam/wcam.h"

namespace wcam {
namespace {

constexpr int kSide = 32;

at::Tensor uniform(at::IntArrayRef shape, std::uint64_t seed) {
  return at::rand(shape, at::make_generator<at::CPUGeneratorImpl>(seed), at::TensorOptions(at::kFloat));
}

RgbImage picture() {
  RgbImage image = blank_image(kSide, kSide);
  for (std::size_t i = 0; i < image.pixels.size(); ++i)
    image.pixels[i] = static_cast<std::uint8_t>(i * i * 37 % 251);
  return image;
}

// Logits sum(weight x^2) of two classes, with their slopes by formula: a central difference of a quadratic is
// exact but for rounding.
struct Quadratic {
  at::Tensor weights = uniform({2, 3, kSide, kSide}, 7).sub(0.3);
  std::vector<std::int64_t> forwards, gradients;  // images in each

  at::Tensor logits(const at::Tensor& input) const {
    return input.square().unsqueeze(1).mul(weights).to(at::kDouble).sum({2, 3, 4}).to(at::kFloat);
  }
  Classifier classifier() {
    return {[this](const at::Tensor& input) {
              forwards.push_back(input.size(0));
              return logits(input);
            },
            {0.5, 0.5, 0.5},
            {0.2, 0.25, 0.3},
            at::Device(at::kCPU),
            [this](const at::Tensor& input, std::int64_t label) {
              EXPECT_TRUE(input.is_contiguous(at::MemoryFormat::ChannelsLast));
              gradients.push_back(input.size(0));
              return LogitGradient{logits(input).select(1, label), input.mul(weights[label]).mul(2)};
            }};
  }
};

WcamSettings gradient_settings(int nb_design) {
  WcamSettings s;
  s.grid = 8;
  s.estimator = Estimator::kGradient;
  s.nb_design = nb_design;
  s.mode = Mode::kCorrected;
  return s;
}

TEST(ExplainWithGradients, SlopesAreDifferencesOfTheLogitByMasks) {
  const WcamSettings s = gradient_settings(3);
  const Design design = make_design(s);
  Quadratic net;
  const Classifier classifier = net.classifier();
  const Profile profile = explain(classifier, picture(), 1, s, design, 8);

  constexpr float kStep = 0.125;
  Reconstruction reconstruction(image_planes(picture(), s.mode, classifier.mean, classifier.std), s,
                                classifier.mean, classifier.std, classifier.device, 2);
  double largest = 0, error = 0;
  for (int point = 0; point < 3; ++point) {
    const auto a = design.a(point);
    for (std::size_t cell = 0; cell < 64; ++cell) {
      std::vector<float> masks;
      for (const float step : {kStep, -kStep})
        for (std::size_t i = 0; i < 64; ++i)
          masks.push_back(static_cast<float>(a[i]) + (i == cell ? step : 0));
      reconstruction.write(masks, 0);
      const at::Tensor logits = net.logits(reconstruction.batch()).select(1, 1);
      const double slope = (logits[0].item<double>() - logits[1].item<double>()) / (2 * kStep);
      const double found = profile.outputs[3 + cell * 3 + static_cast<std::size_t>(point)];
      largest = std::max(largest, std::abs(slope));
      error = std::max(error, std::abs(found - slope));
    }
  }
  EXPECT_GT(largest, 1);
  EXPECT_LT(error / largest, 1e-4);
}

TEST(ExplainWithGradients, NothingIsWasted) {
  const WcamSettings s = gradient_settings(11);
  Quadratic net;
  const Profile profile = explain(net.classifier(), picture(), 0, s, make_design(s), 4);
  EXPECT_EQ(net.forwards, (std::vector<std::int64_t>{1}));  // the unmasked image
  EXPECT_EQ(net.gradients, (std::vector<std::int64_t>{4, 4, 3}));
  EXPECT_EQ(profile.forward_equivalents, 1 + 3 * 11);
  EXPECT_EQ(profile.outputs.size(), 11U * (1 + 2 * 64));
  EXPECT_EQ(
      profile.logit,
      net.logits(
             image_planes(picture(), Mode::kReference, {0.5, 0.5, 0.5}, {0.2, 0.25, 0.3}).unsqueeze(0))[0][0]
          .item<float>());
  const GradientEstimate estimate = gradient_estimate_from(profile.outputs, forward_plan(s, kSide), s);
  for (std::size_t cell = 0; cell < 64; ++cell) {
    EXPECT_FLOAT_EQ(profile.indices[cell], static_cast<float>(estimate.indices[cell]));
    EXPECT_FLOAT_EQ(profile.standard_error[cell],
                    static_cast<float>(estimate.indices[cell] * estimate.log_errors[cell]));
  }
}

TEST(ExplainWithGradients, WhatIsKnownAtTheFirstPointsIsNotComputedAgain) {
  for (const Mode mode : {Mode::kReference, Mode::kCorrected}) {
    WcamSettings few = gradient_settings(5), more = gradient_settings(12);
    few.mode = more.mode = mode;
    Quadratic net;
    const Profile before = explain(net.classifier(), picture(), 0, few, make_design(few), 4);
    const Profile whole = explain(net.classifier(), picture(), 0, more, make_design(more), 4);
    net.gradients.clear();
    const Profile rest = explain(net.classifier(), picture(), 0, more, make_design(more), 4, before.outputs);
    EXPECT_EQ(net.gradients, (std::vector<std::int64_t>{4, 3}));
    ASSERT_EQ(rest.outputs.size(), whole.outputs.size());
    for (std::size_t i = 0; i < whole.outputs.size(); ++i)
      EXPECT_NEAR(rest.outputs[i], whole.outputs[i], 1e-4 * std::abs(whole.outputs[i]) + 1e-4) << i;
    EXPECT_EQ(rest.forward_equivalents, whole.forward_equivalents);
    net.gradients.clear();
    EXPECT_EQ(explain(net.classifier(), picture(), 0, more, make_design(more), 4, whole.outputs).indices,
              whole.indices);
    EXPECT_TRUE(net.gradients.empty());
    EXPECT_THROW(explain(net.classifier(), picture(), 0, more, make_design(more), 4,
                         std::span(before.outputs).first(before.outputs.size() - 1)),
                 InputError);
  }
}

TEST(ExplainWithGradients, CellsOfAKeptOrDroppedApproximationHaveNone) {
  for (const auto approximation : {Approximation::kKeep, Approximation::kDrop}) {
    WcamSettings s = gradient_settings(4);
    s.approximation = approximation;
    Quadratic net;
    const Profile profile = explain(net.classifier(), picture(), 0, s, make_design(s), 8);
    EXPECT_EQ(profile.outputs.size(), 4U * (1 + 2 * 63));
    EXPECT_EQ(profile.indices[0], 0);
    for (std::size_t cell = 1; cell < 64; ++cell) EXPECT_GT(profile.indices[cell], 0) << cell;
  }
}

TEST(ExplainWithGradients, SlopesThatAreNoNumbersAreNamed) {
  Quadratic net;
  net.weights[0][0][0][0] = std::nanf("");
  const WcamSettings s = gradient_settings(4);
  Classifier classifier = net.classifier();
  classifier.forward = [](const at::Tensor& input) { return at::zeros({input.size(0), 2}); };
  const auto exact = classifier.gradient;
  classifier.gradient = [&](const at::Tensor& input, std::int64_t label) {
    return LogitGradient{at::arange(input.size(0), at::kFloat), exact(input, label).by_input};
  };
  try {
    explain(classifier, picture(), 0, s, make_design(s), 8);
    FAIL();
  } catch (const DegenerateOutputs& e) {
    EXPECT_EQ(std::string(e.what()).find("the gradient of the logit of label 0 is nan on reconstruction "),
              0U)
        << e.what();
  }
}

}  // namespace
}  // namespace wcam
