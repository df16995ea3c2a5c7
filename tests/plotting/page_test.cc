#include "plotting/page.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "plotting/figure_cases.h"
#include "plotting/figure_rebuilt.h"
#include "plotting/figure_spatial.h"
#include "plotting/figure_wcam.h"
#include "plotting/page_layout.h"
#include "tests/plotting/sample_figures.h"

namespace wcam {
namespace {

using Lines = std::vector<std::string>;

DrawOptions options_for(Format format, double dpi = 100) {
  DrawOptions options;
  options.format = format;
  options.dpi = dpi;
  return options;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A page of one map with nothing round it, drawn at 288 dpi: 4 pixels a point.
Page bare_page(const Map& map) {
  Page page;
  page.titles = {""};
  page.rows.push_back({"", "Index", ColourMap::kInk, {{map}}});
  return page;
}

// Colours in the middles of the cells of the only map, row-major.
std::vector<Rgb> cell_colours(const Page& page, const DrawOptions& options) {
  const auto png = test::decode_png(draw(page, options));
  const Map& map = std::get<Map>(page.rows[0].panels[0].content);
  const Rect panel = page_layout({page_columns(options.width_pt, 1, 0, true), 0, {0}, 0}).panels[0];
  const double scale = *options.dpi / 72;
  std::vector<Rgb> colours;
  for (int y = 0; y < map.grid; ++y)
    for (int x = 0; x < map.grid; ++x)
      colours.push_back(png.at(static_cast<int>((panel.x + (x + 0.4) * panel.width / map.grid) * scale),
                               static_cast<int>((panel.y + (y + 0.4) * panel.width / map.grid) * scale)));
  return colours;
}

TEST(PageMap, CellsHaveTheirOwnColourOnTheScaleOfTheData) {
  Map map{4, 1, 16, {}};
  for (int i = 0; i < 16; ++i) map.cells.push_back(0.1F * static_cast<float>(i * i % 11) - 0.2F);
  map.standard_errors.assign(16, 0.0F);
  map.cells[5] = 0.3F;
  map.standard_errors[5] = 0.2F;  // within two of 0
  const Page page = bare_page(map);
  const ColourTable table = colour_table(ColourMap::kInk);
  const std::vector<float>* own[] = {&map.cells};
  const ColourRange range = range_of(own);
  const std::vector<Rgb> drawn = cell_colours(page, options_for(Format::kPng, 288));
  // The names of subbands cover the upper left corners of theirs: cells 0, 2, 8 and 10.
  for (const std::size_t i : {1U, 3U, 4U, 5U, 6U, 7U, 9U, 11U, 12U, 13U, 14U, 15U}) {
    const Rgb& colour = table[colour_index(static_cast<double>(map.cells[i]), range)];
    EXPECT_EQ(drawn[i], i == 5 ? set_back(colour) : colour) << i;
  }
}

TEST(PageMap, WithTheLargestCutTheOthersSpanTheColours) {
  Map map{4, 1, 16, std::vector<float>(16, 0.5F)};
  map.cells[6] = 0;
  map.cells[7] = 100;
  DrawOptions options = options_for(Format::kPng, 288);
  options.cut_percent = 7;
  EXPECT_TRUE(contains(caption(bare_page(map), options), ">: values beyond have the last colour."));
  const std::vector<Rgb> drawn = cell_colours(bare_page(map), options);
  EXPECT_EQ(drawn[5], drawn[7]) << "what is beyond has the last colour";
  EXPECT_EQ(drawn[5], colour_table(ColourMap::kInk).back());
  EXPECT_TRUE(contains(caption(bare_page(map), options),
                       "Index: colours from 0 to 0.5, 1 of 16 values beyond, the largest 100."));
  options.cut_percent = 0;
  EXPECT_TRUE(contains(caption(bare_page(map), options), "Index: colours from 0 to 100, nothing cut."));
  EXPECT_FALSE(contains(caption(bare_page(map), options), ">: "));
}

// One of large indices and one of small ones: equal values look equal, and other rows do not matter.
TEST(PageMap, MapsOfARowShareOneScale) {
  Map low{2, 1, 16, {0, 0.1F, 0.2F, 0.3F}}, high{2, 1, 16, {0.3F, 0.4F, 0.9F, 1.0F}},
      other{2, 1, 16, {0, 0, 0, 50}};
  Page page;
  page.titles = {"", ""};
  page.rows.push_back({"", "Index", ColourMap::kInk, {{low}, {high}}});
  page.rows.push_back({"", "Index", ColourMap::kInk, {{other}, {other}}});
  DrawOptions options = options_for(Format::kPng, 144);
  options.cut_percent = 0;
  const PageLayout places = page_layout({page_columns(options.width_pt, 2, 0, true), 0, {0, 0}, 0});
  const auto colour = [&](std::size_t column, int x, int y) {
    const Rect& panel = places.panels[column];
    const auto png = test::decode_png(draw(page, options));
    return png.at(static_cast<int>(2 * (panel.x + (x + 0.7) * panel.width / 2)),
                  static_cast<int>(2 * (panel.y + (y + 0.7) * panel.width / 2)));
  };
  const ColourTable table = colour_table(ColourMap::kInk);
  EXPECT_EQ(colour(0, 1, 1), table[colour_index(0.3F, {0, 1})]) << "0.3 of the map of small ones";
  EXPECT_EQ(colour(0, 1, 1), colour(1, 0, 0)) << "and of the other";
  options.range = RangeScope::kFigure;
  EXPECT_EQ(colour(1, 1, 1), table[colour_index(1.0, {0, 50})]);
}

class EveryPageFormat : public testing::TestWithParam<Format> {};
INSTANTIATE_TEST_SUITE_P(Pages, EveryPageFormat, testing::Values(Format::kPdf, Format::kPng, Format::kSvg),
                         [](const auto& format) { return to_string(format.param); });

TEST_P(EveryPageFormat, SamePageGivesTheSameBytes) {
  const Page page = figure5(test::sample_figure5(3));
  const std::string first = draw(page, options_for(GetParam()));
  (void)draw(figure4(test::sample_figure4()), options_for(GetParam()));
  EXPECT_EQ(draw(page, options_for(GetParam())), first);
}

TEST_P(EveryPageFormat, OneToTwelveCasesAreDrawnOnEveryWidth) {
  for (const double inches : {3.25, 5.5, 6.8})
    for (const int cases : {1, 2, 5, 6, 7, 12}) {
      DrawOptions options = options_for(GetParam(), 50);
      options.width_pt = 72 * inches;
      EXPECT_LT(draw(figure5(test::sample_figure5(cases)), options).size(), 1'000'000u)
          << inches << " " << cases;
    }
}

TEST_P(EveryPageFormat, WhatIsMissingIsSaid) {
  Figure5 five = test::sample_figure5(2);
  five.altered = Absent{"no affected variant"};
  five.cases[0].altered = five.cases[1].altered = Absent{"no affected variant"};
  const std::string missing = draw(figure5(five), options_for(GetParam()));
  five.cases[0].altered = Absent{"not yet explained"};
  EXPECT_NE(draw(figure5(five), options_for(GetParam())), missing);
}

TEST(PagePdf, IsAsWideAsTheVenuesPageAndEmbedsTrueType) {
  const std::string pdf = draw(figure5(test::sample_figure5(6)), options_for(Format::kPdf));
  EXPECT_TRUE(contains(pdf, "/MediaBox [ 0 0 396 "));
  EXPECT_TRUE(contains(pdf, "/FontFile2") && contains(pdf, "+DejaVuSans"));
}

TEST(PageText, FromRightToLeftAndLongAndOfOtherScriptsStaysOnThePage) {
  Figure5 five = test::sample_figure5(3);
  five.image = "תמונה של חתול";
  std::get<Explanation>(five.cases[0].source).explained =
      std::string(80, 'w') + " a class of a very long name";
  std::get<Explanation>(five.cases[1].source).explained = "قطة مخططة";
  five.cases[2].case_name = "a_case_with_a_name_that_no_column_holds_in_one_line";
  std::map<std::string, std::string> boxes;
  DrawOptions options = options_for(Format::kPng, 150);
  options.on_unreadable = [&](const std::string& text, const std::string& packages) {
    boxes[text] = packages;
  };
  const auto png = test::decode_png(draw(figure5(five), options));
  EXPECT_TRUE(boxes.empty()) << boxes.begin()->first;
  const Rgb white{255, 255, 255};
  for (int y = 0; y < png.height; ++y)
    ASSERT_EQ(png.at(png.width - 1, y), white) << "ink at the edge, row " << y;
}

TEST(Figure5Page, SaysUnderEachMapWhatIsPredictedAndMarksWhatIsWrong) {
  Figure5 five = test::sample_figure5(2);
  auto& right = std::get<Explanation>(five.cases[0].source);
  right.predicted = "tiger cat";
  right.probability = 0.934;
  auto& wrong = std::get<Explanation>(five.cases[1].source);
  wrong.predicted = "lynx";
  wrong.probability = 0.5;
  wrong.misclassified = true;
  const Page page = figure5(five);
  EXPECT_EQ(page.titles, (Lines{"Image", "case_0", "case_1"}));
  EXPECT_EQ(page.rows[0].panels[0].caption, Lines{"true: tiger cat"});
  EXPECT_EQ(page.rows[0].panels[1].caption, Lines{"93\u00a0% tiger cat"});
  EXPECT_FALSE(page.rows[0].panels[1].marked);
  EXPECT_EQ(page.rows[0].panels[2].caption, (Lines{"50\u00a0% lynx", "explains: tiger cat"}));
  EXPECT_TRUE(page.rows[0].panels[2].marked);
  EXPECT_EQ(page.rows[1].panels[0].caption, Lines{"motion-blur, severity 3"});
  EXPECT_TRUE(contains(caption(page, {}), "\u2717 misclassified."));
  EXPECT_FALSE(contains(caption(figure5(test::sample_figure5(2)), {}), "misclassified"));
}

TEST(Figure4Page, HasPhotographsAboveTheirMaps) {
  Figure4 four = test::sample_figure4();
  four.unaffected = Absent{"no unaffected variant"};
  const Page page = figure4(four);
  EXPECT_EQ(page.titles, (Lines{"Source", "Corrupted, unaffected", "Corrupted, affected"}));
  EXPECT_EQ(page.rows[0].panels[0].caption, (Lines{"tiger cat", "true: tiger cat", "cat.jpg"}));
  for (const PageRow& row : page.rows)
    EXPECT_EQ(std::get<Absent>(row.panels[1].content).words, "no unaffected variant");
  EXPECT_TRUE(std::holds_alternative<Picture>(page.rows[0].panels[2].content));
  EXPECT_TRUE(std::holds_alternative<Map>(page.rows[1].panels[2].content));
}

TEST(WcamPage, SaysItsDoubts) {
  FigureWcam content{
      "cat.jpg", "source", "augmix",    "class 282 (tiger cat), logit 12.3",  "Index", "an index above 1",
      "",        "",       Absent{"-"}, {"tiger cat", test::sample_map(8, 1)}};
  const Page page = figure_wcam(content);
  EXPECT_EQ(page.titles, (Lines{"cat.jpg", "WCAM, AugMix"}));
  EXPECT_EQ(page.rows[0].panels[1].caption, (Lines{content.explained, "Doubtful: an index above 1"}));
  EXPECT_TRUE(contains(caption(page, {}), "The indices are doubtful: an index above 1."));
}

TEST(SpatialPage, LaysMapsOverTheirPhotographs) {
  Figure5 five = test::sample_figure5(2);
  std::get<Explanation>(five.cases[1].altered).map.cells.assign(28 * 28, 0.0F);
  const Page page = figure_spatial(five);
  const auto& above = std::get<Overlay>(page.rows[0].panels[1].content);
  EXPECT_EQ(above.picture.rgb, std::get<Picture>(five.source).rgb);
  EXPECT_EQ(std::get<Overlay>(page.rows[1].panels[1].content).picture.rgb,
            std::get<Picture>(five.altered).rgb);
  EXPECT_EQ(std::get<Absent>(page.rows[1].panels[2].content).words, "indices add up to 0 or less");
  EXPECT_FALSE(draw(page, options_for(Format::kPng)).empty());
}

Rebuilt sample_rebuilt() {
  Rebuilt rebuilt{test::sample_picture(224, 3), {"tiger cat", test::sample_map(28, 1)}, {}};
  for (std::size_t k = 0; k < kRebuiltShares.size(); ++k)
    rebuilt.steps.push_back({10 * k + 1, test::sample_picture(224, 9)});
  return rebuilt;
}

TEST(RebuiltPage, SaysThatTheClassifierWasNotAsked) {
  const Page page =
      figure_rebuilt({"cat.jpg", "sin", "", "", "", sample_rebuilt(), Absent{"no affected variant"}});
  EXPECT_EQ(page.titles.size(), 5u);
  EXPECT_EQ(page.rows[0].panels[2].caption, Lines{"11 of 784 cells"});
  EXPECT_TRUE(contains(caption(page, {}), "The classifier was not asked what it sees"));
  EXPECT_FALSE(draw(page, options_for(Format::kPng)).empty());
}

TEST(RebuiltPage, ShowsTheFewestCellsThatGiveTheClass) {
  Rebuilt source = sample_rebuilt(), altered = sample_rebuilt();
  source.sufficient = Rebuilt::Sufficient{{31, test::sample_picture(224, 5)}, 784, 0.516, 31};
  altered.sufficient = Absent{"the label never returns"};
  Page page = figure_rebuilt({"cat.jpg", "sin", "jpeg, severity 5", "", "", source, altered});
  EXPECT_EQ(page.titles.back(), "Label returns");
  ASSERT_EQ(page.rows[0].panels.size(), page.titles.size());
  EXPECT_EQ(page.rows[0].panels.back().caption, (Lines{"at 31 of 784 cells", "holding 52 %"}));
  EXPECT_EQ(std::get<Picture>(page.rows[0].panels.back().content).rgb, test::sample_picture(224, 5).rgb);
  EXPECT_EQ(std::get<Absent>(page.rows[1].panels.back().content).words, "the label never returns");
  const std::string text = caption(page, {});
  EXPECT_TRUE(contains(text,
                       "the fewest of its most important cells with which the classifier gives the class "
                       "explained"))
      << text;
  EXPECT_FALSE(contains(text, "was not asked"));
  EXPECT_FALSE(draw(page, options_for(Format::kPng)).empty());

  std::get<Rebuilt::Sufficient>(*source.sufficient).stay = 57;
  source.explanation.replicates = 2;
  page = figure_rebuilt({"cat.jpg", "sin", "", "", "", source, Absent{"no affected variant"}});
  EXPECT_EQ(page.rows[0].panels.back().caption[2], "stays from 57 on");
  EXPECT_EQ(page.rows[0].panels.back().caption[3], "by the first replicate");
  EXPECT_EQ(page.rows[1].panels.size(), page.titles.size());
  std::get<Rebuilt::Sufficient>(*source.sufficient).stay = std::nullopt;
  page = figure_rebuilt({"cat.jpg", "sin", "", "", "", source, Absent{"no affected variant"}});
  EXPECT_EQ(page.rows[0].panels.back().caption[2], "lost again with all");
}

TEST(CasesPage, DifferencesStandAboveTheirNoise) {
  CaseMap shown{test::sample_map(8, 2), 5};
  shown.map.standard_errors.assign(64, 0.05F);
  const Page page =
      figure_difference({"Index", "jpeg, severity 5", "", {{"augmix", shown}, {"sin", Absent{"none"}}}});
  EXPECT_EQ(page.titles, (Lines{"AugMix", "SIN"}));
  EXPECT_EQ(page.rows[0].colours, ColourMap::kDiverging);
  EXPECT_TRUE(contains(page.about, "mean over 5 images (jpeg, severity 5)")) << page.about;
  EXPECT_EQ(page.rows[0].panels[0].caption, Lines{"n = 5"});
  EXPECT_EQ(std::get<Map>(page.rows[1].panels[0].content).cells, shown.map.standard_errors);
  EXPECT_TRUE(std::get<Map>(page.rows[1].panels[0].content).standard_errors.empty())
      << "noise has no noise here";
  EXPECT_TRUE(std::holds_alternative<Absent>(page.rows[1].panels[1].content));
  EXPECT_FALSE(draw(page, options_for(Format::kPng)).empty());
}

TEST(CasesPage, CaptionsTellHowManyImagesThereAreAndWhoseTheErrorsAre) {
  const CaseMap one{test::sample_map(8, 2), 1}, seven{test::sample_map(8, 2), 7},
      ten{test::sample_map(8, 2), 10};
  const auto about = [](const CaseMap& source, const CaseMap& altered) {
    return figure_mean({"Index", "jpeg", "", {{"augmix", source, altered}, {"sin", source, Absent{"none"}}}})
        .about;
  };
  EXPECT_TRUE(contains(about(ten, ten), "over 10 images under 2 classifiers")) << about(ten, ten);
  EXPECT_TRUE(contains(about(ten, ten), "jpeg. Standard errors are of the mean over the images."));
  EXPECT_FALSE(contains(about(ten, ten), "single image"));
  EXPECT_TRUE(contains(about(ten, seven), "over 7 to 10 images under")) << about(ten, seven);
  EXPECT_TRUE(contains(about(seven, one), "over 1 to 7 images under"));
  EXPECT_TRUE(contains(about(seven, one), "of a single image, that of its own design points."));
  EXPECT_TRUE(contains(about(one, one), "over 1 image under 2 classifiers"));
  EXPECT_TRUE(contains(about(one, one), "Standard errors are those of the image's own design points."));
}

TEST(Caption, TellsStandardErrorsAndWhatPaleCellsMean) {
  Map map{2, 1, 16, {1, 1, 1, 1}};
  map.standard_errors = {0.1F, 0.2F, 0.6F, std::numeric_limits<float>::quiet_NaN()};
  Page page = bare_page(map);
  page.about = "What it is.";
  page.design = "N = 4.";
  EXPECT_EQ(
      caption(page, {}),
      "What it is. N = 4. Index: colours from 1 to 1, nothing cut. Standard errors: median 0.2, largest 0.6. "
      "Pale cells, 50 % of all, are within two standard errors of 0. A: approximation; V, H, D: details at "
      "vertical, horizontal and diagonal edges, 1 the finest level. Cells are drawn as they are, without "
      "interpolation.\n");
  DrawOptions smooth;
  smooth.interpolation = Interpolation::kSmooth;
  EXPECT_TRUE(contains(caption(page, smooth), "none crosses a subband's edge"));
}

}  // namespace
}  // namespace wcam
