#include "plotting/page.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

#include "plotting/figure_cases.h"
#include "plotting/figure_rebuilt.h"
#include "plotting/figure_spatial.h"
#include "plotting/figure_wcam.h"
#include "plotting/page_layout.h"
#include "tests/plotting/pdf_words.h"
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
  const ColourTable faint = set_back(table, range);
  const std::vector<Rgb> drawn = cell_colours(page, options_for(Format::kPng, 288));
  // The names of subbands cover the upper left corners of theirs: cells 0, 2, 8 and 10.
  for (const std::size_t i : {1U, 3U, 4U, 5U, 6U, 7U, 9U, 11U, 12U, 13U, 14U, 15U}) {
    const std::size_t index = colour_index(static_cast<double>(map.cells[i]), range);
    EXPECT_EQ(drawn[i], (i == 5 ? faint : table)[index]) << i;
  }
}

// What is nearly 0 and surely not noise is not to stand out from noise that is as near.
TEST(PageMap, ACellNearZeroLooksTheSameWhetherItIsNoiseOrNotAndALargeOneDoesNot) {
  Map map{4, 1, 16, std::vector<float>(16, 0)};
  map.cells[5] = map.cells[6] = 1e-6F;
  map.cells[13] = map.cells[14] = 1;
  map.standard_errors.assign(16, 1e-9F);
  map.standard_errors[6] = map.standard_errors[14] = 2;
  DrawOptions options = options_for(Format::kPng, 288);
  for (const ColourMap colours : {ColourMap::kInk, ColourMap::kViridis, ColourMap::kJet}) {
    options.colour_map = colours;
    const std::vector<Rgb> drawn = cell_colours(bare_page(map), options);
    EXPECT_EQ(drawn[5], drawn[6]);
    EXPECT_EQ(drawn[5], drawn[4]);
    EXPECT_EQ(drawn[13], colour_table(colours).back());
    EXPECT_NE(drawn[13], drawn[14]);
    EXPECT_NE(drawn[14], drawn[6]) << "its place in the map can still be told";
  }
}

// Left in full colours, right set back: one colour at 0, wherever that is, two at the ends.
TEST(PageBar, HasOneColourAtZeroInBothHalves) {
  for (const float low : {0.0F, -0.25F}) {
    Map map{4, 1, 16, std::vector<float>(16, 0.1F)};
    map.cells[0] = low;
    map.cells[15] = 1;
    map.standard_errors.assign(16, 0.2F);
    DrawOptions options = options_for(Format::kPng, 288);
    options.cut_percent = 0;
    const Page page = bare_page(map);
    const Rect bar = layout_of(page, options).bars[0];
    const auto png = test::decode_png(draw(page, options));
    const auto at = [&](double share, double value) {
      const double y = bar.bottom() - (value - low) / (1 - low) * bar.height;
      return png.at(static_cast<int>(4 * (bar.x + share * bar.width)), static_cast<int>(4 * y));
    };
    const double near = 0.004 * (1 - low);  // the frame has the end: a step above it
    EXPECT_NEAR(at(0.25, near).red, at(0.75, near).red, 1) << low;
    EXPECT_NEAR(at(0.25, near).blue, at(0.75, near).blue, 1) << low;
    EXPECT_GT(at(0.75, 0.9).red, at(0.25, 0.9).red + 100) << low;
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

TEST(PageBar, NumbersEndBeforeTheNameBesideThem) {
  for (const float largest : {0.0062F, 0.074F, 87.0F}) {
    Map map{4, 1, 16, std::vector<float>(16, largest)};
    map.cells[0] = -largest;
    map.cells[1] = 2 * largest;
    DrawOptions options = options_for(Format::kPdf);
    options.cut_percent = 7;
    options.width_pt = 234;
    const Page page = bare_page(map);
    const PageLayout layout = layout_of(page, options);
    const std::vector<test::Word> words = test::words_of_pdf_bytes(draw(page, options));
    const double right = layout.bars[0].right(), name = layout.bar_names[0].x;
    const auto is_number = [&](const test::Word& word) {
      return word.box.x > right && word.box.x < name && word.box.y < layout.notes.y;
    };
    EXPECT_GE(std::count_if(words.begin(), words.end(), is_number), 3);
    for (const test::Word& word : words)
      if (is_number(word)) {
        EXPECT_LE(word.box.right(), name) << word.text;
      }
  }
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

// A hair wider than it is: PDF rounds, and letters may lean out of their box.
bool within(const Rect& inner, const Rect& outer, double hair = 0.6) {
  return inner.x >= outer.x - hair && inner.right() <= outer.right() + hair && inner.y >= outer.y - hair &&
         inner.bottom() <= outer.bottom() + hair;
}

// Words of which the middle lies in a rectangle, joined.
std::string text_in(const std::vector<test::Word>& words, const Rect& area) {
  std::vector<test::Word> inside;
  for (const test::Word& word : words) {
    const double x = word.box.x + word.box.width / 2, y = word.box.y + word.box.height / 2;
    if (x > area.x && x < area.right() && y > area.y && y < area.bottom()) inside.push_back(word);
  }
  return test::joined_words(inside);
}

// Everything that a page has a place for: panels, their captions, titles, bars with their numbers and names.
std::vector<Rect> places_of(const PageLayout& layout) {
  std::vector<Rect> places = layout.panels;
  for (const auto* more : {&layout.captions, &layout.titles, &layout.row_names, &layout.bar_names})
    places.insert(places.end(), more->begin(), more->end());
  const double half_tick = kLineHeight * kPageTick / 2;
  for (std::size_t i = 0; i < layout.bars.size(); ++i)
    places.push_back({layout.bars[i].x, layout.bars[i].y - half_tick,
                      layout.bar_names[i].x - layout.bars[i].x, layout.bars[i].height + 2 * half_tick});
  places.push_back(layout.notes);
  return places;
}

TEST(PageCases, OneToTwelveHaveTheirTitlesAboveTheirPanelsAndNothingMeetsOnAnyWidth) {
  for (const double inches : {3.25, 5.5, 6.8})
    for (const int cases : {1, 2, 5, 6, 7, 12}) {
      SCOPED_TRACE(std::to_string(inches) + " in, " + std::to_string(cases) + " cases");
      DrawOptions options = options_for(Format::kPdf);
      options.width_pt = 72 * inches;
      const Page page = figure5(test::sample_figure5(cases));
      const PageLayout layout = layout_of(page, options);
      const std::vector<test::Word> words = test::words_of_pdf_bytes(draw(page, options));
      const auto columns = static_cast<std::size_t>(1 + cases);
      ASSERT_EQ(page.titles.size(), columns);
      for (std::size_t column = 0; column < columns; ++column) {
        EXPECT_EQ(text_in(words, layout.titles[column]),
                  column == 0 ? "Image" : "case_" + std::to_string(column - 1));
        EXPECT_EQ(text_in(words, layout.captions[columns + column]).empty(), false) << column;
      }
      const std::vector<Rect> places = places_of(layout);
      for (std::size_t i = 0; i < places.size(); ++i) {
        EXPECT_TRUE(within(places[i], {0, 0, layout.width_pt, layout.height_pt})) << i;
        for (std::size_t k = 0; k < i; ++k)
          EXPECT_FALSE(test::overlap(places[i], places[k])) << i << " and " << k;
      }
    }
}

// Names as long as they may come, of words and without a space.
Figure5 figure_of_long_names(int cases) {
  Figure5 five = test::sample_figure5(cases);
  const Lines classes{"cameraman", "brick pavement of an ancient town", std::string(40, 'w'),
                      "stained tissue"};
  for (std::size_t i = 0; i < five.cases.size(); ++i) {
    five.cases[i].case_name =
        i % 2 == 0 ? "a_case_of_many_words_" + std::to_string(i) : std::string(30, 'm') + std::to_string(i);
    for (auto* content : {&five.cases[i].source, &five.cases[i].altered}) {
      auto& shown = std::get<Explanation>(*content);
      shown.predicted = classes[i % classes.size()];
      shown.probability = 0.51;
      shown.misclassified = true;
      shown.labels = "source, true";
    }
  }
  return five;
}

// Closer than two spaces, "51 % cameraman" and "55 % cameraman" are read as one.
TEST(PageCases, TextsOfNeighbouringColumnsStayApartHoweverLongTheyAre) {
  for (const double inches : {3.25, 5.5, 6.8})
    for (const int cases : {7, 12}) {
      SCOPED_TRACE(std::to_string(inches) + " in, " + std::to_string(cases) + " cases");
      DrawOptions options = options_for(Format::kPdf);
      options.width_pt = 72 * inches;
      const Page page = figure5(figure_of_long_names(cases));
      const PageLayout layout = layout_of(page, options);
      const std::vector<test::Word> words = test::words_of_pdf_bytes(draw(page, options));
      const auto columns = static_cast<std::size_t>(1 + cases);
      for (const auto* boxes : {&layout.captions, &layout.titles})
        for (std::size_t i = 0; i + 1 < boxes->size(); ++i) {
          const Rect &here = (*boxes)[i], &next = (*boxes)[i + 1];
          if ((i + 1) % columns == 0 || next.x < here.x) continue;  // another row, another band
          double end = here.x, begin = next.right();
          for (const test::Word& word : words) {
            const double middle = word.box.y + word.box.height / 2, centre = word.box.x + word.box.width / 2;
            if (middle < here.y || middle > here.bottom()) continue;
            if (centre > here.x && centre < here.right()) end = std::max(end, word.box.right());
            if (centre > next.x && centre < next.right()) begin = std::min(begin, word.box.x);
          }
          EXPECT_GT(begin - end, 0.6 * kPageText) << i;
        }
    }
}

TEST_P(EveryPageFormat, WhatIsMissingIsSaid) {
  Figure5 five = test::sample_figure5(2);
  five.altered = Absent{"no altered variant"};
  five.cases[0].altered = five.cases[1].altered = Absent{"no altered variant"};
  const std::string missing = draw(figure5(five), options_for(GetParam()));
  five.cases[0].altered = Absent{"not yet explained"};
  EXPECT_NE(draw(figure5(five), options_for(GetParam())), missing);
}

TEST(PagePdf, IsAsWideAsTheVenuesPageAndEmbedsTrueType) {
  const std::string pdf = draw(figure5(test::sample_figure5(6)), options_for(Format::kPdf));
  EXPECT_TRUE(contains(pdf, "/MediaBox [ 0 0 396 "));
  EXPECT_TRUE(contains(pdf, "/FontFile2") && contains(pdf, "+DejaVuSans"));
}

// Of one line in a rectangle the letters from right to left; poppler takes each for a word.
std::string leftwards_in(std::vector<test::Word> words, const Rect& area) {
  std::erase_if(words, [&](const test::Word& word) { return !within(word.box, area); });
  std::sort(words.begin(), words.end(),
            [](const test::Word& a, const test::Word& b) { return a.box.x > b.box.x; });
  std::string letters;
  for (const test::Word& word : words) letters += word.text;
  return letters;
}

TEST(PageText, FromRightToLeftAndLongAndOfOtherScriptsStaysInItsPlace) {
  Figure5 five = test::sample_figure5(3);
  five.image = "תמונה של חתול";
  five.true_class = "";  // the image's name stands below it instead
  std::get<Explanation>(five.cases[0].source).explained =
      std::string(80, 'w') + " a class of a very long name";
  std::get<Explanation>(five.cases[1].source).explained = "قطة مخططة";
  five.cases[2].case_name = "a_case_with_a_name_that_no_column_holds_in_one_line";
  const Page page = figure5(five);
  std::map<std::string, std::string> boxes;
  DrawOptions options = options_for(Format::kPdf);
  options.on_unreadable = [&](const std::string& text, const std::string& packages) {
    boxes[text] = packages;
  };
  const std::vector<test::Word> words = test::words_of_pdf_bytes(draw(page, options));
  EXPECT_TRUE(boxes.empty()) << boxes.begin()->first;

  const PageLayout layout = layout_of(page, options);
  EXPECT_EQ(leftwards_in(words, layout.captions[0]), "תמונהשלחתול");
  EXPECT_EQ(leftwards_in(words, layout.captions[2]), "قطةمخططة");
  const std::string cut = text_in(words, layout.captions[1]);
  EXPECT_TRUE(cut.starts_with("www") && cut.ends_with("…")) << cut;
  EXPECT_TRUE(text_in(words, layout.titles[3]).starts_with("a_case_with_a_")) << "broken behind a word";
  const std::vector<Rect> places = places_of(layout);
  for (const test::Word& word : words)
    EXPECT_TRUE(std::any_of(places.begin(), places.end(),
                            [&](const Rect& place) { return within(word.box, place, 2); }))
        << word.text << " at " << word.box.x << ", " << word.box.y << " stands in no place of the page";
}

// A figure 5 of maps of so many levels, with its panels' side.
std::pair<Page, double> page_of_levels(int cases, int levels) {
  Figure5 five = test::sample_figure5(cases);
  for (auto& column : five.cases)
    for (auto* content : {&column.source, &column.altered})
      std::get<Explanation>(*content).map.levels = levels;
  Page page = figure5(five);
  const double side = layout_of(page, {}).panels[0].width;
  return {std::move(page), side};
}

TEST(PageNames, StandInBlocksThatHaveRoomAndOtherwiseAboveTheirCorner) {
  struct Claim {
    int cases, levels, inside;
    std::string corner, held;
  };
  for (const Claim& claim :
       {Claim{1, 3, 3, "", ""}, Claim{1, 5, 4, "A, 5", "level 5"}, Claim{6, 1, 1, "", ""},
        Claim{6, 3, 2, "A, 3", "level 3"}, Claim{6, 5, 2, "A, 5–3", "levels 5 to 3"}}) {
    SCOPED_TRACE(std::to_string(claim.cases) + " cases, " + std::to_string(claim.levels) + " levels");
    const auto [page, side] = page_of_levels(claim.cases, claim.levels);
    const PageLayout layout = layout_of(page, {});
    const std::vector<test::Word> words = test::words_of_pdf_bytes(draw(page, {}));
    for (const std::size_t row : {0U, 1U}) {
      const Rect& panel = layout.panels[row * page.titles.size() + 1];
      double block = side;
      for (int level = 1; level <= claim.levels; ++level) {
        block /= 2;
        for (const auto& [name, right, down] :
             {std::tuple("V", 1, 0), std::tuple("H", 0, 1), std::tuple("D", 1, 1)}) {
          const Rect area{panel.x + right * block, panel.y + down * block, block, block};
          EXPECT_EQ(text_in(words, area), level <= claim.inside ? name + std::to_string(level) : "")
              << name << level;
        }
      }
      EXPECT_EQ(text_in(words, {panel.x, panel.y, block, block}), claim.corner.empty() ? "A" : "");
      if (!claim.corner.empty()) {
        EXPECT_EQ(text_in(words, {panel.x, panel.y - kCornerName, side, kCornerName}), claim.corner);
      }
      for (std::size_t column = 2; column < page.titles.size(); ++column)
        EXPECT_EQ(text_in(words, layout.panels[row * page.titles.size() + column]), "")
            << "only in the first";
    }
    const std::string explained =
        "1 the finest level" +
        (claim.corner.empty()
             ? ""
             : "; " + claim.corner + ": above the upper left corner, which holds A and " + claim.held) +
        ".";
    EXPECT_TRUE(contains(test::joined_words(words), explained)) << test::joined_words(words);
    EXPECT_TRUE(contains(caption(page, {}), explained));
  }
}

TEST(PageNames, StandInTheFirstMapThatIsThereWhereverItIs) {
  const FigureWcam lone{"cat.jpg", "source", "augmix", "",          "Index",
                        "",        "",       "",       Absent{"-"}, {"tiger cat", test::sample_map(28, 1)}};
  const Page wcam = figure_wcam(lone);
  EXPECT_TRUE(
      text_in(test::words_of_pdf_bytes(draw(wcam, {})), layout_of(wcam, {}).panels[1]).starts_with("A"));

  // 9 cases in bands, the first of which has no map in its first row: names and their room are in the second.
  Figure5 five = test::sample_figure5(9);
  for (std::size_t i = 0; i < 5; ++i) five.cases[i].source = Absent{"none"};
  const Page page = figure5(five);
  const PageLayout layout = layout_of(page, {});
  ASSERT_EQ(layout.bands, 2);
  const std::vector<test::Word> words = test::words_of_pdf_bytes(draw(page, {}));
  const Rect& panel = layout.panels[6];
  EXPECT_EQ(text_in(words, {panel.x, panel.y - kCornerName, panel.width, kCornerName}), "A, 3");
  EXPECT_FALSE(test::overlap({panel.x, panel.y - kCornerName, panel.width, kCornerName}, layout.titles[6]));
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
  EXPECT_TRUE(contains(caption(page, {}), "\u2717: misclassified."));
  EXPECT_FALSE(contains(caption(figure5(test::sample_figure5(2)), {}), "misclassified"));
}

TEST(Figure4Page, HasPhotographsAboveTheirMaps) {
  Figure4 four = test::sample_figure4();
  four.unaffected = Absent{"no unaffected variant"};
  const Page page = figure4(four);
  EXPECT_EQ(page.titles, (Lines{"Source", "Unaffected", "Altered"}));
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

// Words that are a mark, in a panel.
bool is_marked(const std::vector<test::Word>& words, const Rect& panel) {
  const std::string text = text_in(words, panel);
  return text == "?" || text.ends_with(" ?");
}

const std::string kDoubtful = "?: a doubtful map (an index above 1).";

TEST(SpatialPage, MarksPlacesOfDoubtfulMaps) {
  Figure5 five = test::sample_figure5(2);
  const std::vector<test::Word> none = test::words_of_pdf_bytes(draw(figure_spatial(five), {}));
  EXPECT_FALSE(contains(test::joined_words(none), "?"));
  std::get<Explanation>(five.cases[1].source).map.doubts = {"an index above 1"};
  const Page page = figure_spatial(five);
  const std::vector<test::Word> words = test::words_of_pdf_bytes(draw(page, {}));
  const PageLayout layout = layout_of(page, {});
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(is_marked(words, layout.panels[i]), i == 2) << i;
  EXPECT_TRUE(contains(test::joined_words(words), kDoubtful)) << test::joined_words(words);
  EXPECT_TRUE(contains(caption(page, {}), kDoubtful));
}

TEST(RebuiltPage, SaysThatTheClassifierWasNotAsked) {
  const Page page =
      figure_rebuilt({"cat.jpg", "sin", "", "", "", test::sample_rebuilt(), Absent{"no altered variant"}});
  EXPECT_EQ(page.titles.size(), 5u);
  EXPECT_EQ(page.rows[0].panels[2].caption, Lines{"11 of 784 cells"});
  EXPECT_TRUE(contains(caption(page, {}), "The classifier was not asked what it sees"));
  EXPECT_FALSE(draw(page, options_for(Format::kPng)).empty());
}

// What is rebuilt from them, not the photograph.
TEST(RebuiltPage, MarksPicturesFromDoubtfulMaps) {
  Rebuilt source = test::sample_rebuilt(), altered = test::sample_rebuilt();
  source.sufficient = altered.sufficient =
      Rebuilt::Sufficient{{31, test::sample_picture(224, 5)}, 784, 0.516, 31};
  altered.explanation.map.doubts = {"an index above 1"};
  const Page page = figure_rebuilt({"cat.jpg", "sin", "jpeg, severity 5", "", "", source, altered});
  const std::vector<test::Word> words = test::words_of_pdf_bytes(draw(page, {}));
  const PageLayout layout = layout_of(page, {});
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(is_marked(words, layout.panels[i]), i > 6) << i;
  EXPECT_TRUE(contains(test::joined_words(words), kDoubtful)) << test::joined_words(words);
  EXPECT_TRUE(contains(caption(page, {}), kDoubtful));
}

TEST(RebuiltPage, ShowsTheFewestCellsThatGiveTheClass) {
  Rebuilt source = test::sample_rebuilt(), altered = test::sample_rebuilt();
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
  page = figure_rebuilt({"cat.jpg", "sin", "", "", "", source, Absent{"no altered variant"}});
  EXPECT_EQ(page.rows[0].panels.back().caption[2], "stays from 57 on");
  EXPECT_EQ(page.rows[0].panels.back().caption[3], "by the first replicate");
  EXPECT_EQ(page.rows[1].panels.size(), page.titles.size());
  std::get<Rebuilt::Sufficient>(*source.sufficient).stay = std::nullopt;
  page = figure_rebuilt({"cat.jpg", "sin", "", "", "", source, Absent{"no altered variant"}});
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
  CaseMap one{test::sample_map(8, 2), 1}, seven{test::sample_map(8, 2), 7}, ten{test::sample_map(8, 2), 10};
  for (CaseMap* map : {&one, &seven, &ten}) map->map.standard_errors.assign(64, 0.05F);
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
  one.map.standard_errors.clear();  // as of a map from gradients
  EXPECT_FALSE(contains(about(one, one), "Standard errors"));
  EXPECT_TRUE(contains(about(seven, one), "Standard errors are of the mean over the images."));
}

TEST(CasesPage, SaysHowManyOfTheMapsAreDoubtful) {
  CaseMap sure{test::sample_map(8, 2), 5},
      some{test::sample_map(8, 3), 4, 3, {"no standard error", "an index above 1"}};
  sure.map.standard_errors = some.map.standard_errors = std::vector<float>(64, 0.01F);
  const auto drawn = [](const Page& page, std::size_t panel) {
    return text_in(test::words_of_pdf_bytes(draw(page, {})), layout_of(page, {}).captions[panel]);
  };
  const Page mean = figure_mean({"Index", "", "", {{"augmix", sure, some}, {"sin", sure, Absent{"none"}}}});
  EXPECT_EQ(drawn(mean, 0), "n = 5");
  EXPECT_EQ(drawn(mean, 2), "n = 4 3 doubtful");
  EXPECT_TRUE(contains(
      caption(mean, {}),
      "Of the 14 maps that the means are of, 3 are doubtful (an index above 1 or no standard error)."))
      << caption(mean, {});
  const Page difference = figure_difference({"Index", "", "", {{"augmix", some}, {"sin", sure}}});
  EXPECT_EQ(drawn(difference, 0), "n = 4 3 doubtful");
  EXPECT_TRUE(contains(caption(difference, {}), "Of the 9 differences that the means are of, 3 are doubtful"))
      << caption(difference, {});
  EXPECT_FALSE(contains(caption(figure_difference({"Index", "", "", {{"sin", sure}}}), {}), "doubtful"));
}

// The clause of the index, that of the standard error.
std::pair<bool, bool> clauses_of(float largest, float error, bool indices = true) {
  Map map{2, 1, 16, {0, 0.1F, 0.2F, largest}};
  map.standard_errors = {0.1F, 0.1F, error, std::numeric_limits<float>::infinity()};
  Page page = bare_page(map);
  page.rows[0].indices = indices;
  const std::string text = caption(page, {});
  return {
      contains(text,
               "An index above 1, all of the variance, is an error of estimation: too few design points."),
      contains(text, ", above the largest index.")};
}

TEST(Caption, SaysWhereThereAreTooFewDesignPoints) {
  using Clauses = std::pair<bool, bool>;
  EXPECT_EQ(clauses_of(0.9F, 0.3F), Clauses(false, false));
  EXPECT_EQ(clauses_of(1.00005F, 0.3F), Clauses(false, false)) << "rounding";
  EXPECT_EQ(clauses_of(5.24F, 0.3F), Clauses(true, false));
  EXPECT_EQ(clauses_of(0.9F, 120), Clauses(false, true));
  EXPECT_EQ(clauses_of(5.24F, 120), Clauses(true, true));
  EXPECT_EQ(clauses_of(5.24F, 120, false), Clauses(false, false)) << "a difference, or a standard error";
  // Of all figures that show indices, and of no other.
  Figure5 five = test::sample_figure5(2);
  std::get<Explanation>(five.cases[1].altered).map.cells[7] = 5.24F;
  const std::string clause = "An index above 1";
  EXPECT_TRUE(contains(caption(figure5(five), {}), clause));
  EXPECT_FALSE(contains(caption(figure5(test::sample_figure5(2)), {}), clause));
  EXPECT_FALSE(contains(caption(figure_spatial(five), {}), clause));
  Figure4 four = test::sample_figure4();
  std::get<ShownVariant>(four.source).explanation.map.cells[7] = 5.24F;
  EXPECT_TRUE(contains(caption(figure4(four), {}), clause));
  CaseMap large{std::get<Explanation>(five.cases[1].altered).map, 3};
  EXPECT_TRUE(contains(caption(figure_mean({"Index", "", "", {{"sin", large, large}}}), {}), clause));
  EXPECT_FALSE(contains(caption(figure_difference({"Index", "", "", {{"sin", large}}}), {}), clause));
}

// Of all maps on the page, each once, in one order.
TEST(Caption, NamesTheDoubtsThatAMarkStandsFor) {
  Figure5 five = test::sample_figure5(2);
  const auto doubts = [&](std::size_t i) -> auto& {
    return std::get<Explanation>(five.cases[i].source).map.doubts;
  };
  doubts(0) = {"indices add up to more than 2", "an index above 1"};
  EXPECT_TRUE(contains(caption(figure5(five), {}),
                       "?: a doubtful map (an index above 1 or indices add up to more than 2)."));
  doubts(1) = {"an index above 1", "a standard error above the largest index"};
  EXPECT_TRUE(contains(caption(figure5(five), {}),
                       "?: a doubtful map (a standard error above the largest index, an index above 1 or "
                       "indices add up to more than 2)."));
}

TEST(Caption, SaysAlteredOfWhatChangesThePrediction) {
  const Figure5 five = test::sample_figure5(2);
  EXPECT_TRUE(contains(caption(figure5(five), {}), "below: the altered image, motion-blur, severity 3."));
  Figure4 four = test::sample_figure4();
  four.case_name = "adv_free";
  const Page page = figure4(four);
  EXPECT_TRUE(contains(caption(page, {}), "one that changes it (altered)"));
  EXPECT_FALSE(contains(caption(page, {}), " affected"));
  EXPECT_EQ(page.name, "WCAM, case Adv. free");
  EXPECT_FALSE(contains(caption(page, {}), "adv_free"));
}

TEST(Caption, TellsStandardErrorsAndWhatFaintCellsMean) {
  Map map{2, 1, 16, {1, 1, 1, 1}};
  map.standard_errors = {0.1F, 0.2F, 0.6F, std::numeric_limits<float>::quiet_NaN()};
  Page page = bare_page(map);
  page.about = "What it is.";
  page.design = "N = 4.";
  EXPECT_EQ(
      caption(page, {}),
      "What it is. N = 4. Index: colours from 1 to 1, nothing cut. Standard errors: median 0.2, largest 0.6. "
      "Faint cells, 50 % of all, are within two standard errors of 0. A: approximation; V, H, D: details at "
      "vertical, horizontal and diagonal edges, 1 the finest level. Cells are drawn as they are, without "
      "interpolation.\n");
  DrawOptions smooth;
  smooth.interpolation = Interpolation::kSmooth;
  EXPECT_TRUE(contains(caption(page, smooth), "none crosses a subband's edge"));
}

}  // namespace
}  // namespace wcam
