#include "worker/models/model.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <torch/library.h>
#include <torch/version.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include "common/base/error.h"
#include "common/base/sha256.h"
#include "tests/golden.h"
#include "tests/support.h"
#include "tests/worker/torchscript_fixture.h"
#include "worker/models/built_in_pictures.h"

namespace wcam {
namespace {

constexpr int kSide = 32;

RgbImage filled(std::array<std::uint8_t, 3> colour, int side = kSide) {
  RgbImage image = blank_image(side, side);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = colour[i % 3];
  return image;
}

class ModelFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "wcam-model-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    spec_.name = "tiny";
    spec_.file = folder_ / "tiny.pt";
    spec_.input_size = kSide;
    spec_.resize = kSide;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void save(const std::string& forward_body) {
    test::save_torchscript(spec_.file, "def forward(self, x):\n    " + forward_body + "\n");
  }

  // What load() says after case and file, which every complaint must begin with, in one line.
  std::string complaint(const std::string& device = "cpu") {
    try {
      Model::load(spec_, device);
    } catch (const InputError& e) {
      const std::string text = e.what(), start = "case 'tiny': " + spec_.file.string() + ": ";
      EXPECT_TRUE(text.starts_with(start)) << text;
      EXPECT_EQ(text.find('\n'), std::string::npos) << text;
      return text.substr(std::min(start.size(), text.size()));
    }
    return "loaded";
  }

  std::filesystem::path folder_;
  CaseSpec spec_;
};

TEST_F(ModelFile, LoadsAndGivesTheLogitsOfItsFormula) {
  test::save_torchscript(spec_.file, test::kLinearOnChannelMeans);
  spec_.sha256 = sha256_of_file(spec_.file);
  spec_.mean = {0, 0, 0};
  spec_.std = {1, 1, 1};
  const Model model = Model::load(spec_, "cpu");
  EXPECT_EQ(model.classes(), 4);
  EXPECT_EQ(model.spec(), spec_);
  EXPECT_TRUE(model.device().is_cpu());
  const std::array images{filled({255, 0, 0}), filled({0, 51, 0})};
  const at::Tensor logits = model.forward(model.to_input(images));
  EXPECT_TRUE(at::allclose(
      logits, at::tensor({.01, .04, .07, .10, .004, .010, .016, .022}, at::kFloat).reshape({2, 4}), 1e-5,
      1e-6))
      << logits;
  EXPECT_FALSE(logits.requires_grad());
}

TEST_F(ModelFile, InputIsNormalisedAndChannelsLast) {
  test::save_torchscript(spec_.file, test::kLinearOnChannelMeans);
  const Model model = Model::load(spec_, "cpu");
  RgbImage image = filled({10, 20, 30});
  image.row(3)[7 * 3 + 1] = 255;  // green at row 3, column 7
  const at::Tensor input = model.to_input(std::array{filled({0, 0, 0}), image});
  EXPECT_EQ(input.sizes(), (at::IntArrayRef{2, 3, kSide, kSide}));
  EXPECT_EQ(input.scalar_type(), at::kFloat);
  EXPECT_TRUE(input.is_contiguous(at::MemoryFormat::ChannelsLast));
  const auto value = [&](int n, int c, int r, int col) { return input[n][c][r][col].item<float>(); };
  EXPECT_EQ(value(0, 0, 0, 0), (0.0F / 255.0F - 0.485F) / 0.229F);
  EXPECT_EQ(value(1, 2, 31, 31), (30.0F / 255.0F - 0.406F) / 0.225F);
  EXPECT_EQ(value(1, 1, 3, 7), (255.0F / 255.0F - 0.456F) / 0.224F);
  EXPECT_EQ(value(1, 1, 7, 3), (20.0F / 255.0F - 0.456F) / 0.224F);
}

TEST_F(ModelFile, InputOfAnotherSizeIsRefused) {
  test::save_torchscript(spec_.file, test::kLinearOnChannelMeans);
  const Model model = Model::load(spec_, "cpu");
  try {
    model.to_input(std::array{filled({1, 2, 3}, kSide + 1)});
    ADD_FAILURE() << "accepted";
  } catch (const std::invalid_argument& e) {
    EXPECT_STREQ(e.what(), "case 'tiny' takes images of 32 x 32 pixels, not 33 x 33");
  }
}

TEST_F(ModelFile, EveryRunGivesTheSameBits) {
  prepare_torch(1);
  test::save_torchscript(spec_.file, R"(
def forward(self, x):
    y = torch.relu(x * 1.7 + 0.3) * torch.sigmoid(x)
    return torch.matmul(y.mean([2, 3]), self.weight.t())
)");
  const Model model = Model::load(spec_, "cpu");
  const at::Tensor input = model.to_input(std::array{filled({200, 100, 50}), filled({3, 5, 7})});
  const at::Tensor first = model.forward(input);
  // The JIT would specialise after two runs if it were allowed to.
  for (int run = 0; run < 4; ++run) EXPECT_TRUE(at::equal(model.forward(input), first)) << run;
}

TEST_F(ModelFile, OptimisedGivesThePlainLogitsInBatchesOfUpToItsSize) {
  spec_.file = std::filesystem::path(WCAM_SOURCE_DIR) / "models/demo/baseline.pt";
  spec_.input_size = 64;
  const Model plain = Model::load(spec_, "cpu");
  const Model optimised = Model::load(spec_, "cpu", {true, 6});
  EXPECT_EQ(optimised.form(), (ForwardForm{true, 6}));
  EXPECT_GT(optimised.bytes(), plain.bytes() / 2) << "weights that oneDNN has laid out count too";
  const std::vector<RgbImage> pictures = built_in_pictures(64, 6);
  const at::Tensor expected = plain.forward(plain.to_input(pictures));
  const double spread = expected.max().item<double>() - expected.min().item<double>();
  for (const std::size_t count : {6U, 1U, 5U, 6U}) {
    const at::Tensor found = optimised.forward(optimised.to_input(std::span(pictures).first(count)));
    ASSERT_EQ(found.size(0), static_cast<std::int64_t>(count));
    const at::Tensor apart = (found - expected.narrow(0, 0, static_cast<std::int64_t>(count))).abs().max();
    EXPECT_LE(apart.item<double>(), kFormRounding * spread) << count;
  }
  EXPECT_THROW(optimised.forward(optimised.to_input(built_in_pictures(64, 7))), std::runtime_error);
}

TEST_F(ModelFile, ThatCannotBeFrozenStillRuns) {
  test::save_torchscript(spec_.file, R"(
def forward(self, x):
    self.weight = self.weight * 1.0
    return torch.matmul(x.mean([2, 3]), self.weight.t())
)");
  EXPECT_EQ(complaint(), "loaded");
}

TEST_F(ModelFile, ThatIsMissingOrChangedOrNoTorchScriptIsRefused) {
  EXPECT_EQ(complaint(), "no such file");
  std::ofstream(spec_.file) << "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n";
  EXPECT_EQ(complaint(), "its content is not here: fetch it (git annex get, dvc pull or git lfs pull)");
  std::ofstream(spec_.file) << "weights";
  EXPECT_TRUE(complaint().starts_with("not a TorchScript file (")) << complaint();
  spec_.sha256 = std::string(64, '0');
  EXPECT_EQ(complaint(), "SHA-256 is " + sha256_of("weights") + ", expected " + spec_.sha256);
}

TEST_F(ModelFile, CutOffIsRefused) {
  test::save_torchscript(spec_.file, test::kLinearOnChannelMeans);
  std::filesystem::resize_file(spec_.file, std::filesystem::file_size(spec_.file) / 2);
  EXPECT_TRUE(complaint().starts_with("not a TorchScript file (")) << complaint();
}

TEST_F(ModelFile, OfTorchExportIsRefusedWithWhatMakesTorchScriptOfIt) {
  for (const std::string member : {"serialized_exported_program.json", "model/archive_format"}) {
    std::ofstream(spec_.file) << std::string(1 << 17, 'w') << member << std::string(1 << 15, 'd');
    EXPECT_EQ(complaint(),
              "no TorchScript file but an exported program or a package of AOTInductor (.pt2): "
              "models/export.py makes TorchScript of an exported program");
  }
}

TEST_F(ModelFile, AnOperatorThatThisLibTorchLacksIsNamed) {
  {
    torch::Library newer(torch::Library::FRAGMENT, "aten", {}, __FILE__, __LINE__);
    newer.def("tomorrows_attention(Tensor x) -> Tensor");
    save("return torch.tomorrows_attention(x.mean([2, 3]))");
  }
  EXPECT_EQ(complaint(),
            "this worker's LibTorch " TORCH_VERSION
            " cannot run it: Unknown builtin op: aten::tomorrows_attention; was it made by a newer PyTorch? "
            "Export it with PyTorch " TORCH_VERSION " or older, or build the worker with a newer LibTorch");
}

TEST_F(ModelFile, AnOperatorThatThisLibTorchHasWithOtherArgumentsIsNamed) {
  {
    torch::Library newer(torch::Library::FRAGMENT, "aten", {}, __FILE__, __LINE__);
    newer.def("relu.tomorrows(Tensor x, int bend) -> Tensor");
    save("return torch.relu(x.mean([2, 3]), bend=3)");
  }
  EXPECT_TRUE(complaint().starts_with("this worker's LibTorch " TORCH_VERSION
                                      " cannot run it: Arguments for call are not valid: torch.relu; "))
      << complaint();
}

TEST_F(ModelFile, DevicesThatTracingWroteDownBecomeTheOneInUse) {
  for (const char* device : {"cuda:1", "meta"}) {
    const std::string there = std::string("device='") + device + "'";
    save("y = torch.ones([3], " + there + ")\n    return x.mean([2, 3]) * y");
    EXPECT_EQ(complaint(), "loaded") << device;
    save("y = x.mean([2, 3])\n    if x.size(0) > 0:\n        y = y.to(" + there + ")\n    return y");
    EXPECT_EQ(complaint(), "loaded") << "inside a block, " << device;
  }
  save("return x.cuda().mean([2, 3]).cpu()");
  EXPECT_EQ(complaint(), "loaded");
  test::save_torchscript(spec_.file, R"(
def mask(self, x):
    return torch.ones([3], device="cuda:1")
def forward(self, x):
    return x.mean([2, 3]) * self.mask(x)
)");
  EXPECT_EQ(complaint(), "loaded") << "in another method";
}

TEST_F(ModelFile, OutputsOfAnotherKindAreNamed) {
  save("return x.mean([2, 3]), x");
  EXPECT_EQ(complaint(), "forward returns Tuple[Tensor, Tensor], expected Float [2, classes >= 2]");
  save("return {'logits': x.mean([2, 3])}");
  EXPECT_EQ(complaint(), "forward returns Dict[str, Tensor], expected Float [2, classes >= 2]");
  save("return x");
  EXPECT_EQ(complaint(), "forward returns Float [2, 3, 32, 32], expected Float [2, classes >= 2]");
  save("return x.mean([1, 2, 3])");
  EXPECT_EQ(complaint(), "forward returns Float [2], expected Float [2, classes >= 2]");
  save("return x.mean([2, 3])[:, :1]");
  EXPECT_EQ(complaint(), "forward returns Float [2, 1], expected Float [2, classes >= 2]");
  save("return x.mean([2, 3]).double()");
  EXPECT_EQ(complaint(), "forward returns Double [2, 3], expected Float [2, classes >= 2]");
}

TEST_F(ModelFile, ABatchSizeFrozenInByTracingIsNoticed) {
  save("return x.mean([2, 3]).reshape(1, -1)");
  EXPECT_EQ(complaint(), "forward returns Float [1, 6], expected Float [2, classes >= 2]");
}

TEST_F(ModelFile, LogitsThatAreNotFiniteAreRefused) {
  save("return x.mean([2, 3]) / 0.0");
  EXPECT_TRUE(complaint().starts_with("the logits of two pictures are not finite")) << complaint();
}

TEST_F(ModelFile, OutputsThatAreNoFunctionOfThePictureAreRefused) {
  save("return torch.dropout(x, 0.5, True).mean([2, 3])");
  EXPECT_EQ(complaint(), kTwoRunsDiffer);
  save("y = x.mean([2, 3])\n    return y - y.mean(0)");  // as batch normalisation in training mode
  EXPECT_EQ(complaint(), kDependsOnBatch);
  save("y = x.mean([2, 3])\n    return y * torch.arange(1, 1 + x.size(0)).unsqueeze(1)");
  EXPECT_EQ(complaint(), kDependsOnBatch) << "on the place in it";
}

TEST_F(ModelFile, ANetworkThatStandardisesEachPictureByItselfIsTaken) {
  save("y = x - x.mean([1, 2, 3], True)\n    return (y / y.std([1, 2, 3], True, True)).mean([2, 3])");
  EXPECT_EQ(complaint(), "loaded");
}

TEST_F(ModelFile, AnotherNumberOfClassesThanNamesIsRefused) {
  test::save_torchscript(spec_.file, test::kLinearOnChannelMeans, 5);
  spec_.classes = {"cat", "dog"};
  EXPECT_EQ(complaint(), "it has 5 classes, the list of names has 2, 'cat' to 'dog'");
}

TEST_F(ModelFile, WhatAnotherDeviceMayDoIsToldFromWhatNoneCan) {
  save("assert False, 'Expected all tensors to be on the same device'\n    return x");
  EXPECT_THROW(Model::load(spec_, "cpu"), FailsOnDevice);
  save("assert False, 'out of luck'\n    return x");
  EXPECT_EQ(complaint(), "forward fails on two pictures: RuntimeError: AssertionError: out of luck");
  try {
    Model::load(spec_, "cpu");
  } catch (const FailsOnDevice& e) {
    ADD_FAILURE() << e.what();
  } catch (const InputError&) {
  }
}

TEST_F(ModelFile, ExceptionsOfForwardComeInOneLine) {
  save("return torch.matmul(x.mean([2, 3]), self.weight)");
  EXPECT_EQ(complaint(),
            "forward fails on two pictures: RuntimeError: mat1 and mat2 shapes cannot be multiplied (2x3 "
            "and 4x3)");
  save("assert False, 'out of luck'\n    return x");
  EXPECT_EQ(complaint(), "forward fails on two pictures: RuntimeError: AssertionError: out of luck");
  test::save_torchscript(spec_.file, "def infer(self, x):\n    return x\n");
  EXPECT_NE(complaint().find("forward"), std::string::npos) << complaint();
}

TEST_F(ModelFile, ExceptionsInTheMiddleOfASweepNameTheCase) {
  test::save_torchscript(spec_.file, R"(
def forward(self, x):
    assert x.size(0) < 3, "too many"
    return x.mean([2, 3])
)");
  const Model model = Model::load(spec_, "cpu");
  try {
    model.forward(at::full({3, 3, kSide, kSide}, 0.0F));
    ADD_FAILURE() << "ran";
  } catch (const std::runtime_error& e) {
    const std::string text = e.what();
    EXPECT_TRUE(text.starts_with("case 'tiny': the model fails on Float [3, 3, 32, 32]: ")) << text;
    EXPECT_NE(text.find("too many"), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  }
}

TEST(GoldenModel, GivesThePublishedLogits) {
  CaseSpec spec;
  spec.name = "tinynet";
  spec.file = test::golden("tinynet.pt");
  const Model model = Model::load(spec, "cpu");
  const auto golden = test::golden("wcam.h5");
  const auto pixels = test::read_golden<unsigned char>(golden, "images/rgb_uint8");
  const auto half = static_cast<std::ptrdiff_t>(pixels.size() / 2);
  const std::array images{RgbImage{224, 224, {pixels.begin(), pixels.begin() + half}},
                          RgbImage{224, 224, {pixels.begin() + half, pixels.end()}}};
  const at::Tensor logits = model.forward(model.to_input(images)).reshape(-1);
  const auto expected = test::read_golden<float>(golden, "images/logits");
  ASSERT_EQ(logits.numel(), static_cast<std::int64_t>(expected.size()));
  // Seen 3e-6 on logits of about 10: frozen and channels last sums in another order.
  for (std::int64_t i = 0; i < logits.numel(); ++i)
    EXPECT_NEAR(logits[i].item<float>(), expected[static_cast<std::size_t>(i)], 1e-4);
}

// By pixel of channel c: weight[k][c] / S^2, whatever the picture.
TEST_F(ModelFile, GivesTheGradientOfItsFormula) {
  test::save_torchscript(spec_.file, test::kLinearOnChannelMeans);
  Model model = Model::load(spec_, "cpu");
  model.check_gradient();
  const std::array images{filled({255, 0, 0}), filled({0, 51, 0}), filled({1, 2, 3})};
  const at::Tensor input = model.to_input(images);
  const LogitGradient found = model.logit_gradient(input, 2);
  EXPECT_TRUE(at::allclose(found.logits, model.forward(input).select(1, 2)));
  ASSERT_EQ(found.by_input.sizes(), input.sizes());
  for (std::int64_t channel = 0; channel < 3; ++channel)
    EXPECT_TRUE(at::allclose(
        found.by_input.select(1, channel),
        at::full({3, kSide, kSide}, 0.01 * static_cast<double>(2 * 3 + channel + 1) / (kSide * kSide))));
  EXPECT_FALSE(found.logits.requires_grad());
}

TEST_F(ModelFile, ANetworkWithoutGradientIsRefused) {
  const auto refusal = [&](const std::string& body) {
    save(body);
    Model model = Model::load(spec_, "cpu");
    try {
      model.check_gradient();
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string("accepted");
  };
  const std::string which = "case 'tiny': " + spec_.file.string() + ": ";
  EXPECT_EQ(refusal("return torch.matmul(x.mean([2, 3]), self.weight.t())"), "accepted");
  EXPECT_EQ(refusal("return torch.matmul((10 * x).int().float().mean([2, 3]), self.weight.t())"),
            which + kNoGradient);
  EXPECT_EQ(refusal("return torch.matmul(torch.round(10 * x).mean([2, 3]), self.weight.t())"),
            which + kNoGradient);
  EXPECT_EQ(refusal("return torch.matmul(torch.sqrt(torch.relu(x) * 0).mean([2, 3]), self.weight.t()) + "
                    "x.mean([2, 3])[:, 0:1]"),
            which +
                "the gradient of its logits by two pictures is not finite: explain it with an --estimator "
                "that needs none");
}

}  // namespace
}  // namespace wcam
