#include "plotting/figure.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/study/wcam_map.h"
#include "plotting/figure_wcam.h"
#include "tests/plotting/sample_figures.h"

namespace wcam {
namespace {

constexpr Rgb kWhite{255, 255, 255}, kGrey{238, 238, 238};

std::string draw_as(const Figure& figure, Format format, RangeScope range = RangeScope::kPanel,
                    double dpi = 100) {
  DrawOptions options;
  options.style = Style::kPublished;
  options.format = format;
  options.range = range;
  options.dpi = dpi;
  return draw(figure, options);
}

class EveryFormat : public testing::TestWithParam<Format> {};
INSTANTIATE_TEST_SUITE_P(Figures, EveryFormat, testing::Values(Format::kPdf, Format::kPng, Format::kSvg),
                         [](const auto& format) { return to_string(format.param); });

TEST_P(EveryFormat, SameFigureGivesTheSameBytes) {
  const Figure figure = published_figure5(test::sample_figure5(3));
  const std::string first = draw_as(figure, GetParam());
  // Another figure between: no counter of the process may show in the bytes.
  (void)draw_as(published_figure4(test::sample_figure4()), GetParam());
  EXPECT_EQ(draw_as(figure, GetParam()), first);
}

TEST_P(EveryFormat, FigureOfSevenColumnsStaysBelowAMegabyte) {
  EXPECT_LT(draw_as(published_figure5(test::sample_figure5(6)), GetParam()).size(), 1'000'000u);
}

TEST_P(EveryFormat, MissingPanelsAreDrawnEmpty) {
  Figure4 four = test::sample_figure4();
  four.source = four.unaffected = four.affected = Absent{"not yet explained"};
  for (const auto range : {RangeScope::kPanel, RangeScope::kRow, RangeScope::kFigure})
    EXPECT_FALSE(draw_as(published_figure4(four), GetParam(), range).empty());
}

TEST(FigurePdf, IsFourInchesAColumnByEight) {
  EXPECT_NE(
      draw_as(published_figure4(test::sample_figure4()), Format::kPdf).find("/MediaBox [ 0 0 864 576 ]"),
      std::string::npos);
  EXPECT_NE(
      draw_as(published_figure5(test::sample_figure5(6)), Format::kPdf).find("/MediaBox [ 0 0 2016 576 ]"),
      std::string::npos);
}

// A figure that is one map, one pixel of which is one pixel of the PNG: 224 points high and wide at 72 dpi.
Figure bare_map(const Map& map) {
  Figure figure;
  figure.style.column_width_pt = 240;
  figure.style.height_pt = 224 + 2 * 4 + 3.5;  // margins and the gap of a title without lines
  figure.style.title_pt = {{}};
  figure.panels = {{{}, map}};
  return figure;
}
constexpr int kBareX = 8, kBareY = 8;

TEST(FigureMap, PixelsAreTheUpsampledIndicesInTheMapsOwnRange) {
  const Map map = test::sample_map(28, 3);
  const auto png = test::decode_png(draw_as(bare_map(map), Format::kPng, RangeScope::kPanel, 72));
  const auto values = upsample_bicubic(map.cells, 28, 224);
  const std::vector<float>* own[] = {&values};
  const ColourRange range = range_of(own);
  const ColourTable table = colour_table(ColourMap::kJet);
  for (int y = 0; y < 224; ++y)
    for (int x = 0; x < 224; ++x) {
      if (png.at(kBareX + x, kBareY + y) == kWhite) continue;  // a subband line
      const double value = values[static_cast<std::size_t>(y * 224 + x)];
      ASSERT_EQ(png.at(kBareX + x, kBareY + y), table[colour_index(value, range)]) << x << ", " << y;
    }
}

// Lines are 2 pixels wide at 72 dpi: one on either side of the edge between pixels 111|112, 55|56 and 27|28.
TEST(FigureMap, SubbandLinesLieOnTheEdgesOfBlocksAndStopThere) {
  const auto png =
      test::decode_png(draw_as(bare_map({2, 3, 224, {0, 0, 0, 0}}), Format::kPng, RangeScope::kPanel, 72));
  const auto on_edge = [](int k, int edge) { return k == edge - 1 || k == edge; };
  for (int y = 0; y < 224; ++y)
    for (int x = 0; x < 224; ++x) {
      bool line = false;
      for (const int edge : {112, 56, 28})
        line = line || (on_edge(x, edge) && y < 2 * edge) || (on_edge(y, edge) && x < 2 * edge);
      ASSERT_EQ(png.at(kBareX + x, kBareY + y) == kWhite, line) << x << ", " << y;
    }
}

TEST(FigureMap, SubbandLinesAreSharpAndInTheMiddleAtAnyResolution) {
  for (const double dpi : {50.0, 100.0, 131.0, 150.0, 300.0}) {
    Figure figure =
        published_figure_wcam({"", "", "", "", "", "", "", "", Absent{"-"}, {"", {2, 1, 224, {0, 0, 0, 0}}}});
    const Rect panel = layout(figure.style).at(0, 1).panel;
    const auto png = test::decode_png(draw_as(figure, Format::kPng, RangeScope::kPanel, dpi));
    const double scale = dpi / 72;
    const int left = static_cast<int>(std::round(panel.x * scale)),
              top = static_cast<int>(std::round(panel.y * scale));
    const int side = static_cast<int>(std::round(panel.width * scale));
    const int width = static_cast<int>(std::round(1.5 * scale));
    int white = 0, first = -1;
    for (int x = 0; x < side; ++x) {
      const Rgb& pixel = png.at(left + x, top + side / 4);
      ASSERT_TRUE(pixel == kWhite || pixel == (Rgb{0, 0, 128})) << "blurred at " << x << ", dpi " << dpi;
      if (pixel == kWhite && white++ == 0) first = x;
    }
    EXPECT_EQ(white, width) << dpi;
    EXPECT_NEAR(first + width / 2.0, side / 2.0, 0.5) << dpi;
  }
}

TEST(FigureRange, SharedRangeMakesEqualValuesEqualColours) {
  Figure5 content = test::sample_figure5(1);
  Map low{8, 1, 224, std::vector<float>(64, 0.1f)}, high = low;
  high.cells.back() = 1;
  content.cases[0].source = Explanation{"cat", low};
  content.cases[0].altered = Explanation{"cat", high};
  const Figure figure = published_figure5(content);
  const auto layout_with_bars = [&](RangeScope range) {
    GridStyle style = figure.style;
    style.colour_bars = range != RangeScope::kPanel;
    return layout(style);
  };
  const auto corner = [&](RangeScope range, int row) {
    const auto png = test::decode_png(draw_as(figure, Format::kPng, range, 72));
    const Rect panel = layout_with_bars(range).at(row, 1).panel;
    return png.at(static_cast<int>(panel.x) + 10, static_cast<int>(panel.y) + 10);
  };
  EXPECT_EQ(corner(RangeScope::kPanel, 0), (Rgb{0, 0, 128})) << "constant: the low colour";
  EXPECT_NE(corner(RangeScope::kPanel, 1), corner(RangeScope::kPanel, 0)) << "above its undershoot";
  EXPECT_EQ(corner(RangeScope::kFigure, 1), corner(RangeScope::kFigure, 0));
}

TEST(FigureRange, SharedRangeAddsABarAtTheRight) {
  const Figure figure = published_figure5(test::sample_figure5(2));
  const auto own = test::decode_png(draw_as(figure, Format::kPng));
  const auto shared = test::decode_png(draw_as(figure, Format::kPng, RangeScope::kRow));
  EXPECT_EQ(own.width, 1200);
  EXPECT_GT(shared.width, own.width + 50);
}

TEST(FigureNote, SaysWhatAQuestionMarkMeansWhereThereIsOne) {
  Figure4 four = test::sample_figure4();
  Figure5 five = test::sample_figure5(2);
  EXPECT_EQ(published_figure4(four).note + published_figure5(five).note, "");
  std::get<ShownVariant>(four.affected).explanation.map.doubts = {"an index above 1"};
  std::get<Explanation>(five.cases[1].altered).map.doubts = {"an index above 1"};
  const std::string note = "? doubtful: see docs/reading_results.md";
  EXPECT_EQ(published_figure4(four).note, note);
  EXPECT_EQ(published_figure5(five).note, note);
  const auto drawn = test::decode_png(draw_as(published_figure4(four), Format::kPng));
  EXPECT_GT(drawn.height, 800);
  EXPECT_TRUE(std::any_of(drawn.rows.begin() + 800 * drawn.width, drawn.rows.end(),
                          [](const Rgb& pixel) { return !(pixel == kWhite); }));
}

TEST(Figure4Panels, AreTitledByWhatTheyAreAndWhatIsPredicted) {
  const Figure figure = published_figure4(test::sample_figure4());
  ASSERT_EQ(figure.panels.size(), 6u);
  EXPECT_EQ(figure.heading, "Case: baseline");
  using Title = std::vector<std::string>;
  EXPECT_EQ(figure.panels[0].title, (Title{"Source", "Prediction: tiger cat", "cat.jpg"}));
  EXPECT_EQ(figure.panels[1].title,
            (Title{"Corrupted, unaffected", "Prediction: tiger cat", "brightness, severity 1"}));
  EXPECT_EQ(figure.panels[2].title,
            (Title{"Corrupted, affected", "Prediction: lynx", "motion-blur, severity 3"}));
  for (std::size_t i = 3; i < 6; ++i) {
    EXPECT_EQ(figure.panels[i].title, Title{"WCAM"});
    EXPECT_TRUE(std::holds_alternative<Map>(figure.panels[i].content));
  }
}

TEST(Figure4Panels, MissingVariantIsSaidInBothRowsAndNothingTakesItsPlace) {
  Figure4 content = test::sample_figure4();
  content.unaffected = Absent{"no unaffected variant"};
  const Figure figure = published_figure4(content);
  for (const std::size_t i : {1u, 4u})
    EXPECT_EQ(std::get<Absent>(figure.panels[i].content).words, "no unaffected variant");
  const auto png = test::decode_png(draw_as(figure, Format::kPng));
  for (const int row : {0, 1}) {
    const Rect panel = layout(figure.style).at(row, 1).panel;
    EXPECT_EQ(png.at(static_cast<int>((panel.x + 5) * 100 / 72), static_cast<int>((panel.y + 5) * 100 / 72)),
              kGrey);
  }
}

TEST(Figure4Panels, EditedImagesAreCalledSo) {
  Figure4 content = test::sample_figure4();
  content.perturbation = "editing";
  EXPECT_EQ(published_figure4(content).panels[2].title[0], "Edited, affected");
}

TEST(Figure5Panels, AreAColumnACaseInTheGivenOrder) {
  Figure5 content = test::sample_figure5(2);
  content.cases[1].altered = Absent{"not yet explained"};
  const Figure figure = published_figure5(content);
  using Title = std::vector<std::string>;
  ASSERT_EQ(figure.panels.size(), 6u);
  EXPECT_EQ(figure.panels[0].title, (Title{"", "Source image", "cat.jpg"}));
  EXPECT_EQ(figure.panels[1].title,
            (Title{"case_0 case", "WCAM on the source image", "Prediction: tiger cat"}));
  EXPECT_EQ(figure.panels[2].title,
            (Title{"case_1 case", "WCAM on the source image", "Prediction: tiger cat"}));
  EXPECT_EQ(figure.panels[3].title, (Title{"Altered image", "motion-blur, severity 3"}));
  EXPECT_EQ(figure.panels[4].title, (Title{"WCAM on the altered image", "Prediction: lynx"}));
  EXPECT_EQ(figure.panels[5].title, (Title{"WCAM on the altered image"}));
  EXPECT_EQ(std::get<Absent>(figure.panels[5].content).words, "not yet explained");
}

FigureWcam sample_wcam(const std::string& doubts) {
  return {"cat.jpg",   "motion-blur, severity 3",
          "baseline",  "class 282 (tiger cat), logit 12.3",
          "",          doubts,
          "",          "",
          Absent{"-"}, {}};
}

TEST(FigureWcamPanels, NameImageVariantAndCase) {
  const Figure figure = published_figure_wcam(sample_wcam(""));
  using Title = std::vector<std::string>;
  EXPECT_EQ(figure.panels[0].title, (Title{"cat.jpg", "motion-blur, severity 3"}));
  EXPECT_EQ(figure.panels[1].title, (Title{"WCAM, case baseline", "class 282 (tiger cat), logit 12.3"}));
  EXPECT_EQ(figure.name, "WCAM of cat.jpg, motion-blur, severity 3, case baseline");
  EXPECT_EQ(figure.style.heading_pt, 0);
}

TEST(FigureWcamPanels, SayAboveThemWhyTheIndicesAreDoubtful) {
  const Figure figure = published_figure_wcam(sample_wcam("an index above 1, no standard error"));
  EXPECT_EQ(figure.heading, "Doubtful: an index above 1, no standard error");
  EXPECT_GT(layout(figure.style).heading.size_pt, 0);
}

// The mark lies in the map's corner: all else stays where it was published.
TEST(Figure4Panels, ADoubtfulMapHasAMarkInItsCornerAndChangesNothingElse) {
  Figure4 content = test::sample_figure4();
  const auto plain = test::decode_png(draw_as(published_figure4(content), Format::kPng));
  std::get<ShownVariant>(content.source).explanation.map.doubts = {"an index above 1"};
  const Figure figure = published_figure4(content);
  const auto marked = test::decode_png(draw_as(figure, Format::kPng));
  const Rect panel = layout(figure.style).at(1, 0).panel;
  const double scale = 100.0 / 72;
  int changed = 0;
  for (int y = 0; y < plain.height; ++y)
    for (int x = 0; x < plain.width; ++x) {
      if (plain.at(x, y) == marked.at(x, y)) continue;
      ++changed;
      ASSERT_TRUE(x >= (panel.right() - 14) * scale && x <= panel.right() * scale + 1 &&
                  y >= (panel.bottom() - 14) * scale && y <= panel.bottom() * scale + 1)
          << x << ", " << y;
    }
  EXPECT_GT(changed, 100);
}

}  // namespace
}  // namespace wcam
