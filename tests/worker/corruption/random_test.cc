#include "worker/corruption/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <stdexcept>

#include "worker/corruption/corruption.h"

namespace wcam {
namespace {

constexpr StreamKey kSomeKey{{1, 2}, {3, 4}};
constexpr std::size_t kMany = 1'000'000;

// Random123 1.14, tests/kat_vectors, "philox4x32 10".
TEST(Philox, GivesTheKnownAnswers) {
  struct Known {
    std::uint64_t block;
    StreamKey stream;
    std::vector<std::uint32_t> words;
  };
  const Known known[] = {
      {0, {{0, 0}, {0, 0}}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {0xffffffffffffffff,
       {{0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}},
       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {0x85a308d3243f6a88,
       {{0xa4093822, 0x299f31d0}, {0x13198a2e, 0x03707344}},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (const auto& [block, stream, words] : known) {
    // Alone and as one of many, across the carry into the counter's second word.
    std::vector<std::uint32_t> alone(4), many(4 * 40);
    fill_philox(alone, stream, block);
    fill_philox(many, stream, block - 20);
    EXPECT_EQ(alone, words);
    EXPECT_EQ(std::vector(many.begin() + 80, many.begin() + 84), words);
  }
}

TEST(StreamKeys, DifferInEveryPartOfTheirSubject) {
  const CorruptionKey key{95, "ab"};
  const Variant variant{"corruptions", "fog", 3};
  std::set<std::array<std::uint32_t, 4>> different;
  const auto add = [&](const StreamKey& k) {
    different.insert({k.key[0], k.key[1], k.counter[0], k.counter[1]});
  };
  add(stream_key(key, variant));
  add(stream_key({96, "ab"}, variant));
  add(stream_key({95, "ac"}, variant));
  add(stream_key(key, {"corruptions", "frost", 3}));
  add(stream_key(key, {"corruptions", "fog", 4}));
  EXPECT_EQ(different.size(), 5U);
  EXPECT_EQ(stream_key(key, variant), stream_key(key, variant));
  // printf 'wcam corruption\nseed 95\nimage ab\nvariant corruptions/fog/3\n' | sha256sum
  EXPECT_EQ(stream_key(key, variant), (StreamKey{{0x200a9a50, 0x012066a7}, {0x4d7e6c85, 0xca569a17}}));
}

TEST(RandomStreams, AreEqualForEqualKeysAndUnrelatedForOthers) {
  const StreamKey keys[] = {kSomeKey, {{2, 2}, {3, 4}}, {{1, 3}, {3, 4}}, {{1, 2}, {4, 4}}, {{1, 2}, {3, 5}}};
  std::vector<std::vector<double>> normals;
  for (const StreamKey& key : keys) {
    std::vector<double> values(kMany), again(kMany);
    RandomStream(key).fill_normal(values, 0, 1);
    RandomStream(key).fill_normal(again, 0, 1);
    EXPECT_EQ(values, again);
    normals.push_back(std::move(values));
  }
  for (std::size_t a = 0; a < normals.size(); ++a)
    for (std::size_t b = 0; b < a; ++b) {
      const double product =
          std::inner_product(normals[a].begin(), normals[a].end(), normals[b].begin(), 0.0);
      EXPECT_LT(std::abs(product) / static_cast<double>(kMany), 5e-3) << a << " " << b;  // 5 standard errors
    }
}

TEST(RandomStreams, FillAsTheyDrawOneByOne) {
  constexpr std::size_t kCount = 5000;  // more than one refill, and not a whole number of them
  std::vector<std::uint32_t> words(kCount);
  std::vector<double> uniforms(kCount), normals(kCount);
  RandomStream bulk(kSomeKey), single(kSomeKey);
  bulk.word();
  single.word();
  bulk.fill_words(words);
  bulk.fill_uniform(uniforms, -2, 3);
  bulk.fill_normal(normals, 0.5, 0.25);
  for (const auto word : words) EXPECT_EQ(word, single.word());
  for (const double x : uniforms) EXPECT_EQ(x, single.uniform(-2, 3));
  for (const double x : normals) EXPECT_EQ(x, 0.5 + 0.25 * single.normal());
  // Draw i is word i of the counter's row.
  std::vector<std::uint32_t> row(4 * 251);
  fill_philox(row, kSomeKey, 1000);
  RandomStream stream(kSomeKey);
  for (int i = 0; i < 4000; ++i) stream.word();
  for (const auto word : row) EXPECT_EQ(word, stream.word());
}

struct Moments {
  double mean, variance, skewness, kurtosis;
};

Moments moments(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double second = 0, third = 0, fourth = 0;
  for (const double x : values) {
    const double d = x - mean;
    second += d * d / count;
    third += d * d * d / count;
    fourth += d * d * d * d / count;
  }
  return {mean, second, third / std::pow(second, 1.5), fourth / (second * second)};
}

// Of `observed` against equal or given shares.
double chi_square(const std::vector<double>& observed, const std::vector<double>& expected) {
  double sum = 0;
  for (std::size_t i = 0; i < observed.size(); ++i)
    sum += (observed[i] - expected[i]) * (observed[i] - expected[i]) / expected[i];
  return sum;
}

// Five standard deviations of a chi-square beyond its mean.
double chi_square_bound(std::size_t cells) {
  const auto freedom = static_cast<double>(cells - 1);
  return freedom + 5 * std::sqrt(2 * freedom);
}

TEST(RandomStreams, UniformsAreUniform) {
  std::vector<double> values(kMany);
  RandomStream(kSomeKey).fill_uniform(values, 0, 1);
  std::vector<double> cells(1000), pairs(10'000);
  for (std::size_t i = 0; i < kMany; ++i) {
    ASSERT_GE(values[i], 0);
    ASSERT_LT(values[i], 1);
    ++cells[static_cast<std::size_t>(values[i] * 1000)];
    if (i % 2 == 1)  // neighbours
      ++pairs[static_cast<std::size_t>(values[i] * 100) * 100 +
              static_cast<std::size_t>(values[i - 1] * 100)];
  }
  EXPECT_LT(chi_square(cells, std::vector<double>(1000, kMany / 1000.0)), chi_square_bound(1000));
  EXPECT_LT(chi_square(pairs, std::vector<double>(10'000, kMany / 20'000.0)), chi_square_bound(10'000));
}

TEST(RandomStreams, IntegersFillTheirRangeEvenlyAndNoMore) {
  RandomStream stream(kSomeKey);
  for (const auto& [low, high] : {std::pair(-4, 4), {0, 1}, {3, 10}, {-1, 1}}) {
    std::vector<double> cells(static_cast<std::size_t>(high - low));
    for (std::size_t i = 0; i < kMany; ++i)
      ++cells.at(static_cast<std::size_t>(stream.integer(low, high) - low));
    const std::vector<double> even(cells.size(),
                                   static_cast<double>(kMany) / static_cast<double>(cells.size()));
    EXPECT_LE(chi_square(cells, even), chi_square_bound(cells.size())) << low << " " << high;
  }
}

double normal_cumulative(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

TEST(Normals, AreTheQuantilesOfTheirWords) {
  RandomStream stream(kSomeKey);
  std::vector<std::uint32_t> sizes(10'000);
  for (auto& u : sizes) u = stream.word() >> (1U + stream.word() % 31U);  // all octaves
  for (const std::uint32_t end : {0U, 1U, 2U, 0x7ffffffeU, 0x7fffffffU, 0x3fffffffU, 0x40000000U})
    sizes.push_back(end);
  for (const std::uint32_t u : sizes) {
    const double p = (u + 0.5) * 0x1p-32, z = normal_of(u);
    const double density = std::exp(-z * z / 2) / std::sqrt(2 * 3.14159265358979324);
    EXPECT_LE(std::abs(normal_cumulative(z) - p) / density, 1e-7) << u;
    EXPECT_EQ(normal_of(u | 0x80000000U), -z) << u;
  }
  EXPECT_NEAR(normal_of(0x80000000U), 6.338, 1e-3);
}

TEST(Normals, HaveTheMomentsAndShareOfEveryTwentieth) {
  std::vector<double> values(kMany);
  RandomStream(kSomeKey).fill_normal(values, 0, 1);
  const Moments m = moments(values);
  EXPECT_NEAR(m.mean, 0, 5e-3);  // five standard errors each
  EXPECT_NEAR(m.variance, 1, 7.1e-3);
  EXPECT_NEAR(m.skewness, 0, 1.3e-2);
  EXPECT_NEAR(m.kurtosis, 3, 2.5e-2);
  std::vector<double> cells(1000);
  for (const double z : values) ++cells[static_cast<std::size_t>(normal_cumulative(z) * 1000)];
  EXPECT_LT(chi_square(cells, std::vector<double>(1000, kMany / 1000.0)), chi_square_bound(1000));
}

TEST(PoissonTables, HaveTheDistributionOfEveryMean) {
  RandomStream stream(kSomeKey);
  for (const double mean : {0.02, 0.5, 3.0, 11.8, 60.0, 500.0}) {
    const PoissonTable table(mean);
    std::map<int, double> observed;
    for (std::size_t i = 0; i < kMany; ++i) ++observed[table(stream.word())];
    std::vector<double> seen(1), expected(1);  // rare ends share the first cell
    for (int k = 0; k < 1000; ++k) {
      const double share = kMany * std::exp(k * std::log(mean) - mean - std::lgamma(k + 1.0));
      const double count = observed.contains(k) ? observed[k] : 0;
      if (share < 20) {
        seen[0] += count;
        expected[0] += share;
      } else {
        seen.push_back(count);
        expected.push_back(share);
      }
    }
    EXPECT_EQ(std::accumulate(seen.begin(), seen.end(), 0.0), kMany);
    EXPECT_LT(chi_square(seen, expected), chi_square_bound(seen.size())) << mean;
  }
}

TEST(PoissonTables, GrowWithTheWordAndEndAtBothEnds) {
  const PoissonTable table(7.5);
  int before = 0;
  for (std::uint64_t word = 0; word <= 0xffffffffU; word += 99'991) {
    const int k = table(static_cast<std::uint32_t>(word));
    EXPECT_GE(k, before);
    before = k;
  }
  EXPECT_EQ(table(0), 0);
  EXPECT_GE(table(0xffffffff), 30);
  EXPECT_LE(table(0xffffffff), 40);
  const PoissonTable none(0);
  EXPECT_EQ(none(0), 0);
  EXPECT_EQ(none(0xffffffff), 0);
}

TEST(PoissonTables, RefuseMeansTheyDoNotHold) {
  for (const double mean : {-1.0, 500.1, std::nan("")})
    EXPECT_THROW(PoissonTable{mean}, std::invalid_argument);
}

}  // namespace
}  // namespace wcam
