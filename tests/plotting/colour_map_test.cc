#include "plotting/colour_map.h"

#include <gtest/gtest.h>

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
    EXPECT_STREQ(e.what(), "unknown colour map 'hot'; known: jet, viridis");
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

}  // namespace
}  // namespace wcam
