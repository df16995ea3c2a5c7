#include "plotting/canvas.h"

#include <gtest/gtest.h>

#include "common/base/error.h"
#include "tests/plotting/sample_figures.h"

namespace wcam {
namespace {

std::string page_with_text(Format format, const std::string& text) {
  Canvas canvas(format, 300, 200, 100, "A page");
  canvas.text({10, 10, 280, 30}, text, 18);
  return canvas.finish();
}

TEST(Canvas, PdfEmbedsItsFont) {
  const std::string pdf = page_with_text(Format::kPdf, "WCAM on the source image");
  EXPECT_NE(pdf.find("+DejaVuSans"), std::string::npos) << "no subset of DejaVu Sans";
  EXPECT_NE(pdf.find("/FontFile2"), std::string::npos) << "font program not embedded";
}

TEST(Canvas, SvgNeedsNoFont) {
  const std::string svg = page_with_text(Format::kSvg, "WCAM");
  EXPECT_NE(svg.find("id=\"glyph"), std::string::npos) << "no outlines";
  EXPECT_EQ(svg.find("<text"), std::string::npos);
}

TEST(Canvas, PdfIsAsLargeAsAsked) {
  EXPECT_NE(page_with_text(Format::kPdf, "x").find("/MediaBox [ 0 0 300 200 ]"), std::string::npos);
}

TEST(Canvas, PngHasDpiOver72PixelsAPoint) {
  const auto png = test::decode_png(page_with_text(Format::kPng, "x"));
  EXPECT_EQ(png.width, 417);
  EXPECT_EQ(png.height, 278);
}

TEST(Canvas, RefusesAPngThatCairoCannotHold) {
  try {
    Canvas canvas(Format::kPng, 72 * 84, 576, 600, "");
    FAIL() << "accepted";
  } catch (const UsageError& e) {
    EXPECT_STREQ(
        e.what(),
        "a PNG of 50400 pixels a side at --dpi 600 is too large: at most 32767; use a smaller --dpi");
  }
}

TEST(Canvas, UnknownFormatListsTheKnownOnes) {
  EXPECT_EQ(parse_format("svg"), Format::kSvg);
  try {
    (void)parse_format("jpg");
    FAIL() << "accepted";
  } catch (const UsageError& e) {
    EXPECT_STREQ(e.what(), "unknown format 'jpg'; known: pdf, png, svg");
  }
}

TEST(Canvas, LongTextIsDrawnSmallerButNotUnreadable) {
  Canvas canvas(Format::kPdf, 300, 200, 100, "");
  const std::string line = "Prediction: black-and-gold garden spider";
  EXPECT_DOUBLE_EQ(canvas.fitted_size(line, 1000, 18), 18);
  const double fitted = canvas.fitted_size(line, 300, 18);
  EXPECT_LT(fitted, 18);
  EXPECT_GT(fitted, 18 * Canvas::kSmallestShare);
  EXPECT_DOUBLE_EQ(canvas.fitted_size(line, 300, fitted), fitted) << "what fits is left alone";
  EXPECT_DOUBLE_EQ(canvas.fitted_size(line, 20, 18), 18 * Canvas::kSmallestShare);
}

// Text that is too wide even so is cut: nothing is written outside its box.
TEST(Canvas, TextStaysInItsBox) {
  Canvas canvas(Format::kPng, 300, 60, 72, "");
  canvas.text({100, 10, 100, 30}, std::string(200, 'M'), 12);
  const auto png = test::decode_png(canvas.finish());
  int inked = 0;
  for (int y = 0; y < png.height; ++y)
    for (int x = 0; x < png.width; ++x) {
      const bool ink = png.at(x, y) != Rgb{255, 255, 255};
      inked += ink ? 1 : 0;
      const bool inside = x >= 99 && x <= 200;
      ASSERT_TRUE(inside || !ink) << x << ", " << y;
    }
  EXPECT_GT(inked, 100);
}

TEST(Canvas, InvalidUtf8IsReplacedNotFatal) {
  EXPECT_GT(page_with_text(Format::kPdf, "caf\xe9 \xff\xfe").size(), 1000u);
}

TEST(Canvas, RefusesImagesOfAnotherSize) {
  Canvas canvas(Format::kPdf, 300, 200, 100, "");
  const std::vector<std::uint8_t> rgb(10);
  const std::vector<Rgb> colours(7);
  EXPECT_THROW(canvas.photograph({0, 0, 10, 10}, rgb, 2), std::invalid_argument);
  EXPECT_THROW(canvas.pixels({0, 0, 10, 10}, colours, 2, 4), std::invalid_argument);
  EXPECT_THROW(canvas.rule({0, 0, 10, 10}, 1, {}), std::invalid_argument);
}

TEST(Canvas, PngEdgesAreSharp) {
  Canvas canvas(Format::kPng, 100, 100, 100, "");
  const Rect area = canvas.snapped({10.3, 20.4, 50.2, 50.2});
  canvas.fill(area, {255, 0, 0});
  for (const Rgb& pixel : test::decode_png(canvas.finish()).rows)
    EXPECT_TRUE(pixel == (Rgb{255, 0, 0}) || pixel == (Rgb{255, 255, 255}));
}

TEST(Canvas, ANameTooLongForALineIsBrokenBehindAnUnderscore) {
  Canvas canvas(Format::kPdf, 100, 100, 72, "");
  const std::string name = "aaa_bbbb_ccc";
  EXPECT_EQ(canvas.lines_of(name, canvas.width_of(name, 8) + 1, 8), 1);
  EXPECT_EQ(canvas.lines_of(name, canvas.width_of("aaa_bbb", 8) + 0.1, 8), 3)
      << "aaa_ bbbb_ ccc, not aaa_bbb b_ccc";
  EXPECT_EQ(canvas.lines_of("aaabbbbccc", canvas.width_of("aaabbb", 8) + 0.1, 8), 2);
}

}  // namespace
}  // namespace wcam
