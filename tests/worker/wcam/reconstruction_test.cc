#include "worker/wcam/reconstruction.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/rand.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "common/base/error.h"
#include "common/study/forward_plan.h"
#include "common/study/wcam_options.h"
#include "tests/golden.h"
#include "tests/support.h"
#include "tests/worker/tinynet.h"
#include "worker/design/design.h"

namespace wcam {
namespace {

constexpr std::array<double, 3> kMean{0.485, 0.456, 0.406}, kStd{0.229, 0.224, 0.225};
using Form = Reconstruction::Form;

at::Tensor uniform(at::IntArrayRef shape, std::uint64_t seed) {
  return at::rand(shape, at::make_generator<at::CPUGeneratorImpl>(seed), at::TensorOptions(at::kFloat));
}

std::span<const float> values(const at::Tensor& t) {
  return {t.data_ptr<float>(), static_cast<std::size_t>(t.numel())};
}

WcamSettings settings(int grid, int levels, Mode mode, Approximation approximation) {
  WcamSettings s;
  s.grid = grid;
  s.levels = levels;
  s.mode = mode;
  s.approximation = approximation;
  return s;
}

at::Tensor reconstructed(const at::Tensor& planes, const WcamSettings& s, const at::Tensor& masks,
                         Form form) {
  Reconstruction reconstruction(planes, s, kMean, kStd, at::Device(at::kCPU), static_cast<int>(masks.size(0)),
                                form);
  reconstruction.write(values(masks), 0);
  return reconstruction.batch();
}

struct Setting {
  int side, grid, levels;
};

class BothForms : public testing::TestWithParam<Setting> {};

TEST_P(BothForms, GiveTheSameBits) {
  const auto [side, grid, levels] = GetParam();
  const at::Tensor planes = uniform({3, side, side}, 1), masks = uniform({11, grid * grid}, 2);
  for (const Mode mode : {Mode::kReference, Mode::kCorrected})
    for (const auto approximation : {Approximation::kPerturb, Approximation::kKeep, Approximation::kDrop}) {
      const WcamSettings s = settings(grid, levels, mode, approximation);
      SCOPED_TRACE(std::string(to_string(mode)) + " " + std::string(to_string(approximation)));
      const at::Tensor fused = reconstructed(planes, s, masks, Form::kFused);
      const at::Tensor tensor = reconstructed(planes, s, masks, Form::kTensor);
      EXPECT_TRUE(fused.is_contiguous(at::MemoryFormat::ChannelsLast));
      EXPECT_TRUE(tensor.is_contiguous(at::MemoryFormat::ChannelsLast));
      EXPECT_TRUE(fused.equal(tensor))
          << "largest difference " << fused.sub(tensor).abs().max().item<float>();
    }
}

// Grids that divide the side or not, odd blocks, sides that are no multiple of a vector.
INSTANTIATE_TEST_SUITE_P(Settings, BothForms,
                         testing::Values(Setting{224, 28, 3}, Setting{224, 8, 3}, Setting{224, 112, 5},
                                         Setting{96, 10, 4}, Setting{40, 7, 2}, Setting{6, 3, 1},
                                         Setting{2, 2, 1}));

TEST(Reconstruction, DoesNotDependOnThreadsOrOnThePlaceInTheBatch) {
  const at::Tensor planes = uniform({3, 64, 64}, 3), masks = uniform({6, 64}, 4);
  const WcamSettings s = settings(8, 3, Mode::kReference, Approximation::kPerturb);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor one = reconstructed(planes, s, masks, Form::kFused);
  at::set_num_threads(2);
  const at::Tensor two = reconstructed(planes, s, masks, Form::kFused);
  at::set_num_threads(threads);
  EXPECT_TRUE(one.equal(two));
  Reconstruction again(planes, s, kMean, kStd, at::Device(at::kCPU), 6);
  again.write(values(masks).subspan(192), 0);
  again.write(values(masks).first(192), 3);
  EXPECT_TRUE(again.batch().narrow(0, 3, 3).equal(one.narrow(0, 0, 3)));
  EXPECT_TRUE(again.batch().narrow(0, 0, 3).equal(one.narrow(0, 3, 3)));
}

TEST(Reconstruction, AMaskOfOnesGivesTheImageBackInModeCorrected) {
  RgbImage image{32, 32, {}};
  for (int i = 0; i < 32 * 32 * 3; ++i) image.pixels.push_back(static_cast<std::uint8_t>(i * 37 % 256));
  const WcamSettings s = settings(8, 2, Mode::kCorrected, Approximation::kPerturb);
  const at::Tensor out = reconstructed(image_planes(image, Mode::kCorrected, kMean, kStd), s,
                                       at::full({1, 64}, 1.0F), Form::kFused);
  const at::Tensor normalised = image_planes(image, Mode::kReference, kMean, kStd);
  // float32 rounding of values up to 3.
  EXPECT_LT(out[0].sub(normalised).abs().max().item<float>(), 2e-6);
}

TEST(Reconstruction, AConstantPerturbedImageIsBlackInModeReferenceNotNaN) {
  const WcamSettings s = settings(4, 2, Mode::kReference, Approximation::kPerturb);
  for (const Form form : {Form::kFused, Form::kTensor}) {
    const at::Tensor out = reconstructed(uniform({3, 16, 16}, 5), s, at::full({1, 16}, 0.0F), form);
    for (std::int64_t c = 0; c < 3; ++c)
      EXPECT_FLOAT_EQ(out[0][c].min().item<float>(), static_cast<float>(-kMean[static_cast<std::size_t>(c)] /
                                                                        kStd[static_cast<std::size_t>(c)]));
  }
}

TEST(Reconstruction, CellsInsideAKeptOrDroppedApproximationAreDead) {
  const auto live = [](int grid, int side, int levels, Approximation a) {
    return live_cells(settings(grid, levels, Mode::kReference, a), side).size();
  };
  EXPECT_EQ(live(28, 224, 3, Approximation::kPerturb), 784u);
  // The block is 28 pixels: cells 0 to 2 of 8 pixels are inside, cell 3 is cut in two.
  EXPECT_EQ(live(28, 224, 3, Approximation::kDrop), 784u - 9);
  EXPECT_EQ(live(28, 224, 3, Approximation::kKeep), 784u - 9);
  EXPECT_EQ(live(8, 224, 3, Approximation::kDrop), 64u - 1);
  EXPECT_EQ(live(16, 224, 3, Approximation::kDrop), 256u - 4);
  EXPECT_EQ(live(14, 224, 3, Approximation::kDrop), 196u - 1);
  EXPECT_EQ(live(4, 224, 3, Approximation::kDrop), 16u);
}

TEST(Reconstruction, ADeadCellsMaskChangesNothingAndALiveOnesDoes) {
  const at::Tensor planes = uniform({3, 48, 48}, 6);
  for (const auto approximation : {Approximation::kPerturb, Approximation::kKeep, Approximation::kDrop}) {
    const WcamSettings s = settings(10, 2, Mode::kCorrected, approximation);
    const auto live = live_cells(s, 48);
    const at::Tensor base = uniform({1, 100}, 7), before = reconstructed(planes, s, base, Form::kFused);
    for (int cell = 0; cell < 100; ++cell) {
      at::Tensor other = base.clone();
      other[0][cell].fill_(2.0F);
      const bool changed = !reconstructed(planes, s, other, Form::kFused).equal(before);
      EXPECT_EQ(changed, std::find(live.begin(), live.end(), cell) != live.end()) << cell;
    }
  }
}

TEST(Reconstruction, RefusesSidesThatDoNotFitNamingTheBound) {
  const auto refused = [](int side, int grid, int levels) -> std::string {
    try {
      Reconstruction(uniform({3, side, side}, 1),
                     settings(grid, levels, Mode::kReference, Approximation::kPerturb), kMean, kStd,
                     at::Device(at::kCPU), 1);
    } catch (const InputError& e) {
      return e.what();
    }
    return "accepted";
  };
  EXPECT_EQ(refused(299, 28, 3),
            "the input's side 299 is not a multiple of 8 (2^levels), and no --levels fit an odd one: take "
            "296 or 304");
  EXPECT_EQ(refused(24, 28, 3),
            "the input's side 24 is below the 28 cells a side of --grid 28: use a smaller --grid");
}

// The 8-bit values that a batch in mode reference was normalised from: [n, 3, S, S] int64.
at::Tensor eight_bit(const at::Tensor& batch, const std::array<double, 3>& mean,
                     const std::array<double, 3>& std) {
  at::Tensor q = batch.to(at::kDouble).contiguous();
  for (std::int64_t c = 0; c < 3; ++c) {
    const auto channel = static_cast<std::size_t>(c);
    q.select(1, c).mul_(std[channel]).add_(mean[channel]).mul_(255).round_();
  }
  return q.to(at::kLong);
}

TEST(GoldenReconstruction, IsTheStoredInverseToOneGreyStepInAHundredThousand) {
  const auto file = test::golden("haar.h5");
  auto image = test::read_golden<float>(file, "size_224/image");
  auto mask = test::read_golden<float>(file, "size_224/level_3/mask_grid28");
  auto stored = test::read_golden<std::int64_t>(file, "size_224/level_3/masked_inverse_uint8");
  auto inverse = test::read_golden<float>(file, "size_224/level_3/masked_inverse_every_7th_row");
  const auto planes = [](auto& v, at::ScalarType type) {
    return at::from_blob(v.data(), {static_cast<std::int64_t>(v.size()) / (224 * 3), 224, 3}, type)
        .permute({2, 0, 1})
        .contiguous();
  };
  const at::Tensor pixels = planes(image, at::kFloat),
                   masks = at::from_blob(mask.data(), {1, 784}, at::kFloat);
  const std::array<double, 3> none{0, 0, 0}, one{1, 1, 1};
  const auto made = [&](Mode mode) {
    Reconstruction r(pixels, settings(28, 3, mode, Approximation::kPerturb), none, one, at::Device(at::kCPU),
                     1);
    r.write(values(masks), 0);
    return r.batch();
  };
  // float32 against float64, of values up to 255.
  const at::Tensor rows = made(Mode::kCorrected)[0].slice(1, 0, c10::nullopt, 7);
  EXPECT_LT(rows.sub(planes(inverse, at::kFloat)).abs().max().item<float>(), 1.5e-4);
  const at::Tensor difference =
      eight_bit(made(Mode::kReference), none, one)[0].sub(planes(stored, at::kLong)).abs();
  EXPECT_LE(difference.max().item<std::int64_t>(), 1);
  EXPECT_LE(difference.sum().item<std::int64_t>(), 2);
}

TEST(GoldenReconstruction, IsThePublishedPerturbedImageUpToTheEightBitFloor) {
  const auto file = test::golden("wcam.h5");
  for (const auto& [run, approximation] : {std::pair{"g8_n4_approx", Approximation::kPerturb},
                                           std::pair{"g8_n4_noapprox", Approximation::kDrop}}) {
    SCOPED_TRACE(run);
    std::size_t images_compared = 0;
    const std::string group = std::string(run) + "/";
    auto masks = test::read_golden<float>(file, group + "masks");
    const auto index = test::read_golden<std::int64_t>(file, group + "perturbed_index");
    auto images = test::read_golden<std::int64_t>(file, group + "perturbed_uint8");
    auto sums = test::read_golden<std::int64_t>(file, group + "perturbed_uint8_channel_sum");
    const at::Tensor stored =
        at::from_blob(images.data(), {static_cast<std::int64_t>(index.size()), 224, 224, 3}, at::kLong)
            .permute({0, 3, 1, 2});
    const at::Tensor stored_sums = at::from_blob(sums.data(), {2, 264, 3}, at::kLong);
    for (std::int64_t image = 0; image < 2; ++image) {
      Reconstruction r(
          image_planes(test::golden_image(static_cast<std::size_t>(image)), Mode::kReference, kMean, kStd),
          settings(8, 3, Mode::kReference, approximation), kMean, kStd, at::Device(at::kCPU), 8);
      for (std::int64_t first = 0; first < 264; first += 8) {
        r.write(std::span(masks).subspan(static_cast<std::size_t>(first) * 64, std::size_t{8} * 64), 0);
        const at::Tensor q = eight_bit(r.batch(), kMean, kStd);
        const at::Tensor difference = q.sum({2, 3}).sub(stored_sums[image].narrow(0, first, 8)).abs();
        EXPECT_LE(difference.max().item<std::int64_t>(), 8);
        for (std::size_t i = 0; i < index.size() && image == 0; ++i) {
          if (index[i] / 8 * 8 != first) continue;
          ++images_compared;
          const at::Tensor pixels = q[index[i] % 8].sub(stored[static_cast<std::int64_t>(i)]).abs();
          EXPECT_LE(pixels.max().item<std::int64_t>(), 1) << i;
          EXPECT_LE(pixels.sum().item<std::int64_t>(), 8) << i;
        }
      }
    }
    EXPECT_EQ(images_compared, index.size());
    EXPECT_GT(images_compared, 0U);
  }
}

}  // namespace
}  // namespace wcam
