// Pages as they were looked at and approved, tests/plotting/references/*.png, against those drawn now.
// WCAM_WRITE_REFERENCES=1 plotting_tests --gtest_filter='PageReference*' writes them anew: look at them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>

#include "common/base/file.h"
#include "plotting/figure_cases.h"
#include "plotting/page.h"
#include "tests/plotting/sample_figures.h"
#include "tests/support.h"

namespace wcam {
namespace {

DrawOptions plain() {
  DrawOptions options;
  options.format = Format::kPng;
  options.dpi = 100;
  return options;
}

Map noisy_map(int seed) {
  Map map = test::sample_map(28, seed);
  map.standard_errors.assign(map.cells.size(), 0.03F);
  return map;
}

Page sample_page5(int cases) {
  Figure5 content = test::sample_figure5(cases);
  for (int i = 0; i < cases; ++i) {
    auto& column = content.cases[static_cast<std::size_t>(i)];
    column.source = Explanation{"tiger cat", noisy_map(i + 1), "tiger cat", 0.93};
    column.altered = Explanation{"lynx", noisy_map(i + 40), "lynx", 0.41, i % 2 == 1};
  }
  content.cases[0].case_name = "baseline";
  return figure5(content);
}

Page sample_page4() {
  Figure4 content = test::sample_figure4();
  content.unaffected = Absent{"no unaffected variant"};
  return figure4(content);
}

Page sample_differences() {
  FigureDifference content{"", "jpeg, severity 5", "", {}};
  for (const int seed : {1, 2}) {
    Map map = noisy_map(seed);
    for (std::size_t i = 0; i < map.cells.size(); i += 3) map.cells[i] *= -1;
    content.cases.push_back({seed == 1 ? "augmix" : "pixmix", CaseMap{map, 17}});
  }
  return figure_difference(content);
}

// Share of blocks of 4 x 4 pixels whose mean differs by more than a sixteenth of the channel's range. Glyphs
// that another version of Pango or Cairo sets a fraction of a pixel aside, or smooths otherwise, hardly
// change a block's mean; a panel that has moved changes all blocks along its edges, and another colour all of
// its own.
double unlike(const test::PngPixels& a, const test::PngPixels& b) {
  constexpr int kBlock = 4, kApart = 16;
  if (a.width != b.width || a.height != b.height) return 1;
  int blocks = 0, differing = 0;
  for (int top = 0; top + kBlock <= a.height; top += kBlock)
    for (int left = 0; left + kBlock <= a.width; left += kBlock) {
      int sums[3] = {};
      for (int y = top; y < top + kBlock; ++y)
        for (int x = left; x < left + kBlock; ++x) {
          sums[0] += a.at(x, y).red - b.at(x, y).red;
          sums[1] += a.at(x, y).green - b.at(x, y).green;
          sums[2] += a.at(x, y).blue - b.at(x, y).blue;
        }
      ++blocks;
      differing += std::any_of(std::begin(sums), std::end(sums),
                               [](int sum) { return std::abs(sum) > kApart * kBlock * kBlock; })
                       ? 1
                       : 0;
    }
  return static_cast<double>(differing) / blocks;
}
// Glyphs all set half a pixel aside: 0.0044; a photograph moved by two pixels: 0.0082; cells not set back:
// 0.039.
constexpr double kTolerated = 0.006;

void expect_like_reference(const Page& page, const std::string& name) {
  const auto file = std::filesystem::path(WCAM_SOURCE_DIR) / "tests/plotting/references" / (name + ".png");
  const std::string drawn = draw(page, plain());
  if (std::getenv("WCAM_WRITE_REFERENCES") != nullptr) write_file_atomically(file, drawn);
  EXPECT_LT(unlike(test::decode_png(drawn), test::decode_png(read_file(file))), kTolerated) << file;
}

TEST(PageReference, FigureFive) { expect_like_reference(sample_page5(3), "figure5"); }
TEST(PageReference, FigureFiveInBands) { expect_like_reference(sample_page5(9), "figure5_bands"); }
TEST(PageReference, FigureFourWithAPanelMissing) { expect_like_reference(sample_page4(), "figure4"); }
TEST(PageReference, Differences) { expect_like_reference(sample_differences(), "difference"); }

// What the comparison above can tell.
class Comparison : public testing::Test {
 protected:
  const test::PngPixels drawn_ = test::decode_png(draw(sample_page5(3), plain()));

  // The rectangle moved by so many pixels, white where it was.
  test::PngPixels moved(int left, int top, int width, int height, int right, int down) const {
    test::PngPixels other = drawn_;
    const auto put = [&](int x, int y, const Rgb& colour) {
      other.rows[static_cast<std::size_t>(y * other.width + x)] = colour;
    };
    for (int y = top; y < top + height; ++y)
      for (int x = left; x < left + width; ++x) put(x, y, {255, 255, 255});
    for (int y = top; y < top + height; ++y)
      for (int x = left; x < left + width; ++x) put(x + right, y + down, drawn_.at(x, y));
    return other;
  }
};

TEST_F(Comparison, FindsAPanelThatHasMovedByTwoPixels) {
  // The photograph: 16 to 126 pixels across, 15 down.
  EXPECT_GT(unlike(drawn_, moved(14, 14, 116, 116, 0, 2)), kTolerated);
  EXPECT_GT(unlike(drawn_, moved(14, 14, 116, 116, 2, 0)), kTolerated);
}

TEST_F(Comparison, FindsAnotherMapOfColours) {
  DrawOptions other = plain();
  other.colour_map = ColourMap::kViridis;
  EXPECT_GT(unlike(drawn_, test::decode_png(draw(sample_page5(3), other))), kTolerated);
}

TEST_F(Comparison, FindsCellsThatAreNotSetBack) {
  Page page = sample_page5(3);
  std::get<Map>(page.rows[1].panels[2].content).standard_errors.clear();
  EXPECT_GT(unlike(drawn_, test::decode_png(draw(page, plain()))), kTolerated);
}

TEST_F(Comparison, FindsMapsThatHaveChangedPlaces) {
  Page page = sample_page5(3);
  std::swap(page.rows[0].panels[1].content, page.rows[0].panels[2].content);
  EXPECT_GT(unlike(drawn_, test::decode_png(draw(page, plain()))), kTolerated);
}

// The caption below everything, moved by half a pixel, as another version of Pango would set it.
TEST_F(Comparison, ForgivesGlyphsSetAFractionOfAPixelAside) {
  test::PngPixels other = drawn_;
  for (int y = 0; y < other.height; ++y)
    for (int x = 1; x < other.width; ++x) {
      const Rgb a = drawn_.at(x - 1, y), b = drawn_.at(x, y);
      const auto mean = [](int p, int q) { return static_cast<std::uint8_t>((p + q) / 2); };
      // Text alone: grey on white.
      const bool grey = a.red == a.green && a.green == a.blue && b.red == b.green && b.green == b.blue;
      if (grey)
        other.rows[static_cast<std::size_t>(y * other.width + x)] = {mean(a.red, b.red), mean(a.red, b.red),
                                                                     mean(a.red, b.red)};
    }
  EXPECT_LT(unlike(drawn_, other), kTolerated);
  EXPECT_NE(other.rows, drawn_.rows);
}

}  // namespace
}  // namespace wcam
