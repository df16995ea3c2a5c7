// Pages as they were looked at and approved, tests/plotting/references/*.png, against those drawn now.
// WCAM_WRITE_REFERENCES=1 plotting_tests --gtest_filter='PageReference*' writes them anew: look at them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <utility>

#include "common/base/file.h"
#include "plotting/figure_cases.h"
#include "plotting/figure_rebuilt.h"
#include "plotting/figure_spatial.h"
#include "plotting/figure_wcam.h"
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
  map.standard_errors.assign(map.cells.size(), 0.06F);
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

Page sample_means() {
  FigureMean content{"Total-order Sobol index", "the first altered variant of each image", "", {}};
  for (const int seed : {1, 2, 3})
    content.cases.push_back({seed == 1   ? "augmix"
                             : seed == 2 ? "fast_adv"
                                         : "our_net",
                             CaseMap{noisy_map(seed), 12, seed == 2 ? std::size_t{5} : 0},
                             CaseMap{noisy_map(seed + 9), 11}});
  content.cases[2].altered = Absent{"not yet explained, or nothing to explain"};
  return figure_mean(content);
}

Page sample_spatial() {
  Figure5 content = test::sample_figure5(2);
  std::get<Explanation>(content.cases[0].altered).map.doubts = {"an index above 1"};
  auto& none = std::get<Explanation>(content.cases[1].altered).map;
  none.cells.assign(none.cells.size(), 0.0F);
  return figure_spatial(content);
}

Page sample_rebuilt_page() {
  Rebuilt source = test::sample_rebuilt(), altered = test::sample_rebuilt();
  for (std::size_t k = 0; k < source.steps.size(); ++k)
    source.steps[k].picture = altered.steps[k].picture = test::sample_picture(224, 60 * static_cast<int>(k));
  source.sufficient = Rebuilt::Sufficient{{31, test::sample_picture(224, 5)}, 784, 0.516, 57};
  altered.sufficient = Absent{"the label never returns"};
  altered.explanation.map.doubts = {"an index above 1"};
  return figure_rebuilt({"cat.jpg", "augmix", "jpeg, severity 5", "tiger cat", "", source, altered});
}

Page sample_wcam() {
  FigureWcam content{"cat.jpg",
                     "jpeg, severity 5",
                     "pixmix",
                     "class 282 (tiger cat), logit 12.3",
                     "Total-order Sobol index",
                     "an index above 1",
                     "lynx",
                     "",
                     test::sample_picture(224, 40),
                     {"tiger cat", noisy_map(4), "tiger cat", 0.93, true}};
  content.explanation.map.doubts = {"an index above 1"};
  return figure_wcam(content);
}

constexpr int kBlock = 4;

// Whether the means of the blocks at (left, top), b's moved by so many pixels, differ by more than a
// sixteenth of the channel's range.
bool block_differs(const test::PngPixels& a, const test::PngPixels& b, int left, int top, int right,
                   int down) {
  constexpr int kApart = 16;
  int sums[3] = {};
  for (int y = top; y < top + kBlock; ++y)
    for (int x = left; x < left + kBlock; ++x) {
      const Rgb p = a.at(x, y),
                q = b.at(std::clamp(x + right, 0, b.width - 1), std::clamp(y + down, 0, b.height - 1));
      sums[0] += p.red - q.red;
      sums[1] += p.green - q.green;
      sums[2] += p.blue - q.blue;
    }
  return std::any_of(std::begin(sums), std::end(sums),
                     [](int sum) { return std::abs(sum) > kApart * kBlock * kBlock; });
}

// Share of blocks of 4 x 4 pixels that differ, wherever within a pixel they are looked for. Glyphs that
// another version of Pango or Cairo sets up to a pixel aside, or smooths otherwise, are found; a panel that
// has moved by two changes all blocks along its edges, and another colour all of its own.
double unlike(const test::PngPixels& a, const test::PngPixels& b) {
  if (a.width != b.width || a.height != b.height) return 1;
  int blocks = 0, differing = 0;
  for (int top = 0; top + kBlock <= a.height; top += kBlock)
    for (int left = 0; left + kBlock <= a.width; left += kBlock) {
      bool differs = true;
      for (int shift = 0; differs && shift < 9; ++shift)
        differs = block_differs(a, b, left, top, shift / 3 - 1, shift % 3 - 1);
      ++blocks;
      differing += differs ? 1 : 0;
    }
  return static_cast<double>(differing) / blocks;
}
// Debian 13's Pango 1.56 and Cairo 1.18 against those of Debian 12, with which the references were drawn: at
// most 0.0005; a photograph moved by two pixels: 0.0053 or more.
constexpr double kTolerated = 0.002;

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
TEST(PageReference, Means) { expect_like_reference(sample_means(), "mean"); }
TEST(PageReference, Places) { expect_like_reference(sample_spatial(), "spatial"); }
TEST(PageReference, RebuiltPhotographs) { expect_like_reference(sample_rebuilt_page(), "rebuilt"); }
TEST(PageReference, LoneWcam) { expect_like_reference(sample_wcam(), "wcam"); }
// None is of a photograph that is not square: a sweep stores the middle that it explained, and a Picture has
// one side (figure.h).

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
  EXPECT_GT(unlike(drawn_, moved(14, 14, 116, 116, -2, 0)), kTolerated);
  EXPECT_GT(unlike(drawn_, moved(14, 14, 116, 116, 0, -2)), kTolerated);
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

// The text below all that has a colour, moved by half a pixel, as another version of Pango would set it.
TEST_F(Comparison, ForgivesGlyphsSetAFractionOfAPixelAside) {
  const auto is_coloured = [&](int x, int y) {
    const Rgb& pixel = drawn_.at(x, y);
    return pixel.red != pixel.green || pixel.green != pixel.blue;
  };
  int below = 0;
  for (int y = 0; y < drawn_.height; ++y)
    for (int x = 0; x < drawn_.width; ++x)
      if (is_coloured(x, y)) below = y + 1;
  test::PngPixels other = drawn_;
  const auto mean = [](int p, int q) { return static_cast<std::uint8_t>((p + q) / 2); };
  for (int y = below; y < other.height; ++y)
    for (int x = 1; x < other.width; ++x) {
      const std::uint8_t grey = mean(drawn_.at(x - 1, y).red, drawn_.at(x, y).red);
      other.rows[static_cast<std::size_t>(y * other.width + x)] = {grey, grey, grey};
    }
  EXPECT_LT(unlike(drawn_, other), kTolerated);
  EXPECT_NE(other.rows, drawn_.rows);
}

}  // namespace
}  // namespace wcam
