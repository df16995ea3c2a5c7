#include "worker/design/design.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "common/base/error.h"
#include "common/study/wcam_options.h"
#include "tests/golden.h"
#include "tests/support.h"
#include "worker/design/pcg64.h"
#include "worker/design/samplers.h"

namespace wcam {
namespace {

std::string refused(auto body) {
  try {
    body();
  } catch (const InputError& e) {
    return e.what();
  }
  return "accepted";
}

WcamSettings settings(int grid, int nb_design, Sampler sampler = Sampler::kSobol, std::uint64_t seed = 42) {
  WcamSettings s;
  s.grid = grid;
  s.nb_design = nb_design;
  s.sampler = sampler;
  s.design_seed = seed;
  return s;
}

// A and B of a stored design, side by side as a sampler draws them: [N, 2 g^2].
std::vector<double> golden_points(int grid, int nb_design, const std::string& sampler) {
  const auto file = test::golden("designs.h5");
  const std::string group =
      "grid_" + std::to_string(grid) + "/nb_design_" + std::to_string(nb_design) + "/" + sampler + "/";
  const auto a = test::read_golden<double>(file, group + "A"),
             b = test::read_golden<double>(file, group + "B");
  const auto cells = std::ptrdiff_t{grid} * grid;
  std::vector<double> points;
  for (std::ptrdiff_t row = 0; row < nb_design; ++row) {
    points.insert(points.end(), a.begin() + row * cells, a.begin() + (row + 1) * cells);
    points.insert(points.end(), b.begin() + row * cells, b.begin() + (row + 1) * cells);
  }
  return points;
}

constexpr int kGoldenSizes[][2] = {{4, 4}, {4, 8}, {8, 4}, {8, 8}, {28, 4}, {28, 8}};

TEST(GoldenDesigns, AreMadeBitForBit) {
  for (const auto& [grid, n] : kGoldenSizes) {
    const Design design = make_design(settings(grid, n));
    const auto golden = golden_points(grid, n, "scipy_sobol_scrambled_seed42");
    std::vector<double> ours;
    for (int point = 0; point < n; ++point) {
      ours.insert(ours.end(), design.a(point).begin(), design.a(point).end());
      ours.insert(ours.end(), design.b(point).begin(), design.b(point).end());
    }
    EXPECT_EQ(ours, golden) << "grid " << grid << ", N " << n;
  }
}

TEST(GoldenDesigns, HaveTheirRowsInThePublishedOrder) {
  for (const int n : {4, 8}) {
    const Design design = make_design(settings(4, n));
    const auto golden =
        test::read_golden<double>(test::golden("designs.h5"), "grid_4/nb_design_" + std::to_string(n) +
                                                                  "/scipy_sobol_scrambled_seed42/design");
    ASSERT_EQ(static_cast<std::size_t>(design.rows()) * 16, golden.size());
    std::vector<double> row(16);
    for (std::int64_t i = 0; i < design.rows(); ++i) {
      design.row(i, row);
      EXPECT_TRUE(std::equal(row.begin(), row.end(), golden.begin() + i * 16)) << "row " << i;
    }
    EXPECT_EQ(design.first_row_of(0), 2 * n);
    EXPECT_EQ(design.first_row_of(15), 17 * n);
  }
}

TEST(GoldenDesigns, OfEverySamplerAreMade) {
  for (const auto& [grid, n] : kGoldenSizes) {
    SCOPED_TRACE("grid " + std::to_string(grid) + ", N " + std::to_string(n));
    const int d = 2 * grid * grid;
    if (grid == 28 && n == 8) continue;  // the first four points, of another number, are enough
    EXPECT_EQ(sobol_points(n, d, SobolBits::kScipy, {}), golden_points(grid, n, "scipy_sobol_unscrambled"));
    EXPECT_EQ(sobol_points(n, d, SobolBits::kTorch, {}), golden_points(grid, n, "torch_sobol"));
    // SciPy multiplies digits by powers of 1/base in another order: 2 units in the last place.
    const auto halton = halton_points(n, d, {}), stored = golden_points(grid, n, "halton");
    ASSERT_EQ(halton.size(), stored.size());
    for (std::size_t i = 0; i < halton.size(); ++i) EXPECT_NEAR(halton[i], stored[i], 2.3e-16);
    if (grid == 28) continue;  // dimensions make no difference to these
    EXPECT_EQ(latin_hypercube_points(n, d, 42), golden_points(grid, n, "lhs_seed42"));
    // Stored as float32.
    auto random = monte_carlo_points(n, d, 42);
    for (double& value : random) value = static_cast<double>(static_cast<float>(value));
    EXPECT_EQ(random, golden_points(grid, n, "mc_numpy_seed42"));
  }
}

// torch.quasirandom.SobolEngine(32, scramble=True, seed=7).draw(8, dtype=torch.float64) of PyTorch 1.13,
// times 2^30; its first point is rounded to float32 there.
TEST(Samplers, TorchSobolEqualsPyTorchs) {
  const auto points = sobol_points(8, 32, SobolBits::kTorch, 7);
  const double expected[3][4] = {{214182640, 183537056, 804615872, 197905408},
                                 {1064893636, 581343605, 351824143, 983146122},
                                 {729527943, 473765358, 1047556671, 276072905}};
  double sum = 0;
  for (const double value : points) sum += value * 0x1p30;
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < 4; ++c) EXPECT_EQ(points[r * 32 + c] * 0x1p30, expected[r][c]);
  EXPECT_EQ(sum, 136408992806.0);
}

// numpy.random.default_rng(seed): bit_generator.random_raw(2) and random().
TEST(Pcg64, EqualsNumpysForSeedsOfOneAndTwoWords) {
  Pcg64 small(42), large(0x123456789abcdef0);
  EXPECT_EQ(small.next64(), 14276969152011380360u);
  EXPECT_EQ(small.next64(), 8095878257575067585u);
  EXPECT_EQ(small.uniform(), 0.8585979199113825);
  EXPECT_EQ(large.next64(), 3766508136411593918u);
  EXPECT_EQ(large.next64(), 6889702652058141533u);
  EXPECT_EQ(large.uniform(), 0.5013016009258543);
}

class EverySampler : public testing::TestWithParam<Sampler> {};

TEST_P(EverySampler, IsReproducibleSeededInsideTheCubeAndStratified) {
  const int n = 64, d = 50;
  const WcamSettings s = settings(5, n, GetParam());
  const Design design = make_design(s), again = make_design(s);
  auto other_settings = s;
  other_settings.design_seed = 43;
  const Design other = make_design(other_settings);
  double mean = 0;
  for (int point = 0; point < n; ++point) {
    EXPECT_TRUE(std::ranges::equal(design.a(point), again.a(point)));
    EXPECT_FALSE(std::ranges::equal(design.a(point), other.a(point)));
    EXPECT_FALSE(std::ranges::equal(design.a(point), design.b(point)));
    for (const double value : design.a(point)) {
      EXPECT_GE(value, 0);
      EXPECT_LT(value, 1);
      mean += value / (n * d / 2);
    }
  }
  // 1600 values: 4 standard errors of independent ones.
  EXPECT_NEAR(mean, 0.5, 4 * 0.2887 / 40);
  if (GetParam() == Sampler::kMonteCarlo || GetParam() == Sampler::kHalton) return;
  // All the others have one point in each 64th of every axis.
  for (std::size_t c = 0; c < 25; ++c) {
    std::set<int> slices;
    for (int point = 0; point < n; ++point) slices.insert(static_cast<int>(design.a(point)[c] * n));
    EXPECT_EQ(slices.size(), 64u);
  }
}

INSTANTIATE_TEST_SUITE_P(Samplers, EverySampler,
                         testing::Values(Sampler::kSobol, Sampler::kTorchSobol, Sampler::kHalton,
                                         Sampler::kLatinHypercube, Sampler::kMonteCarlo),
                         [](const auto& p) {
                           std::string name(to_string(p.param));
                           std::erase(name, '-');
                           return name;
                         });

TEST(Samplers, ScrambledHaltonTakesEveryDigitOnceInSmallBases) {
  // 8 points in base 2 and 9 in base 3 fill their slices.
  const auto eight = halton_points(8, 1, 5);
  std::set<int> slices;
  for (const double value : eight) slices.insert(static_cast<int>(value * 8));
  EXPECT_EQ(slices.size(), 8u);
  const auto nine = halton_points(9, 2, 5);
  slices.clear();
  for (std::size_t i = 0; i < 9; ++i) slices.insert(static_cast<int>(nine[2 * i + 1] * 9));
  EXPECT_EQ(slices.size(), 9u);
}

TEST(Samplers, ScrambledHaltonIsNotCollinearInLargeBases) {
  // Unscrambled, neighbouring dimensions of 4 points correlate to 1.0.
  const int n = 4, d = 1568;
  const auto points = halton_points(n, d, 42);
  double sum = 0;
  for (std::size_t c = 1000; c + 1 < static_cast<std::size_t>(d); ++c) {
    double mx = 0, my = 0, xy = 0, xx = 0, yy = 0;
    for (std::size_t r = 0; r < 4; ++r) mx += points[r * 1568 + c] / 4, my += points[r * 1568 + c + 1] / 4;
    for (std::size_t r = 0; r < 4; ++r) {
      const double x = points[r * 1568 + c] - mx, y = points[r * 1568 + c + 1] - my;
      xy += x * y, xx += x * x, yy += y * y;
    }
    sum += xy / std::sqrt(xx * yy);
  }
  EXPECT_NEAR(sum / 567, 0, 0.1);
}

TEST(Samplers, TooManySobolDimensionsAreRefusedNamingTheBound) {
  EXPECT_EQ(
      refused([] { sobol_points(4, 21202, SobolBits::kTorch, 1); }),
      "a Sobol sequence in 21202 dimensions: 1 to 21201 are possible; use a smaller grid or --sampler lhs");
}

TEST(Design, RefusesWhatIsNoDesign) {
  const std::vector<double> half(8, 0.5);
  std::vector<double> beyond = half, zero = half;
  beyond[5] = 1.25;
  zero[4] = zero[5] = zero[6] = zero[7] = 0;
  EXPECT_EQ(refused([&] { Design(2, 4, half, half); }), "accepted");
  EXPECT_EQ(refused([&] { Design(3, 4, half, half); }), "design A has 8 values, not 3 x 4");
  EXPECT_EQ(refused([&] { Design(2, 4, half, beyond); }), "design B[1][1] is 1.250000, outside 0 to 1");
  EXPECT_EQ(refused([&] { Design(2, 4, zero, half); }),
            "design A[1] is all zeros: it masks everything, and a constant image explains nothing. Scramble "
            "the sequence");
}

TEST(GoldenDesigns, AreReadFromAGroupOfAFile) {
  const std::string file = (test::golden("designs.h5")).string();
  const Design read = read_design(file + ":grid_8/nb_design_4/scipy_sobol_scrambled_seed42", settings(8, 4));
  const Design made = make_design(settings(8, 4));
  for (int point = 0; point < 4; ++point) {
    EXPECT_TRUE(std::ranges::equal(read.a(point), made.a(point)));
    EXPECT_TRUE(std::ranges::equal(read.b(point), made.b(point)));
  }
  const auto group = [&](const char* name) { return file + ":grid_8/nb_design_4/" + name; };
  EXPECT_EQ(refused([&] { read_design(group("scipy_sobol_scrambled_seed42"), settings(28, 4)); }),
            file +
                ": dataset grid_8/nb_design_4/scipy_sobol_scrambled_seed42/A is 4 x 64, not 4 x 784 as "
                "--nb-design and "
                "the square of --grid ask");
  EXPECT_EQ(refused([&] { read_design(group("torch_sobol/"), settings(8, 4)); }),
            group("torch_sobol/") +
                ": design A[0] is all zeros: it masks everything, and a constant image explains nothing. "
                "Scramble the sequence");
  EXPECT_NE(refused([&] { read_design(group("sobol"), settings(8, 4)); }).find("grid_8/nb_design_4/sobol/A"),
            std::string::npos);
  EXPECT_NE(refused([&] { read_design("/nowhere/design.h5", settings(8, 4)); }).find("/nowhere/design.h5"),
            std::string::npos);
}

TEST(Design, GrowsByPointsWhereItIsSaidTo) {
  for (const Sampler sampler : {Sampler::kSobol, Sampler::kTorchSobol, Sampler::kHalton,
                                Sampler::kLatinHypercube, Sampler::kMonteCarlo}) {
    const Design four = make_design(settings(4, 4, sampler)), eight = make_design(settings(4, 8, sampler));
    bool grows = true;
    for (int point = 0; point < 4; ++point)
      grows = grows && std::ranges::equal(four.a(point), eight.a(point)) &&
              std::ranges::equal(four.b(point), eight.b(point));
    EXPECT_EQ(grows, grows_by_points(sampler)) << static_cast<int>(sampler);
  }
}

}  // namespace
}  // namespace wcam
