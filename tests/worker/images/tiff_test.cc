// TIFFs of all kinds, written by libtiff.
#include "worker/images/tiff.h"

#include <gtest/gtest.h>
#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/base/file.h"
#include "tests/temporary_folder.h"

namespace wcam {
namespace {

constexpr int kRows = 37, kCols = 45;

// How a picture lies in the file.
struct Layout {
  int photometric = PHOTOMETRIC_RGB, channels = 3, bits = 8, compression = COMPRESSION_NONE;
  bool planes = false, tiled = false;
  std::vector<std::uint16_t> extra = {};
  int orientation = ORIENTATION_TOPLEFT;
  const char* mode = "w";  // "wb": big-endian, "w8": BigTIFF
  int format = SAMPLEFORMAT_UINT;
};

// Every channel of every pixel differs from its neighbours'; alpha, the last of four, is a ramp.
unsigned value(int row, int col, int channel) {
  return static_cast<unsigned>(channel == 3 ? col * 255 / (kCols - 1)
                                            : (37 * row + 11 * col + 85 * channel) % 256);
}

class Tiff : public testing::Test {
 protected:
  std::string written(const Layout& layout) const {
    const std::string file = (folder_.path() / "a.tif").string();
    TIFF* const tiff = TIFFOpen(file.c_str(), layout.mode);
    for (const auto& [tag, number] :
         {std::pair<std::uint32_t, int>{TIFFTAG_IMAGEWIDTH, kCols},
          {TIFFTAG_IMAGELENGTH, kRows},
          {TIFFTAG_BITSPERSAMPLE, layout.bits},
          {TIFFTAG_SAMPLESPERPIXEL, layout.channels},
          {TIFFTAG_PHOTOMETRIC, layout.photometric},
          {TIFFTAG_COMPRESSION, layout.compression},
          {TIFFTAG_PLANARCONFIG, layout.planes ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG},
          {TIFFTAG_ORIENTATION, layout.orientation},
          {TIFFTAG_SAMPLEFORMAT, layout.format}})
      TIFFSetField(tiff, tag, number);
    if (!layout.extra.empty())
      TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, static_cast<int>(layout.extra.size()), layout.extra.data());
    if (layout.tiled) {
      TIFFSetField(tiff, TIFFTAG_TILEWIDTH, 16);
      TIFFSetField(tiff, TIFFTAG_TILELENGTH, 16);
    } else {
      TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 10);
    }
    const int high = layout.tiled ? 16 : 10, wide = layout.tiled ? 16 : kCols;
    for (int plane = 0; plane < (layout.planes ? layout.channels : 1); ++plane)
      for (int row = 0; row < kRows; row += high)
        for (int col = 0; col < kCols; col += wide) {
          const int rows = layout.tiled ? high : std::min(high, kRows - row);
          std::vector<std::uint8_t> block;
          for (int r = row; r < row + rows; ++r)
            for (int c = col; c < col + wide; ++c)
              for (int k = 0; k < (layout.planes ? 1 : layout.channels); ++k) {
                const unsigned sample = value(r, c, plane + k);
                if (layout.bits == 16) block.push_back(0x7f);  // the lower half, in this machine's order
                block.push_back(static_cast<std::uint8_t>(sample));
                if (layout.bits == 32) block.insert(block.end(), 3, 0);
              }
          const auto size = static_cast<tmsize_t>(block.size());
          const auto which = static_cast<std::uint32_t>(next_block(tiff, layout, row, col, plane));
          EXPECT_EQ(layout.tiled ? TIFFWriteEncodedTile(tiff, which, block.data(), size)
                                 : TIFFWriteEncodedStrip(tiff, which, block.data(), size),
                    size);
        }
    TIFFClose(tiff);
    return read_file(file);
  }
  static std::uint32_t next_block(TIFF* tiff, const Layout& layout, int row, int col, int plane) {
    const auto y = static_cast<std::uint32_t>(row), x = static_cast<std::uint32_t>(col);
    const auto sample = static_cast<std::uint16_t>(plane);
    return layout.tiled ? TIFFComputeTile(tiff, x, y, 0, sample) : TIFFComputeStrip(tiff, y, sample);
  }
  static std::string refusal(const std::string& bytes) {
    try {
      decode_tiff(bytes);
    } catch (const InputError& e) {
      return e.what();
    }
    return "decoded";
  }

  TemporaryFolder folder_;
};

RgbImage expected(const std::function<std::array<unsigned, 3>(int row, int col)>& pixel) {
  RgbImage image = blank_image(kRows, kCols);
  for (int r = 0; r < kRows; ++r)
    for (int c = 0; c < kCols; ++c)
      for (std::size_t k = 0; k < 3; ++k)
        image.row(r)[3 * c + static_cast<int>(k)] = static_cast<std::uint8_t>(pixel(r, c)[k]);
  return image;
}

const RgbImage kColours = expected([](int r, int c) {
  return std::array{value(r, c, 0), value(r, c, 1), value(r, c, 2)};
});

TEST_F(Tiff, ColoursAreAsTheyAreStoredWhateverTheAlpha) {
  for (const int bits : {8, 16})
    for (const bool planes : {false, true})
      for (const bool tiled : {false, true})
        for (const int compression : {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE})
          for (const std::vector<std::uint16_t>& extra :
               std::vector<std::vector<std::uint16_t>>{{},
                                                       {EXTRASAMPLE_UNASSALPHA},
                                                       {EXTRASAMPLE_ASSOCALPHA},
                                                       {EXTRASAMPLE_UNSPECIFIED},
                                                       {EXTRASAMPLE_UNASSALPHA, EXTRASAMPLE_UNSPECIFIED}}) {
            Layout layout{.channels = 3 + static_cast<int>(extra.size()),
                          .bits = bits,
                          .compression = compression,
                          .planes = planes,
                          .tiled = tiled,
                          .extra = extra};
            EXPECT_EQ(decode_tiff(written(layout)), kColours)
                << bits << " bits, planes " << planes << ", tiles " << tiled << ", compression "
                << compression << ", " << extra.size() << " extra";
          }
  for (const char* mode : {"wb", "wl", "w8"})
    EXPECT_EQ(decode_tiff(written({.bits = 16, .mode = mode})), kColours) << mode;
}

TEST_F(Tiff, GreyInksAndAlphaBesideThem) {
  const auto grey = [](unsigned flip) {
    return expected([flip](int r, int c) {
      const unsigned v = value(r, c, 0) ^ flip;
      return std::array{v, v, v};
    });
  };
  for (const int bits : {8, 16})
    for (const bool planes : {false, true}) {
      EXPECT_EQ(decode_tiff(written({.photometric = PHOTOMETRIC_MINISBLACK, .channels = 1, .bits = bits})),
                grey(0));
      EXPECT_EQ(decode_tiff(written({.photometric = PHOTOMETRIC_MINISWHITE, .channels = 1, .bits = bits})),
                grey(255));
      EXPECT_EQ(decode_tiff(written({.photometric = PHOTOMETRIC_MINISBLACK,
                                     .channels = 2,
                                     .bits = bits,
                                     .planes = planes,
                                     .extra = {EXTRASAMPLE_UNASSALPHA}})),
                grey(0));
      const RgbImage inks = decode_tiff(
          written({.photometric = PHOTOMETRIC_SEPARATED, .channels = 4, .bits = bits, .planes = planes}));
      EXPECT_EQ(inks, expected([](int r, int c) {
                  // Pillow: light - round(ink * light / 255), never below 0.
                  const unsigned light = 255 - value(r, c, 3);
                  std::array<unsigned, 3> rgb{};
                  for (int k = 0; k < 3; ++k) {
                    const auto dark = static_cast<unsigned>(value(r, c, k) * light / 255.0 + 0.5);
                    rgb[static_cast<std::size_t>(k)] = light - std::min(light, dark);
                  }
                  return rgb;
                }));
    }
}

// Converted by libtiff: what has no colour stays grey, and alpha does not darken it.
TEST_F(Tiff, LuminanceAndChrominanceAreConverted) {
  TIFF* const tiff = TIFFOpen((folder_.path() / "y.tif").c_str(), "w");
  for (const auto& [tag, number] : {std::pair<std::uint32_t, int>{TIFFTAG_IMAGEWIDTH, 8},
                                    {TIFFTAG_IMAGELENGTH, 8},
                                    {TIFFTAG_BITSPERSAMPLE, 8},
                                    {TIFFTAG_SAMPLESPERPIXEL, 3},
                                    {TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_YCBCR},
                                    {TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG},
                                    {TIFFTAG_COMPRESSION, COMPRESSION_NONE}})
    TIFFSetField(tiff, tag, number);
  TIFFSetField(tiff, TIFFTAG_YCBCRSUBSAMPLING, 1, 1);
  std::vector<std::uint8_t> pixels;
  for (int i = 0; i < 64; ++i) pixels.insert(pixels.end(), {static_cast<std::uint8_t>(3 * i), 128, 128});
  TIFFWriteEncodedStrip(tiff, 0, pixels.data(), static_cast<tmsize_t>(pixels.size()));
  TIFFClose(tiff);
  const RgbImage image = decode_tiff(read_file(folder_.path() / "y.tif"));
  for (std::size_t i = 0; i < image.pixels.size(); ++i)
    EXPECT_NEAR(image.pixels[i], 3.0 * std::floor(static_cast<double>(i) / 3), 1);
}

TEST_F(Tiff, WhatIsNoColourOrNoByteIsRefusedByName) {
  for (const auto& [layout, name] :
       {std::pair<Layout, const char*>{{.photometric = PHOTOMETRIC_CIELAB}, "L*a*b*"},
        {{.photometric = PHOTOMETRIC_ICCLAB}, "L*a*b*"},
        {{.photometric = PHOTOMETRIC_CFA, .channels = 1}, "a camera's raw data"},
        {{.photometric = 9999}, "number 9999"},
        {{.bits = 32, .format = SAMPLEFORMAT_IEEEFP}, "32 bits, floating point"},
        {{.bits = 32}, "32 bits"},
        {{.format = SAMPLEFORMAT_INT}, "8 bits, signed"}}) {
    const std::string text = refusal(written(layout));
    EXPECT_NE(text.find(name), std::string::npos) << text;
    EXPECT_NE(text.find("convert it"), std::string::npos) << text;
  }
}

TEST_F(Tiff, SidesWhoseProductOverflowsAreRefused) {
  for (const std::int64_t side : {std::int64_t{0x80000001}, std::int64_t{0xffffffff}})
    EXPECT_THROW(check_image_size(side, 0xffffffff), InputError);
}

TEST_F(Tiff, IsTurnedAsItsOrientationSays) {
  const auto at = [](int r, int c) { return std::array{value(r, c, 0), value(r, c, 1), value(r, c, 2)}; };
  const int last_row = kRows - 1, last_col = kCols - 1;
  // Where the pixel that is stored first is shown.
  const std::pair<int, int> corners[] = {{0, 0}, {0, last_col}, {last_row, last_col}, {last_row, 0},
                                         {0, 0}, {0, last_row}, {last_col, last_row}, {last_col, 0}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const RgbImage image = decode_tiff(written({.orientation = orientation}));
    const bool on_its_side = orientation >= 5;
    ASSERT_EQ(image.rows, on_its_side ? kCols : kRows) << orientation;
    const auto [row, col] = corners[orientation - 1];
    // And the one that is stored beside it.
    const int next_row = on_its_side ? row + (row == 0 ? 1 : -1) : row,
              next_col = on_its_side ? col : col + (col == 0 ? 1 : -1);
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_EQ(image.row(row)[3 * col + static_cast<int>(k)], at(0, 0)[k]) << orientation;
      EXPECT_EQ(image.row(next_row)[3 * next_col + static_cast<int>(k)], at(0, 1)[k]) << orientation;
    }
  }
}

TEST_F(Tiff, DamageIsFoundWhereTheFormatCanShowIt) {
  for (const int compression : {COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_PACKBITS}) {
    std::string file = written({.compression = compression});
    std::fill_n(file.begin() + 100, 600, '\xff');
    EXPECT_NE(refusal(file), "decoded") << compression;
  }
  const std::string whole = written({});
  for (std::size_t size = 0; size < whole.size(); size += 97)
    EXPECT_NE(refusal(whole.substr(0, size)), "decoded") << size;
}

TEST_F(Tiff, ThatUsesFewOfItsSixteenBitsIsDoubted) {
  TIFF* const tiff = TIFFOpen((folder_.path() / "d.tif").c_str(), "w");
  for (const auto& [tag, number] : {std::pair<std::uint32_t, int>{TIFFTAG_IMAGEWIDTH, 64},
                                    {TIFFTAG_IMAGELENGTH, 1},
                                    {TIFFTAG_BITSPERSAMPLE, 16},
                                    {TIFFTAG_SAMPLESPERPIXEL, 1},
                                    {TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK}})
    TIFFSetField(tiff, tag, number);
  std::vector<std::uint16_t> row(64);
  std::iota(row.begin(), row.end(), std::uint16_t{4095 - 63});
  TIFFWriteScanline(tiff, row.data(), 0);
  TIFFClose(tiff);
  std::string caution;
  decode_tiff(read_file(folder_.path() / "d.tif"), &caution);
  EXPECT_NE(caution.find("at most 4095 of 65535"), std::string::npos) << caution;
  EXPECT_NE(caution.find("of 12 bits, multiply them by 16"), std::string::npos) << caution;
  caution.clear();
  decode_tiff(written({.bits = 16}), &caution);
  EXPECT_EQ(caution, "");
}

}  // namespace
}  // namespace wcam
