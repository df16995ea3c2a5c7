#include "worker/wcam/reconstruction_tensor.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Functions.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "common/study/wcam_options.h"
#include "worker/wcam/haar.h"
#include "worker/wcam/reconstruction.h"

namespace wcam {
namespace {

constexpr std::array<double, 3> kMean{0.485, 0.456, 0.406}, kStd{0.229, 0.224, 0.225};

at::Tensor uniform(at::IntArrayRef shape, std::uint64_t seed) {
  return at::rand(shape, at::make_generator<at::CPUGeneratorImpl>(seed), at::TensorOptions(at::kFloat));
}

// z as the classifier sees it, without the truncation to 8 bits, in operations that LibTorch differentiates.
at::Tensor shown_smoothly(const at::Tensor& z, Mode mode) {
  const auto channel = [](const std::array<double, 3>& values) {
    return at::tensor(at::ArrayRef<double>(values), at::kFloat).reshape({3, 1, 1});
  };
  if (mode == Mode::kCorrected) return z.sub(channel(kMean)).div(channel(kStd));
  const at::Tensor low = z.amin({1, 2, 3}, true), high = z.amax({1, 2, 3}, true);
  return z.sub(low).div(high.sub(low)).sub(channel(kMean)).div(channel(kStd));
}

// Of sum(weights * shown): slopes by masks of one pixel each, [n, S, S], by LibTorch's autograd.
at::Tensor slopes_of_pixels(const TransformedImage& image, const at::Tensor& masks,
                            const at::Tensor& weights) {
  const std::int64_t side = image.side(), block = image.approximation_side();
  const at::Tensor cells = at::tensor(at::ArrayRef<int>(image.cell_of_pixel), at::kLong);
  at::Tensor mask = masks.index_select(2, cells).index_select(3, cells);
  at::Tensor counts = at::ones({side, side});
  if (image.settings.approximation == Approximation::kKeep) {
    counts.narrow(0, 0, block).narrow(1, 0, block).zero_();
    mask.narrow(2, 0, block).narrow(3, 0, block).fill_(1);
  }
  mask.set_requires_grad(true);
  const at::Tensor shown =
      shown_smoothly(haar_inverse(mask.mul(image.coefficients), image.settings.levels), image.settings.mode);
  return torch::autograd::grad({shown.mul(weights).sum()}, {mask}).front().squeeze(1).mul(counts);
}

double relative_difference(const at::Tensor& found, const at::Tensor& expected) {
  return found.sub(expected).abs().max().item<double>() / expected.abs().max().item<double>();
}

TEST(TensorReconstruction, HasTheSlopesOfLibTorchsAutograd) {
  for (const auto& [side, grid, levels] : {std::tuple(32, 8, 3), std::tuple(24, 7, 2), std::tuple(16, 16, 1)})
    for (const Mode mode : {Mode::kReference, Mode::kCorrected})
      for (const auto approximation : {Approximation::kPerturb, Approximation::kKeep, Approximation::kDrop}) {
        WcamSettings s;
        s.grid = grid;
        s.levels = levels;
        s.mode = mode;
        s.approximation = approximation;
        SCOPED_TRACE(std::to_string(grid) + " " + std::string(to_string(mode)) + " " +
                     std::string(to_string(approximation)));
        const TransformedImage image = transformed(uniform({3, side, side}, 1), s, kMean, kStd);
        const TensorReconstruction reconstruction(image, at::Device(at::kCPU));
        const at::Tensor masks = uniform({3, 1, grid, grid}, 2);
        const at::Tensor weights = uniform({3, 3, side, side}, 3).sub(0.4);

        const at::Tensor of_pixels = slopes_of_pixels(image, masks, weights);
        at::Tensor slopes = at::zeros({3, grid, grid}), energies = at::zeros({3, grid, grid});
        for (std::int64_t y = 0; y < side; ++y)
          for (std::int64_t x = 0; x < side; ++x) {
            const at::Tensor slope = of_pixels.select(1, y).select(1, x);
            const std::int64_t row = y * grid / side, col = x * grid / side;
            slopes.select(1, row).select(1, col).add_(slope);
            energies.select(1, row).select(1, col).add_(slope.square());
          }
        const auto found = reconstruction.slopes(reconstruction.inverse(masks), weights);
        EXPECT_LT(relative_difference(found.of_cells, slopes.flatten(1)), 1e-5);
        EXPECT_LT(relative_difference(found.energies, energies.flatten(1)), 1e-5);
      }
}

TEST(TensorReconstruction, ABlackImageHasNoSlopesThroughItsStretching) {
  WcamSettings s;
  s.grid = 4;
  s.levels = 2;
  const TensorReconstruction reconstruction(transformed(uniform({3, 16, 16}, 1), s, kMean, kStd),
                                            at::Device(at::kCPU));
  const auto found =
      reconstruction.slopes(reconstruction.inverse(at::zeros({1, 1, 4, 4})), at::ones({1, 3, 16, 16}));
  EXPECT_FALSE(found.of_cells.any().item<bool>());
}

}  // namespace
}  // namespace wcam
