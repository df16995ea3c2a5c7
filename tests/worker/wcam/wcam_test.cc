#include "worker/wcam/wcam.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "common/study/estimator.h"
#include "common/study/wcam_options.h"
#include "tests/golden.h"
#include "tests/support.h"
#include "tests/worker/tinynet.h"
#include "worker/wcam/haar.h"
#include "worker/wcam/reconstruction.h"

namespace wcam {
namespace {

struct StoredRun {
  std::string name;
  int grid, nb_design;
  Approximation approximation;
  std::size_t images;
  Estimator estimator = Estimator::kJansen;
  std::string logits = {};  // the run whose logits these are; its own when empty
};

void PrintTo(const StoredRun& run, std::ostream* out) { *out << run.name; }

WcamSettings settings(const StoredRun& run) {
  WcamSettings s;
  s.grid = run.grid;
  s.nb_design = run.nb_design;
  s.approximation = run.approximation;
  s.estimator = run.estimator;
  return s;
}

std::filesystem::path golden_file() { return test::golden("wcam.h5"); }

std::vector<float> stored(const std::string& dataset) {
  return test::read_golden<float>(golden_file(), dataset);
}

std::int64_t label_of(const std::string& run, std::size_t image) {
  return test::read_golden<std::int64_t>(golden_file(), run + "/label")[image];
}

std::vector<double> ranks(std::span<const float> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return values[a] < values[b]; });
  std::vector<double> rank(values.size());
  for (std::size_t i = 0; i < order.size();) {
    std::size_t end = i;
    while (end < order.size() && values[order[end]] == values[order[i]]) ++end;
    for (std::size_t k = i; k < end; ++k) rank[order[k]] = static_cast<double>(i + end - 1) / 2;
    i = end;
  }
  return rank;
}

double spearman(std::span<const float> x, std::span<const float> y) {
  const auto a = ranks(x), b = ranks(y);
  const double middle = static_cast<double>(a.size() - 1) / 2;
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - middle) * (b[i] - middle);
    aa += (a[i] - middle) * (a[i] - middle);
    bb += (b[i] - middle) * (b[i] - middle);
  }
  return ab / std::sqrt(aa * bb);
}

double rms(std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value) * static_cast<double>(value);
  return std::sqrt(sum / static_cast<double>(values.size()));
}

double rms_difference(std::span<const float> x, std::span<const float> y) {
  std::vector<float> difference(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) difference[i] = x[i] - y[i];
  return rms(difference);
}

// Of the explained class, in design order. Only the smaller runs are stored with all ten classes.
std::vector<float> stored_logits(const std::string& run, std::size_t image, std::int64_t rows) {
  const auto first = static_cast<std::ptrdiff_t>(image) * rows;
  if (!run.starts_with("g8_n4")) {
    const auto all = stored(run + "/logits_of_label");
    return {all.begin() + first, all.begin() + first + rows};
  }
  const auto all = stored(run + "/logits");
  std::vector<float> of_label;
  for (auto row = first; row < first + rows; ++row)
    of_label.push_back(all[static_cast<std::size_t>(row * 10 + label_of(run, image))]);
  return of_label;
}

class GoldenWcamOfStoredLogits : public testing::TestWithParam<StoredRun> {};

TEST_P(GoldenWcamOfStoredLogits, GiveTheStoredIndicesThroughTheWholeOfExplain) {
  const StoredRun& run = GetParam();
  const WcamSettings s = settings(run);
  const Design design = make_design(s);
  const ForwardPlan plan = forward_plan(s, 224);
  const std::string source = run.logits.empty() ? run.name : run.logits;
  const auto sti = stored(run.name + "/sti");
  const auto cells = static_cast<std::size_t>(s.cells());
  for (std::size_t image = 0; image < run.images; ++image) {
    const std::int64_t label = label_of(run.name, image);
    const auto logits = stored_logits(source, image, design.rows());
    std::int64_t next = -1;  // the unmasked image comes first
    const auto forward = [&](const at::Tensor& batch) {
      at::Tensor answer = at::zeros({batch.size(0), 10});
      for (std::int64_t i = 0; i < batch.size(0); ++i, ++next)
        if (next >= 0 && next < static_cast<std::int64_t>(plan.rows.size()))
          answer[i][label] = logits[static_cast<std::size_t>(plan.rows[static_cast<std::size_t>(next)])];
      return answer;
    };
    const Profile profile =
        explain({forward, {0, 0, 0}, {1, 1, 1}}, test::golden_image(image), label, s, design, 64);
    for (std::size_t i = 0; i < cells; ++i)
      EXPECT_NEAR(profile.indices[i], sti[image * cells + i],
                  1e-6 * std::max(1.0F, std::abs(profile.indices[i])))
          << run.name << " image " << image << " cell " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Runs, GoldenWcamOfStoredLogits,
                         testing::Values(StoredRun{"g8_n4_approx", 8, 4, Approximation::kPerturb, 2},
                                         StoredRun{"g8_n4_noapprox", 8, 4, Approximation::kDrop, 2},
                                         StoredRun{"g8_n4_approx_homma", 8, 4, Approximation::kPerturb, 1,
                                                   Estimator::kHomma, "g8_n4_approx"},
                                         StoredRun{"g8_n4_approx_janon", 8, 4, Approximation::kPerturb, 1,
                                                   Estimator::kJanon, "g8_n4_approx"},
                                         StoredRun{"g8_n4_approx_glen", 8, 4, Approximation::kPerturb, 1,
                                                   Estimator::kGlen, "g8_n4_approx"},
                                         StoredRun{"g8_n4_approx_saltelli", 8, 4, Approximation::kPerturb, 1,
                                                   Estimator::kSaltelli, "g8_n4_approx"},
                                         StoredRun{"g8_n8_approx", 8, 8, Approximation::kPerturb, 1},
                                         StoredRun{"g28_n4_approx", 28, 4, Approximation::kPerturb, 2},
                                         StoredRun{"g28_n4_noapprox", 28, 4, Approximation::kDrop, 2},
                                         StoredRun{"g28_n8_noapprox", 28, 8, Approximation::kDrop, 1}),
                         [](const auto& p) { return p.param.name; });

class GoldenWcam : public testing::TestWithParam<StoredRun> {};

TEST_P(GoldenWcam, EqualsThePublishedMapsUpToTheEightBitFloor) {
  const StoredRun& run = GetParam();
  const WcamSettings s = settings(run);
  const Design design = make_design(s);
  const Classifier net = test::tinynet();
  const auto sti = stored(run.name + "/sti"), logits = stored("images/logits");
  const auto cells = static_cast<std::size_t>(s.cells());
  for (std::size_t image = 0; image < run.images; ++image) {
    const std::int64_t label = label_of(run.name, image);
    const Profile profile = explain(net, test::golden_image(image), label, s, design, 16);
    const auto golden = std::span<const float>(sti).subspan(image * cells, cells);
    const double relative = rms_difference(profile.indices, golden) / rms(golden);
    const double correlation = spearman(profile.indices, golden);
    EXPECT_LT(relative, 5e-3);
    EXPECT_GT(correlation, 0.999);
    EXPECT_NEAR(profile.logit, logits[image * 10 + static_cast<std::size_t>(label)], 1e-4);
    RecordProperty("rms_" + std::to_string(image), std::to_string(relative));
    RecordProperty("spearman_" + std::to_string(image), std::to_string(correlation));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Runs, GoldenWcam,
    testing::Values(StoredRun{"g8_n4_approx", 8, 4, Approximation::kPerturb, 2},
                    StoredRun{"g8_n4_noapprox", 8, 4, Approximation::kDrop, 2},
                    StoredRun{"g8_n4_approx_homma", 8, 4, Approximation::kPerturb, 1, Estimator::kHomma},
                    StoredRun{"g8_n4_approx_janon", 8, 4, Approximation::kPerturb, 1, Estimator::kJanon},
                    StoredRun{"g8_n4_approx_glen", 8, 4, Approximation::kPerturb, 1, Estimator::kGlen},
                    StoredRun{"g8_n8_approx", 8, 8, Approximation::kPerturb, 1},
                    StoredRun{"g28_n4_approx", 28, 4, Approximation::kPerturb, 2},
                    StoredRun{"g28_n4_noapprox", 28, 4, Approximation::kDrop, 2},
                    StoredRun{"g28_n8_noapprox", 28, 8, Approximation::kDrop, 1}),
    [](const auto& p) { return p.param.name; });

// The published notebook hands pixels in [0, 1] to the transform, not normalised ones.
TEST(GoldenWcamOfTheNotebook, HasTheLogitsOfAnInputThatIsNotNormalised) {
  const std::string run = "g8_n4_approx_unnormalised_input/";
  const Classifier net = test::tinynet();
  WcamSettings s;
  s.grid = 8;
  Reconstruction r(image_planes(test::golden_image(0), Mode::kCorrected, net.mean, net.std), s, net.mean,
                   net.std, net.device, 24);
  // The design is that of the run whose input is normalised.
  const auto masks = stored("g8_n4_approx/masks"), logits = stored(run + "logits");
  for (std::size_t first = 0; first < 264; first += 24) {
    r.write(std::span(masks).subspan(first * 64, std::size_t{24} * 64), 0);
    const at::Tensor ours = net.forward(r.batch());
    for (std::size_t i = 0; i < 240; ++i)
      // A grey step more or less in a few pixels: the golden README saw 1.1e-3.
      EXPECT_NEAR(ours.data_ptr<float>()[i], logits[first * 10 + i], 1.5e-3);
  }
}

TEST(GoldenModel, StoredEightBitImagesGiveTheStoredLogits) {
  const Classifier net = test::tinynet();
  for (const std::string run : {"g8_n4_approx/", "g8_n4_noapprox/"}) {
    const auto pixels = test::read_golden<unsigned char>(golden_file(), run + "perturbed_uint8");
    const auto index = test::read_golden<std::int64_t>(golden_file(), run + "perturbed_index");
    const auto logits = stored(run + "logits");
    ASSERT_EQ(index.size(), 1U);
    for (std::size_t i = 0; i < index.size(); ++i) {
      constexpr std::ptrdiff_t kBytes = std::ptrdiff_t{224} * 224 * 3;
      const auto first = pixels.begin() + static_cast<std::ptrdiff_t>(i) * kBytes;
      const RgbImage image{224, 224, {first, first + kBytes}};
      const at::Tensor ours =
          net.forward(image_planes(image, Mode::kReference, net.mean, net.std).unsqueeze(0));
      for (std::int64_t k = 0; k < 10; ++k)
        EXPECT_NEAR(ours[0][k].item<float>(), logits[static_cast<std::size_t>(index[i] * 10 + k)], 1e-4);
    }
  }
}

RgbImage random_image(int side, std::uint64_t seed) {
  RgbImage image{side, side, {}};
  const at::Tensor t =
      at::rand({std::int64_t{side} * side * 3}, at::make_generator<at::CPUGeneratorImpl>(seed),
               at::TensorOptions(at::kFloat));
  for (std::int64_t i = 0; i < t.numel(); ++i)
    image.pixels.push_back(static_cast<std::uint8_t>(t.data_ptr<float>()[i] * 256));
  return image;
}

// Some smooth function of the pixels that is no sum over cells: two logits [n, 2].
at::Tensor toy_logits(const at::Tensor& batch) {
  const at::Tensor x = batch.reshape({batch.size(0), -1});
  const at::Tensor left = batch.narrow(3, 0, batch.size(3) / 2).reshape({batch.size(0), -1});
  const at::Tensor first =
      x.square().mean(1).mul(left.mean(1).add(1.0)).add(batch.select(1, 0).amax({1, 2}).mul(0.2));
  return at::stack({first, first.neg()}, 1);
}

Classifier toy(int* calls = nullptr, std::int64_t* images = nullptr) {
  return {[=](const at::Tensor& batch) {
            if (calls != nullptr) ++*calls;
            if (images != nullptr) *images = batch.size(0);
            return toy_logits(batch.contiguous());
          },
          {0.5, 0.4, 0.3},
          {0.2, 0.3, 0.4}};
}

// Nine cells of 8 x 8 pixels, one of them inside the approximation, which is kept: 8 live cells.
TEST(Explain, AgreesWithBruteForceOverAllMasksOfEightCells) {
  constexpr int kSide = 24, kValues = 3, kPoints = 4096;
  WcamSettings s;
  s.grid = 3;
  s.levels = 1;
  s.nb_design = kPoints;
  s.mode = Mode::kCorrected;
  s.approximation = Approximation::kKeep;
  s.sampler = Sampler::kSobol;
  ASSERT_EQ(live_cells(s, kSide), (std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8}));
  const RgbImage image = random_image(kSide, 11);
  const Classifier classifier = toy();

  // Every mask with values 0, 1/2 and 1: 3^8 forwards.
  constexpr std::size_t kMasks = 6561;
  std::vector<float> masks(kMasks * 9, 1.0F);
  for (std::size_t m = 0; m < kMasks; ++m)
    for (std::size_t cell = 1, digits = m; cell < 9; ++cell, digits /= kValues)
      masks[m * 9 + cell] = static_cast<float>(digits % kValues) / 2;
  Reconstruction every(image_planes(image, s.mode, classifier.mean, classifier.std), s, classifier.mean,
                       classifier.std, classifier.device, static_cast<int>(kMasks));
  every.write(masks, 0);
  const at::Tensor f = classifier.forward(every.batch()).select(1, 0).to(at::kDouble);
  // The last cell varies slowest.
  const at::Tensor cube = f.reshape({3, 3, 3, 3, 3, 3, 3, 3});
  const double variance = f.var(false).item<double>();
  std::vector<double> total(9), first(9);
  for (std::int64_t cell = 1; cell < 9; ++cell) {
    const std::int64_t axis = 8 - cell;
    total[static_cast<std::size_t>(cell)] = cube.var({axis}, false).mean().item<double>() / variance;
    first[static_cast<std::size_t>(cell)] =
        cube.transpose(0, axis).reshape({3, -1}).mean(1).var(false).item<double>() / variance;
  }

  // A design that takes the same values, each as often.
  const Design points = make_design(s);
  const auto quantised = [&](auto sample) {
    std::vector<double> values;
    for (int point = 0; point < kPoints; ++point)
      for (const double value : (points.*sample)(point)) values.push_back(std::floor(value * kValues) / 2);
    return values;
  };
  const auto no_zero_rows = [](std::vector<double> values) {
    for (std::size_t row = 0; row < values.size(); row += 9) values[row] = 1;  // the dead cell: no effect
    return values;
  };
  const Design design(kPoints, 9, no_zero_rows(quantised(&Design::a)), no_zero_rows(quantised(&Design::b)));
  for (const Estimator estimator :
       {Estimator::kJansen, Estimator::kHomma, Estimator::kJanon, Estimator::kGlen, Estimator::kSaltelli})
    for (const Order order : {Order::kTotal, Order::kFirst}) {
      SCOPED_TRACE(std::string(to_string(estimator)) + " " + std::string(to_string(order)));
      s.estimator = estimator;
      s.order = order;
      const Profile profile = explain(classifier, image, 0, s, design, 512);
      EXPECT_EQ(profile.indices[0], 0);
      EXPECT_EQ(profile.standard_error[0], 0);
      for (std::size_t cell = 1; cell < 9; ++cell) {
        const double exact = order == Order::kTotal ? total[cell] : first[cell];
        EXPECT_NEAR(profile.indices[cell], exact, 3 * static_cast<double>(profile.standard_error[cell]))
            << cell;
        EXPECT_LT(profile.standard_error[cell], 0.05) << cell;
      }
    }
}

TEST(Explain, NothingIsWastedAndEveryBatchIsWhole) {
  WcamSettings s;
  s.grid = 8;
  s.nb_design = 4;
  const Design design = make_design(s);
  const auto run = [&](Approximation approximation, Order order) {
    s.approximation = approximation;
    s.order = order;
    int calls = 0;
    std::int64_t images = 0;
    const Profile profile = explain(toy(&calls, &images), random_image(64, 1), 0, s, design, 10);
    EXPECT_EQ(images, 10);
    EXPECT_EQ(profile.outputs.size() + 1, static_cast<std::size_t>(profile.forward_equivalents));
    EXPECT_EQ(calls, (profile.outputs.size() + 1 + 9) / 10);
    return profile.outputs.size();
  };
  // A, and C_i of each live cell; B only for the first order.
  EXPECT_EQ(run(Approximation::kPerturb, Order::kTotal), 4u * (1 + 64));
  EXPECT_EQ(run(Approximation::kDrop, Order::kTotal), 4u * (1 + 63));
  EXPECT_EQ(run(Approximation::kKeep, Order::kTotal), 4u * (1 + 63));
  EXPECT_EQ(run(Approximation::kPerturb, Order::kFirst), 4u * (2 + 64));
}

TEST(Explain, WhatIsKnownAtTheFirstPointsIsNotComputedAgain) {
  for (const Sampler sampler : {Sampler::kSobol, Sampler::kTorchSobol, Sampler::kMonteCarlo})
    for (const Order order : {Order::kTotal, Order::kFirst}) {
      WcamSettings four, eight;
      four.grid = eight.grid = 8;
      four.sampler = eight.sampler = sampler;
      four.order = eight.order = order;
      eight.nb_design = 8;
      const RgbImage image = random_image(64, 1);
      const Profile before = explain(toy(), image, 0, four, make_design(four), 16);
      const Profile whole = explain(toy(), image, 0, eight, make_design(eight), 16);
      int calls = 0;
      std::int64_t images = 0;
      const Profile rest =
          explain(toy(&calls, &images), image, 0, eight, make_design(eight), 16, before.outputs);
      EXPECT_EQ(calls, (before.outputs.size() + 1 + 15) / 16)
          << "as many forwards again, and the unmasked one";
      EXPECT_EQ(rest.outputs, whole.outputs);
      EXPECT_EQ(rest.indices, whole.indices);
      EXPECT_EQ(rest.standard_error, whole.standard_error);
      EXPECT_EQ(rest.forward_equivalents, whole.forward_equivalents);
      EXPECT_THROW(explain(toy(), image, 0, eight, make_design(eight), 16,
                           std::span(before.outputs).first(before.outputs.size() - 1)),
                   InputError);
    }
}

TEST(Explain, EqualMasksHaveEqualOutputsWhateverTheirPlaceInTheBatch) {
  const Classifier net = test::tinynet();
  WcamSettings s;
  s.grid = 8;
  s.nb_design = 4;
  const RgbImage image = test::golden_image(0);
  // B is A but for two cells: the C_i of all others repeat A in every place of a batch.
  const Design published = make_design(s);
  std::vector<double> a, b;
  for (int point = 0; point < 4; ++point)
    a.insert(a.end(), published.a(point).begin(), published.a(point).end());
  b = a;
  for (std::size_t point = 0; point < 4; ++point) b[point * 64] = published.b(static_cast<int>(point))[0];
  const Profile profile = explain(net, image, 3, s, Design(4, 64, a, b), 7);
  for (std::size_t i = 8; i < profile.outputs.size(); ++i)
    EXPECT_EQ(profile.outputs[i], profile.outputs[i % 4]) << i;
  EXPECT_GT(profile.indices[0], 0);
  for (std::size_t cell = 1; cell < 64; ++cell) EXPECT_EQ(profile.indices[cell], 0);
  // And so does another run, after another image.
  explain(net, test::golden_image(1), 3, s, published, 7);
  EXPECT_EQ(explain(net, image, 3, s, Design(4, 64, a, b), 7).outputs, profile.outputs);
}

// A network whose rounding depends on a picture's place in its batch, as those on some BLAS kernels do: place
// p adds p / 8 of what may be.
Classifier rounds_by_place(const Classifier& exact) {
  return {[exact](const at::Tensor& batch) {
            at::Tensor logits = exact.forward(batch).clone();
            for (std::int64_t place = 0; place < logits.size(0); ++place)
              logits[place].mul_(1 + kRounding / 8 * static_cast<double>(place % 8));
            return logits;
          },
          exact.mean, exact.std, exact.device};
}

// A picture that is flat but for its upper left quarter: the details of all other places are exactly 0.
RgbImage flat_but_for_a_corner(int side) {
  RgbImage image = random_image(side, 5);
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x)
      if (x >= side / 2 || y >= side / 2)
        for (int c = 0; c < 3; ++c) image.row(y)[3 * x + c] = 100;
  return image;
}

TEST(Explain, CellsWithoutEffectAreExactlyZeroHoweverTheNetworkRounds) {
  WcamSettings s;
  s.grid = 8;
  s.levels = 2;
  const RgbImage image = flat_but_for_a_corner(64);
  const Design design = make_design(s);
  for (const Mode mode : {Mode::kReference, Mode::kCorrected}) {
    s.mode = mode;
    // Level 1 lies in [32, 64) of rows or columns; of its cells, 8 x 8 pixels each, only the first two rows
    // and columns of each block hold the corner.
    const Profile profile = explain(rounds_by_place(toy()), image, 0, s, design, 8);
    int without_effect = 0;
    for (int row = 0; row < 8; ++row)
      for (int col = 0; col < 8; ++col) {
        const auto cell = static_cast<std::size_t>(8 * row + col);
        if ((row < 4 && col < 4) || (row % 4 < 2 && col % 4 < 2)) continue;
        ++without_effect;
        EXPECT_EQ(profile.indices[cell], 0) << row << ' ' << col;
        EXPECT_EQ(profile.standard_error[cell], 0) << row << ' ' << col;
      }
    EXPECT_EQ(without_effect, 36);
    EXPECT_GT(profile.indices[0], 0);
  }
}

TEST(Explain, OutputsThatDifferByRoundingAloneAreConstant) {
  WcamSettings s;
  s.grid = 8;
  const Classifier flat{[](const at::Tensor& batch) {
                          return at::full({batch.size(0), 2}, 2.5);
                        },
                        {},
                        {1, 1, 1}};
  for (const Mode mode : {Mode::kReference, Mode::kCorrected}) {
    s.mode = mode;
    try {
      explain(rounds_by_place(flat), random_image(32, 1), 1, s, make_design(s), 8);
      ADD_FAILURE() << "explained";
    } catch (const DegenerateOutputs& e) {
      EXPECT_NE(std::string(e.what()).find("within rounding): Sobol indices are undefined"),
                std::string::npos)
          << e.what();
    }
  }
}

TEST(Explain, AnotherBatchSizeMovesIndicesByRoundingOnly) {
  const Classifier net = test::tinynet();
  WcamSettings s;
  s.grid = 8;
  const Design design = make_design(s);
  const Profile one = explain(net, test::golden_image(0), 3, s, design, 1);
  const Profile many = explain(net, test::golden_image(0), 3, s, design, 32);
  // Logits of about 10 in float32.
  for (std::size_t i = 0; i < one.outputs.size(); ++i) EXPECT_NEAR(one.outputs[i], many.outputs[i], 2e-5);
  for (std::size_t i = 0; i < 64; ++i) EXPECT_NEAR(one.indices[i], many.indices[i], 2e-5);
}

TEST(Explain, UsesEveryOutputInModeCorrected) {
  // Reference indices share the scale of 4 values; corrected ones that of all samples.
  WcamSettings s;
  s.grid = 4;
  s.levels = 2;
  s.nb_design = 8;
  s.mode = Mode::kCorrected;
  const Design design = make_design(s);
  const Profile profile = explain(toy(), random_image(32, 2), 1, s, design, 16);
  PooledMoments pooled(8);
  const std::vector<double> outputs(profile.outputs.begin(), profile.outputs.end());
  for (std::size_t i = 0; i < outputs.size(); i += 8) pooled.add(std::span(outputs).subspan(i, 8));
  for (std::size_t cell = 0; cell < 16; ++cell) {
    double sum = 0;
    for (std::size_t j = 0; j < 8; ++j) sum += std::pow(outputs[j] - outputs[8 * (cell + 1) + j], 2) / 8;
    EXPECT_NEAR(profile.indices[cell], sum / (2 * pooled.variance()), 1e-6);
  }
}

TEST(Explain, RefusesWhatCannotBeExplainedNamingIt) {
  WcamSettings s;
  s.grid = 8;
  const Design design = make_design(s);
  const auto refused = [&](const Classifier& classifier, const RgbImage& image, std::int64_t label,
                           const WcamSettings& asked, int batch = 8) -> std::string {
    try {
      explain(classifier, image, label, asked, design, batch);
    } catch (const InputError& e) {
      return e.what();
    }
    return "accepted";
  };
  const RgbImage image = random_image(32, 1);
  EXPECT_EQ(refused(toy(), image, 0, s), "accepted");
  EXPECT_EQ(refused(toy(), {16, 32, std::vector<std::uint8_t>(1536)}, 0, s),
            "a WCAM needs a square image, this one has 16 rows and 32 columns: crop it");
  EXPECT_EQ(refused(toy(), random_image(36, 1), 0, s),
            "the input's side 36 is not a multiple of 8 (2^levels): take 32 or 40, or --levels 2");
  EXPECT_EQ(refused(toy(), image, 2, s), "label 2: the classifier has 2 classes");
  EXPECT_EQ(refused(toy(), image, -1, s), "label -1 is negative");
  EXPECT_EQ(refused(toy(), image, 0, s, 0), "a batch of 0 images: at least 1 is needed");
  WcamSettings other = s;
  other.nb_design = 8;
  EXPECT_EQ(refused(toy(), image, 0, other),
            "the design has 4 points of 64 cells, the settings ask for 8 of 64");
  const Classifier flat{[](const at::Tensor& batch) {
                          return at::full({batch.size(0), 3}, 2.5);
                        },
                        {},
                        {1, 1, 1}};
  EXPECT_EQ(refused(flat, image, 1, s),
            "label 1: the output is constant (2.500000 at all 4 design points): Sobol indices are undefined");
  const Classifier lost{[](const at::Tensor& batch) {
                          return at::full({batch.size(0), 3}, std::nan(""));
                        },
                        {},
                        {1, 1, 1}};
  EXPECT_EQ(refused(lost, image, 1, s),
            "the logit of label 1 is nan on the image: the classifier cannot be explained");
  EXPECT_THROW(explain(lost, image, 1, s, design, 8), DegenerateOutputs);
}

}  // namespace
}  // namespace wcam
