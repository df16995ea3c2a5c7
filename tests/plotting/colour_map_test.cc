#include "plotting/colour_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "common/base/error.h"

namespace wcam {

namespace {

using Pinned = std::vector<std::pair<std::size_t, Rgb>>;

void expect_entries(ColourMap map, const Pinned& pinned) {
  const ColourTable table = colour_table(map);
  for (const auto& [index, colour] : pinned) {
    EXPECT_NEAR(table[index].red, colour.red, 1) << "entry " << index;
    EXPECT_NEAR(table[index].green, colour.green, 1) << "entry " << index;
    EXPECT_NEAR(table[index].blue, colour.blue, 1) << "entry " << index;
  }
}

// Both pinned from matplotlib 3.6.3 (Debian 12): round(255 * matplotlib.cm.get_cmap(name)(k)). Within 1,
// since many of jet's entries lie exactly between two bytes.
TEST(ColourMap, JetIsMatplotlibs) {
  expect_entries(ColourMap::kJet, {{0, {0, 0, 128}},
                                   {1, {0, 0, 132}},
                                   {28, {0, 0, 255}},
                                   {32, {0, 0, 255}},
                                   {64, {0, 128, 255}},
                                   {89, {0, 228, 248}},
                                   {100, {35, 255, 212}},
                                   {128, {125, 255, 122}},
                                   {166, {248, 245, 0}},
                                   {200, {255, 119, 0}},
                                   {230, {241, 8, 0}},
                                   {255, {128, 0, 0}}});
}

TEST(ColourMap, ViridisIsMatplotlibs) {
  expect_entries(ColourMap::kViridis, {{0, {68, 1, 84}},
                                       {1, {68, 2, 86}},
                                       {28, {72, 40, 120}},
                                       {32, {71, 45, 123}},
                                       {64, {59, 82, 139}},
                                       {89, {47, 108, 142}},
                                       {100, {42, 118, 142}},
                                       {128, {33, 145, 140}},
                                       {166, {47, 180, 124}},
                                       {200, {112, 207, 87}},
                                       {230, {189, 223, 38}},
                                       {255, {253, 231, 37}}});
}

TEST(ColourMap, ViridisGrowsLighterAllTheWay) {
  const ColourTable table = colour_table(ColourMap::kViridis);
  const auto luminance = [](const Rgb& c) { return 0.2126 * c.red + 0.7152 * c.green + 0.0722 * c.blue; };
  for (std::size_t k = 8; k < kColours; k += 8) EXPECT_GT(luminance(table[k]), luminance(table[k - 8])) << k;
}

TEST(ColourMap, UnknownNameListsTheKnownOnes) {
  EXPECT_EQ(parse_colour_map("viridis"), ColourMap::kViridis);
  try {
    (void)parse_colour_map("hot");
    FAIL() << "accepted";
  } catch (const UsageError& e) {
    EXPECT_STREQ(e.what(), "unknown colour map 'hot'; known: jet, viridis, ink");
  }
}

TEST(ColourIndex, RunsFromTheFirstToTheLastEntry) {
  const ColourRange range{-1, 1};
  EXPECT_EQ(colour_index(-1, range), 0u);
  EXPECT_EQ(colour_index(0, range), 128u);
  EXPECT_EQ(colour_index(std::nextafter(1.0, 0.0), range), 255u);
  EXPECT_EQ(colour_index(1, range), 255u);
}

TEST(ColourIndex, ClampsWhatIsOutside) {
  EXPECT_EQ(colour_index(-5, {0, 1}), 0u);
  EXPECT_EQ(colour_index(5, {0, 1}), 255u);
  EXPECT_EQ(colour_index(INFINITY, {0, 1}), 255u);
  EXPECT_EQ(colour_index(NAN, {0, 1}), 0u);
}

TEST(ColourIndex, ConstantMapIsAllOfTheLowColour) { EXPECT_EQ(colour_index(0.5, {0.5, 0.5}), 0u); }

TEST(RangeOf, SpansAllMaps) {
  const std::vector<float> a{0.25f, 0.5f}, b{-0.125f, 0.375f};
  const std::vector<const std::vector<float>*> both{&a, &b};
  EXPECT_EQ(range_of(both), (ColourRange{-0.125, 0.5}));
  EXPECT_EQ(range_of({}), (ColourRange{0, 0}));
}

// L*a*b* of 8-bit sRGB, by the inverse of the formulas that the maps are made with.
std::array<double, 3> lab_of(const Rgb& colour) {
  const auto linear = [](int channel) {
    const double share = channel / 255.0;
    return share <= 0.04045 ? share / 12.92 : std::pow((share + 0.055) / 1.055, 2.4);
  };
  const double r = linear(colour.red), g = linear(colour.green), b = linear(colour.blue);
  const auto root = [](double t) { return t > 216.0 / 24389 ? std::cbrt(t) : (24389.0 / 27 * t + 16) / 116; };
  const double fx = root((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047),
               fy = root(0.2126 * r + 0.7152 * g + 0.0722 * b),
               fz = root((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
  return {116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)};
}

double apart(const Rgb& a, const Rgb& b) {
  const auto x = lab_of(a), y = lab_of(b);
  return std::hypot(x[0] - y[0], x[1] - y[1], x[2] - y[2]);
}

// Over 17 entries, so that rounding to bytes does not show.
TEST(ColourMap, EqualStepsOfInkLookEquallyFarApartAndAllAreDarker) {
  const ColourTable table = colour_table(ColourMap::kInk);
  const double step = apart(table[0], table[17]);
  for (std::size_t k = 17; k + 17 < kColours; k += 17) {
    EXPECT_NEAR(apart(table[k], table[k + 17]), step, 0.1 * step) << k;
    EXPECT_LT(lab_of(table[k])[0], lab_of(table[k - 17])[0] - 3) << k;
  }
}

TEST(ColourMap, DivergingIsAsDarkBelowZeroAsAboveAndWhiteAtIt) {
  const ColourTable table = colour_table(ColourMap::kDiverging);
  for (std::size_t k = 0; k < 128; k += 8) {
    EXPECT_NEAR(lab_of(table[k])[0], lab_of(table[255 - k])[0], 1.5) << k;
    EXPECT_NEAR(apart(table[k], table[128]), apart(table[255 - k], table[127]), 4) << k;
  }
  EXPECT_LT(apart(table[127], {255, 255, 255}), 1.5);
}

// As seen without cones for red and for green light, G. Machado et al., IEEE Trans. Vis. Comput. Graph.
// 15(6), 2009, severity 1.0, on linear RGB.
using Matrix = std::array<std::array<double, 3>, 3>;
constexpr Matrix kBlind[] = {
    {{{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}},
    {{{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}}};

Rgb seen_by(const Matrix& matrix, const Rgb& colour) {
  const double linear[] = {std::pow(colour.red / 255.0, 2.2), std::pow(colour.green / 255.0, 2.2),
                           std::pow(colour.blue / 255.0, 2.2)};
  std::uint8_t bytes[3];
  for (std::size_t i = 0; i < 3; ++i) {
    double sum = 0;
    for (std::size_t k = 0; k < 3; ++k) sum += matrix[i][k] * linear[k];
    bytes[i] = static_cast<std::uint8_t>(255 * std::pow(std::clamp(sum, 0.0, 1.0), 1 / 2.2));
  }
  return {bytes[0], bytes[1], bytes[2]};
}

TEST(ColourMap, TheColourBlindTellDivergingsEndsApart) {
  const ColourTable table = colour_table(ColourMap::kDiverging);
  for (const auto& matrix : kBlind) {
    EXPECT_GT(apart(seen_by(matrix, table[0]), seen_by(matrix, table[255])), 60);
    EXPECT_GT(apart(seen_by(matrix, table[64]), seen_by(matrix, table[191])), 30);
  }
}

TEST(ColourMap, WhatIsSetBackHasTheColourOfZeroAtZeroAndIsNearerToItElsewhere) {
  for (const ColourMap map : {ColourMap::kInk, ColourMap::kViridis, ColourMap::kJet, ColourMap::kDiverging})
    for (const ColourRange& range : {ColourRange{0, 1}, ColourRange{-0.3, 0.7}, ColourRange{-1, 1}}) {
      const ColourTable table = colour_table(map), faint = set_back(table, range);
      const Rgb& zero = table[colour_index(0, range)];
      EXPECT_EQ(faint[colour_index(0, range)], zero);
      for (std::size_t k = 0; k < kColours; ++k) {
        const double far = apart(table[k], zero);
        EXPECT_LE(apart(faint[k], zero), 0.75 * far + 1) << k;
        if (far > 30) {
          EXPECT_GT(apart(faint[k], table[k]), 15) << k;
        }
      }
    }
  EXPECT_EQ(set_back(colour_table(ColourMap::kInk), {0.2, 1}).front(), colour_table(ColourMap::kInk).front())
      << "of a range that has no 0";
}

// Cells at 0 are most of a map: none of them, noise or not, is to look like a mark.
TEST(ColourMap, InkBeginsWithoutATint) {
  const auto lab = lab_of(colour_table(ColourMap::kInk).front());
  EXPECT_LT(std::hypot(lab[1], lab[2]), 1);
  EXPECT_GT(lab[0], 97);
}

// By all that see colours, and by those without cones for red or for green light.
TEST(ColourMap, ALargeIndexSetBackIsNotTakenForASmallOne) {
  const ColourTable table = colour_table(ColourMap::kInk), faint = set_back(table, {0, 1});
  const auto nearest = [&](auto seen) {
    double least = 1000;
    for (const Rgb& colour : table) least = std::min(least, apart(seen(colour), seen(faint.back())));
    return least;
  };
  EXPECT_GT(nearest([](const Rgb& colour) { return colour; }), 12);
  for (const auto& matrix : kBlind)
    EXPECT_GT(nearest([&](const Rgb& colour) { return seen_by(matrix, colour); }), 9);
}

TEST(ColourMap, TheColourBlindSeeInkGrowDarkerAllTheWay) {
  const ColourTable table = colour_table(ColourMap::kInk);
  for (const auto& matrix : kBlind)
    for (std::size_t k = 8; k < kColours; k += 8)
      EXPECT_LT(lab_of(seen_by(matrix, table[k]))[0], lab_of(seen_by(matrix, table[k - 8]))[0]) << k;
}

}  // namespace
}  // namespace wcam
