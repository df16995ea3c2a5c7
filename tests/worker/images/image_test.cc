#include "worker/images/image.h"

#include <gtest/gtest.h>
#include <png.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <numeric>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <random>
#include <string>
#include <tuple>

#include "common/base/error.h"
#include "tests/golden.h"
#include "tests/support.h"
#include "worker/images/jpeg.h"
#include "worker/images/png.h"
#include "worker/images/resample.h"

namespace wcam {
namespace {

using Bytes = std::vector<std::uint8_t>;

class ImageFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "wcam-image-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::string& name, const Bytes& bytes) {
    std::ofstream out(folder_ / name, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return folder_ / name;
  }
  RgbImage decode(const std::string& name, const Bytes& bytes) { return decode_image(write(name, bytes)); }

  // The text of the InputError, without the file's path, which it must begin with.
  std::string complaint(const std::string& name, const Bytes& bytes) {
    const auto file = write(name, bytes);
    try {
      decode_image(file);
    } catch (const InputError& e) {
      const std::string text = e.what();
      EXPECT_TRUE(text.starts_with(file.string() + ": ")) << text;
      return text.substr(std::min(text.size(), file.string().size() + 2));
    }
    return "decoded";
  }

  std::filesystem::path folder_;
};

// Every pixel differs from its neighbours.
RgbImage pattern(int rows, int cols) {
  RgbImage image = blank_image(rows, cols);
  std::size_t i = 0;
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < cols; ++c)
      for (int k = 0; k < 3; ++k)
        image.pixels[i++] = static_cast<std::uint8_t>((37 * r + 91 * c * c + 53 * k) % 256);
  return image;
}

RgbImage constant(int rows, int cols, std::uint8_t value) {
  RgbImage image = blank_image(rows, cols);
  std::fill(image.pixels.begin(), image.pixels.end(), value);
  return image;
}

// In OpenCV's order, with any number of channels and depth.
Bytes encode(const std::string& extension, const cv::Mat& bgr, const std::vector<int>& options = {}) {
  Bytes bytes;
  EXPECT_TRUE(cv::imencode(extension, bgr, bytes, options));
  return bytes;
}

cv::Mat to_bgr(const RgbImage& image) {
  cv::Mat bgr(image.rows, image.cols, CV_8UC3);
  for (int r = 0; r < image.rows; ++r)
    for (int c = 0; c < image.cols; ++c)
      for (int k = 0; k < 3; ++k) bgr.at<cv::Vec3b>(r, c)[k] = image.row(r)[c * 3 + 2 - k];
  return bgr;
}

std::array<double, 3> channel_means(const RgbImage& image) {
  std::array<double, 3> means{};
  for (std::size_t i = 0; i < image.pixels.size(); ++i) means[i % 3] += image.pixels[i];
  for (double& mean : means) mean /= image.rows * image.cols;
  return means;
}

int largest_difference(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
  if (a.size() != b.size()) return 256;
  int largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

TEST(GoldenImages, ComeOutAsThePublishedPipelineSawThem) {
  const auto expected = test::read_golden<unsigned char>(test::golden("wcam.h5"), "images/rgb_uint8");
  Bytes pixels;
  for (const char* name : {"chelsea.png", "coffee.png"}) {
    const RgbImage image = resize_and_crop(decode_image(test::golden(name)), 256, 224);
    pixels.insert(pixels.end(), image.pixels.begin(), image.pixels.end());
  }
  EXPECT_EQ(largest_difference(pixels, expected), 0);
}

struct OddPhotograph {
  const char* name;
  int rows, cols;
  std::array<double, 3> means;  // Pillow 9.4's convert("RGB")
};

// The larger set has others, of the wild (tests/worker/reference_set).
TEST(GoldenImages, ThatAreOddAreDecodedAsPillowDoes) {
  const OddPhotograph photographs[] = {
      {"cmyk.jpg", 100, 150, {178.006, 101.339, 63.689}},
      {"grey.jpg", 100, 150, {119.914, 119.914, 119.914}},
      {"small.jpg", 128, 160, {177.831, 101.299, 63.851}},
      {"tall.jpg", 200, 83, {176.599, 106.426, 57.446}},
      {"tiny.jpg", 56, 75, {177.314, 101.417, 64.259}},
      {"turned.jpg", 100, 150, {177.732, 101.332, 63.843}},  // EXIF says "rotate": ignored
  };
  for (const auto& odd : photographs) {
    const RgbImage image = decode_image(test::golden("odd") / odd.name);
    EXPECT_EQ(image.rows, odd.rows) << odd.name;
    EXPECT_EQ(image.cols, odd.cols) << odd.name;
    // Another libjpeg may round differently here and there; a wrong conversion is off by whole levels.
    for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(channel_means(image)[c], odd.means[c], 0.1) << odd.name;
    EXPECT_EQ(resize_and_crop(image, 256, 224).pixels.size(), 224U * 224 * 3) << odd.name;
  }
}

TEST(GoldenImages, ThatCannotBeUsedAreNamed) {
  for (const auto& [name, reason] :
       {std::pair("cut_off.JPEG", "cut off"), {"not_an_image.JPEG", "not a JPEG"}})
    try {
      decode_image(test::golden("odd") / name);
      ADD_FAILURE() << name << " was decoded";
    } catch (const InputError& e) {
      EXPECT_NE(std::string(e.what()).find(std::string(name) + ": " + reason), std::string::npos) << e.what();
    }
}

TEST_F(ImageFile, LosslessFormatsGiveTheirPixels) {
  const RgbImage image = pattern(5, 7);
  for (const char* extension : {".png", ".bmp", ".tiff"})
    EXPECT_EQ(decode(std::string("a") + extension, encode(extension, to_bgr(image))), image) << extension;
  EXPECT_EQ(decode("a.webp", encode(".webp", to_bgr(image), {cv::IMWRITE_WEBP_QUALITY, 101})), image);
}

TEST_F(ImageFile, TheContentDecidesNotTheName) {
  const RgbImage image = pattern(4, 4);
  EXPECT_EQ(decode("photo.JPEG", encode(".png", to_bgr(image))), image);
}

TEST_F(ImageFile, ThatWasNotFetchedIsSaid) {
  const std::string pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n";
  try {
    decode("a.png", {pointer.begin(), pointer.end()});
    FAIL() << "was decoded";
  } catch (const InputError& e) {
    EXPECT_NE(std::string(e.what()).find("a.png: its content is not here: fetch it ("), std::string::npos)
        << e.what();
  }
}

TEST_F(ImageFile, AlphaIsDropped) {
  const cv::Mat bgra(3, 4, CV_8UC4, cv::Scalar(10, 20, 30, 60));
  const auto expected = [] {
    RgbImage image = blank_image(3, 4);
    for (std::size_t i = 0; i < image.pixels.size(); ++i)
      image.pixels[i] = static_cast<std::uint8_t>(30 - 10 * (i % 3));
    return image;
  }();
  for (const char* extension : {".png", ".tiff", ".bmp"})
    EXPECT_EQ(decode(std::string("a") + extension, encode(extension, bgra)), expected) << extension;
  EXPECT_EQ(decode("a.webp", encode(".webp", bgra, {cv::IMWRITE_WEBP_QUALITY, 101})), expected);
}

TEST_F(ImageFile, SixteenBitsGiveTheirUpperEight) {
  const cv::Mat grey(2, 2, CV_16UC1, cv::Scalar(0x12ff));
  const cv::Mat colour(2, 2, CV_16UC3, cv::Scalar(0x12ff, 0x12ff, 0x12ff));
  for (const char* extension : {".png", ".tiff"}) {
    EXPECT_EQ(decode(std::string("g") + extension, encode(extension, grey)), constant(2, 2, 0x12))
        << extension;
    EXPECT_EQ(decode(std::string("c") + extension, encode(extension, colour)), constant(2, 2, 0x12))
        << extension;
  }
}

TEST_F(ImageFile, GreyAndOneBitPicturesHaveEqualChannels) {
  EXPECT_EQ(decode("grey.png", encode(".png", cv::Mat(2, 3, CV_8UC1, cv::Scalar(77)))), constant(2, 3, 77));
  const cv::Mat white(2, 3, CV_8UC1, cv::Scalar(255));
  EXPECT_EQ(decode("bit.png", encode(".png", white, {cv::IMWRITE_PNG_BILEVEL, 1})), constant(2, 3, 255));
}

TEST_F(ImageFile, PalettesAreLookedUp) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = 2;
  header.height = 1;
  header.format = PNG_FORMAT_RGBA_COLORMAP;
  header.colormap_entries = 2;
  const std::uint8_t palette[] = {1, 2, 3, 0, 200, 100, 50, 255};  // the first colour is transparent
  const std::uint8_t pixels[] = {1, 0};
  Bytes file(4096);
  png_alloc_size_t size = file.size();
  ASSERT_NE(png_image_write_to_memory(&header, file.data(), &size, 0, pixels, 0, palette), 0);
  file.resize(size);
  EXPECT_EQ(decode("palette.png", file).pixels, (Bytes{200, 100, 50, 1, 2, 3}));
}

TEST_F(ImageFile, JpegSurvivesUpToItsLoss) {
  const RgbImage image = constant(17, 9, 120);
  EXPECT_LE(largest_difference(decode("a.jpg", encode_jpeg(image, 95)).pixels, image.pixels), 1);
}

TEST(Png, IsWrittenAsOpenCvReadsIt) {
  const RgbImage image = pattern(9, 11);
  const std::string png = encode_png(image);
  const cv::Mat read = cv::imdecode(Bytes(png.begin(), png.end()), cv::IMREAD_COLOR), written = to_bgr(image);
  ASSERT_EQ(read.size(), written.size());
  EXPECT_TRUE(std::equal(read.datastart, read.dataend, written.datastart));
}

TEST(JpegAndPng, CutAtAnyByteAreErrors) {
  const Bytes jpeg = encode_jpeg(pattern(9, 11), 80), png = encode(".png", to_bgr(pattern(9, 11)));
  const auto start = [](const Bytes& bytes, std::size_t size) {
    return std::string_view(reinterpret_cast<const char*>(bytes.data()), size);
  };
  for (std::size_t size = 0; size < jpeg.size(); ++size)
    EXPECT_THROW(decode_jpeg(start(jpeg, size)), InputError) << size << " of " << jpeg.size();
  for (std::size_t size = 0; size < png.size(); ++size)
    EXPECT_THROW(decode_png(start(png, size)), InputError) << size << " of " << png.size();
}

TEST_F(ImageFile, CutOffWebpTiffAndBmpAreErrorsWithoutNoise) {
  const RgbImage image = pattern(9, 11);
  const std::pair<std::string, Bytes> files[] = {
      {"cut.webp", encode(".webp", to_bgr(image), {cv::IMWRITE_WEBP_QUALITY, 80})},
      {"cut.tiff", encode(".tiff", to_bgr(image))},
      {"cut.bmp", encode(".bmp", to_bgr(image))},
  };
  testing::internal::CaptureStderr();
  for (const auto& [name, whole] : files)
    for (std::size_t size = 0; size < whole.size(); size += size < 100 ? 1 : 13) {
      const std::string text =
          complaint(name, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
      EXPECT_NE(text, "decoded") << name << " cut to " << size << " of " << whole.size() << " bytes";
    }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(ImageFile, NothingIsPrintedAboutBadFiles) {
  Bytes noisy = encode_jpeg(pattern(64, 64), 80);
  noisy.insert(noisy.end() - 2, {1, 2, 3, 4});  // libjpeg: "extraneous bytes before marker"
  Bytes damaged = encode(".png", to_bgr(pattern(9, 11)));
  damaged[damaged.size() - 20] ^= 1U;  // libpng: "CRC error"
  Bytes short_tiff = encode(".tiff", to_bgr(pattern(64, 64)));
  short_tiff.resize(short_tiff.size() / 2);
  testing::internal::CaptureStderr();
  EXPECT_EQ(complaint("noisy.jpg", noisy), "decoded");
  EXPECT_NE(complaint("damaged.png", damaged).find("damaged PNG: "), std::string::npos);
  EXPECT_NE(complaint("short.tiff", short_tiff), "decoded");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

// A photograph's noise, so that blocks take many bytes.
Bytes noisy_jpeg() {
  RgbImage image = blank_image(120, 160);
  std::mt19937 random(4);
  for (std::uint8_t& sample : image.pixels) sample = static_cast<std::uint8_t>(random() % 256);
  return encode_jpeg(image, 90);
}

Bytes noisy_png() {
  RgbImage image = blank_image(50, 60);
  std::mt19937 random(5);
  for (std::uint8_t& sample : image.pixels) sample = static_cast<std::uint8_t>(random() % 256);
  return encode(".png", to_bgr(image));
}

TEST_F(ImageFile, WhatHasLostAPartOfItsPictureIsRefused) {
  const Bytes whole = noisy_jpeg();
  const auto quarter = static_cast<std::ptrdiff_t>(whole.size() / 4);
  Bytes half(whole.begin(), whole.begin() + 2 * quarter);
  half.insert(half.end(), {0xff, 0xd9});
  Bytes zeroed = whole, ones = whole, short_of_some = whole;
  std::fill_n(zeroed.begin() + 2 * quarter, quarter, 0);
  std::fill_n(ones.begin() + 2 * quarter, 100, 0xfe);
  short_of_some.erase(short_of_some.begin() + 2 * quarter, short_of_some.begin() + 3 * quarter);
  const std::tuple<const char*, Bytes, const char*> files[] = {
      {"half.jpg", half, "damaged JPEG, part of the picture is lost: "},
      {"zeroed.jpg", zeroed, "damaged JPEG, part of the picture is lost: "},
      {"ones.jpg", ones, "damaged JPEG, part of the picture is lost: "},
      {"short.jpg", short_of_some, "damaged JPEG, part of the picture is lost: "},
      {"open.jpg", Bytes(whole.begin(), whole.begin() + 2 * quarter), "cut off: "}};
  for (const auto& [name, bytes, reason] : files) {
    const std::string text = complaint(name, bytes);
    EXPECT_TRUE(text.starts_with(reason)) << name << ": " << text;
  }
  Bytes png = noisy_png();
  std::fill_n(png.begin() + static_cast<std::ptrdiff_t>(png.size() / 2), png.size() / 4, std::uint8_t{0});
  EXPECT_TRUE(complaint("zeroed.png", png).starts_with("damaged PNG: "));
}

TEST_F(ImageFile, OddityThatCostsNoPixelIsNotDamage) {
  const Bytes whole = noisy_jpeg();
  const RgbImage image = decode("whole.jpg", whole);
  Bytes padded = whole, garbage = whole, future = whole;
  padded.insert(padded.end() - 2, 5000, 0);                  // cameras' padding
  garbage.insert(garbage.end() - 2, {9, 8, 7, 6, 5, 4, 3});  // "extraneous bytes"
  future[11] = 3;                                            // JFIF's major version
  Bytes adobe = whole;  // a marker of Adobe's with a transform that is not known, after JFIF's
  const Bytes marker{0xff, 0xee, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 9};
  adobe.insert(adobe.begin() + 20, marker.begin(), marker.end());
  Bytes among_headers = whole;
  among_headers.insert(among_headers.begin() + 20, 1000, 7);
  const std::pair<const char*, Bytes> files[] = {{"padded.jpg", padded},
                                                 {"garbage.jpg", garbage},
                                                 {"future.jpg", future},
                                                 {"adobe.jpg", adobe},
                                                 {"headers.jpg", among_headers}};
  for (const auto& [name, bytes] : files) EXPECT_EQ(decode(name, bytes), image) << name;
}

// A row of 16-bit grey, with an sBIT chunk if that is not 0.
Bytes sixteen_bit_png(const std::vector<std::uint16_t>& row, std::uint8_t significant) {
  Bytes file;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &file,
      [](png_structp to, png_bytep data, std::size_t count) {
        auto& bytes = *static_cast<Bytes*>(png_get_io_ptr(to));
        bytes.insert(bytes.end(), data, data + count);
      },
      nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(row.size()), 1, 16, PNG_COLOR_TYPE_GRAY,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_color_8 bits{};
  bits.gray = significant;
  if (significant != 0) png_set_sBIT(png, info, &bits);
  png_write_info(png, info);
  Bytes big_endian;
  for (const std::uint16_t sample : row)
    big_endian.insert(big_endian.end(),
                      {static_cast<std::uint8_t>(sample >> 8U), static_cast<std::uint8_t>(sample & 255U)});
  png_write_row(png, big_endian.data());
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return file;
}

TEST_F(ImageFile, SixteenBitsOfWhichFewAreUsedAreDoubtedUnlessTheFileSaysHowMany) {
  const auto grey = [this](const Bytes& bytes, std::string& caution) {
    caution.clear();
    const RgbImage image = decode_image(write("few.png", bytes), &caution);
    return std::pair<int, int>(image.pixels.front(), image.pixels.back());
  };
  std::string caution;
  const std::vector<std::uint16_t> twelve{16, 4080}, all{0x1000, 0xff00};
  EXPECT_EQ(grey(sixteen_bit_png(twelve, 0), caution), (std::pair{0, 15}));
  EXPECT_NE(caution.find("at most 4080 of 65535"), std::string::npos) << caution;
  EXPECT_NE(caution.find("of 12 bits, multiply them by 16"), std::string::npos) << caution;
  EXPECT_EQ(grey(sixteen_bit_png(twelve, 12), caution), (std::pair{1, 255}));
  EXPECT_EQ(caution, "");
  EXPECT_EQ(grey(sixteen_bit_png(all, 12), caution), (std::pair{0x10, 0xff})) << "its upper 12, as PNG says";
  EXPECT_EQ(grey(sixteen_bit_png(all, 0), caution), (std::pair{0x10, 0xff}));
  EXPECT_EQ(caution, "");
}

TEST_F(ImageFile, BytesAfterTheEndDoNotMatter) {
  for (Bytes file : {encode_jpeg(pattern(8, 8), 90), encode(".png", to_bgr(pattern(8, 8)))}) {
    const RgbImage image = decode("a", file);
    file.insert(file.end(), 100, 0);
    EXPECT_EQ(decode("b", file), image);
  }
}

TEST_F(ImageFile, TooManyPixelsAreRefusedFromTheHeader) {
  Bytes jpeg = encode_jpeg(pattern(8, 8), 90);
  const Bytes frame_header{0xff, 0xc0};  // then length (2), precision (1), height (2), width (2)
  const auto at = std::search(jpeg.begin(), jpeg.end(), frame_header.begin(), frame_header.end());
  ASSERT_NE(at, jpeg.end());
  const Bytes size{0x4e, 0x20, 0x4e, 0x20};  // 20,000 x 20,000
  std::copy(size.begin(), size.end(), at + 5);
  EXPECT_NE(complaint("huge.jpg", jpeg).find("20000 x 20000 pixels; at most 100 megapixels"),
            std::string::npos);
}

TEST_F(ImageFile, EmptyMissingAndFolderAreErrors) {
  EXPECT_EQ(complaint("empty.jpg", {}), "the file is empty");
  EXPECT_THROW(decode_image(folder_ / "missing.jpg"), InputError);
  EXPECT_THROW(decode_image(folder_), InputError);
}

TEST(Resize, GivesPillowsPixels) {
  // Pillow 9.4: Image.fromarray(pattern).resize((cols, rows), BILINEAR).
  EXPECT_EQ(resize_bilinear(pattern(3, 5), 2, 3).pixels,
            (Bytes{53, 106, 159, 106, 159, 212, 136, 134, 96, 99, 152, 136, 152, 205, 133, 182, 89, 142}));
  EXPECT_EQ(resize_bilinear(pattern(3, 5), 4, 6).pixels,
            (Bytes{0,  53,  106, 68,  121, 174, 101, 154, 207, 84,  137, 190, 82,  135, 124, 176, 229, 26,
                   23, 76,  129, 91,  144, 197, 124, 177, 230, 107, 160, 213, 105, 118, 147, 199, 92,  49,
                   51, 104, 157, 119, 172, 153, 152, 205, 162, 135, 188, 185, 133, 122, 175, 227, 24,  77,
                   74, 127, 180, 142, 195, 56,  175, 228, 25,  158, 211, 115, 156, 145, 198, 250, 47,  100}));
}

TEST(Resize, KeepsAConstantImageConstantAtAnySize) {
  for (const int from : {1, 2, 75, 300})
    for (const int to : {1, 3, 224, 511})
      for (const Filter filter : {Filter::kBox, Filter::kTriangle})
        EXPECT_EQ(resample(constant(from, from + 1, 255), to, to + 2, filter), constant(to, to + 2, 255))
            << from << " to " << to;
}

TEST(Resize, ToTheSameSizeChangesNothing) {
  EXPECT_EQ(resize_bilinear(pattern(13, 8), 13, 8), pattern(13, 8));
  EXPECT_EQ(resample_nearest(pattern(13, 8), 13, 8), pattern(13, 8));
}

TEST(Resize, BoxHalvesByAveraging) {
  RgbImage image = blank_image(2, 2);
  image.pixels = {10, 0, 0, 20, 0, 0, 30, 0, 255, 41, 0, 255};
  EXPECT_EQ(resample(image, 1, 1, Filter::kBox).pixels, (Bytes{26, 0, 128}));  // rows first: 15, 35.5 -> 36
}

TEST(Resize, NearestRepeatsPixels) {
  RgbImage image = blank_image(1, 2);
  image.pixels = {1, 2, 3, 4, 5, 6};
  EXPECT_EQ(resample_nearest(image, 2, 4).pixels,
            (Bytes{1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6}));
}

TEST(Resize, RefusesEmptySides) {
  EXPECT_THROW(resize_bilinear(pattern(3, 3), 0, 5), std::invalid_argument);
  EXPECT_THROW(resize_bilinear(RgbImage{}, 5, 5), std::invalid_argument);
}

// Red is the column, green the row.
RgbImage coordinates(int rows, int cols) {
  RgbImage image = blank_image(rows, cols);
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < cols; ++c) {
      std::uint8_t* pixel = image.row(r) + std::ptrdiff_t{3} * c;
      pixel[0] = static_cast<std::uint8_t>(c);
      pixel[1] = static_cast<std::uint8_t>(r);
    }
  return image;
}

struct CropCase {
  int rows, cols, resize, side, top, left;
};

TEST(Crop, IsCentredWithHalvesToTheEvenNumber) {
  // The shorter side is already `resize`, so nothing is resampled. Offsets: Python's round((size - side) /
  // 2).
  for (const CropCase c : {CropCase{20, 30, 20, 10, 5, 10},
                           {21, 21, 21, 10, 6, 6},
                           {23, 40, 23, 10, 6, 15},
                           {30, 25, 25, 10, 10, 8},
                           {10, 10, 10, 10, 0, 0}}) {
    const RgbImage crop = resize_and_crop(coordinates(c.rows, c.cols), c.resize, c.side);
    EXPECT_EQ(crop.rows, c.side);
    EXPECT_EQ(crop.cols, c.side);
    EXPECT_EQ(crop.pixels[0], c.left) << c.rows << " x " << c.cols;
    EXPECT_EQ(crop.pixels[1], c.top) << c.rows << " x " << c.cols;
  }
}

TEST(Crop, RefusesWhatCannotFit) {
  EXPECT_THROW(resize_and_crop(pattern(9, 9), 10, 11), std::invalid_argument);
  EXPECT_THROW(resize_and_crop(blank_image(1, 100'000), 256, 224), InputError);
  EXPECT_THROW(resize_and_crop(RgbImage{}, 256, 224), std::invalid_argument);
}

}  // namespace
}  // namespace wcam
