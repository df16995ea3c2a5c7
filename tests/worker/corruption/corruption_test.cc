#include "worker/corruption/corruption.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <map>
#include <opencv2/imgproc.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/base/sha256.h"
#include "common/study/perturbation.h"
#include "tests/support.h"
#include "tests/worker/corruption/corruption_names.h"
#include "tests/worker/corruption/frost_overlays.h"
#include "tests/worker/corruption/published_corruptions.h"

namespace wcam {
namespace {

// As corrupt(), with overlays for frost.
RgbImage corrupted(const RgbImage& image, const Variant& variant, const CorruptionKey& key) {
  static const FrostOverlays overlays = test::in_memory(test::frost_overlays());
  return corrupt(image, variant, key, overlays);
}

RgbImage corrupted(const RgbImage& image, const std::string& name, int severity) {
  return corrupted(image, {"corruptions", name, severity}, {});
}

RgbImage filled(int rows, int cols, std::array<std::uint8_t, 3> colour) {
  RgbImage image = blank_image(rows, cols);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) image.pixels[i] = colour[i % 3];
  return image;
}

std::string complaint(const RgbImage& image, const Variant& variant) {
  try {
    corrupt(image, variant, {});
  } catch (const InputError& e) {
    return e.what();
  }
  return "corrupted";
}

// Without structure, and of any size.
RgbImage noise(int rows, int cols) {
  RgbImage image = blank_image(rows, cols);
  std::uint32_t state = 1;
  for (auto& value : image.pixels) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<std::uint8_t>(state >> 24U);
  }
  return image;
}

TEST(GoldenCorruptions, HaveThePublishedPixels) {
  test::expect_published_pixels(test::golden("corruptions.h5"));
}

TEST(Corruptions, KeepAnySize) {
  for (const auto& [rows, cols] :
       {std::pair(1, 1), {1, 2}, {2, 2}, {1, 7}, {7, 1}, {2, 3}, {33, 16}, {224, 100}, {1, 999}, {999, 1}})
    for (const auto& name : corruption_names())
      for (int severity = 1; severity <= 5; ++severity) {
        const RgbImage result = corrupted(noise(rows, cols), name, severity);
        EXPECT_EQ(result.rows, rows) << name;
        EXPECT_EQ(result.cols, cols) << name;
        EXPECT_EQ(result.pixels.size(), noise(rows, cols).pixels.size()) << name;
      }
}

TEST(Corruptions, TakeSidesUpToTheBoundAndSayIt) {
  for (const auto& name : corruption_names()) {
    const Variant variant{"corruptions", name, 3};
    for (const auto& [rows, cols] : {std::pair(1, kLongestCorrupted + 1), {kLongestCorrupted + 1, 1}})
      EXPECT_EQ(complaint(noise(rows, cols), variant),
                "cannot corrupt an image of " + std::to_string(cols) + " x " + std::to_string(rows) +
                    " pixels: its longer side is beyond 16384; make it smaller first")
          << name;
    if (name == "fog") continue;  // 2 GiB
    for (const auto& [rows, cols] : {std::pair(1, kLongestCorrupted), {kLongestCorrupted, 1}})
      EXPECT_EQ(corrupted(noise(rows, cols), name, 3).pixels.size(), 3U * kLongestCorrupted) << name;
  }
}

TEST(Corruptions, ThatMoveOnlyDetailLeaveAFlatImageAsItIs) {
  const RgbImage flat = filled(20, 31, {7, 255, 130});
  for (const char* name : {"defocus-blur", "gaussian-blur", "glass-blur", "motion-blur", "zoom-blur",
                           "elastic-transformation", "pixelate", "contrast"})
    for (int severity = 1; severity <= 5; ++severity)
      // Truncation takes a level where a sum of weights falls short of 1 in its last bit.
      EXPECT_LE(test::compare(corrupted(flat, name, severity).pixels, flat.pixels).largest, 1)
          << name << "/" << severity;
}

TEST(Corruptions, BlursAreTheSameInBothDirectionsAndMirrored) {
  const RgbImage image = noise(24, 24);
  RgbImage turned = blank_image(24, 24);
  for (int r = 0; r < 24; ++r)
    for (int c = 0; c < 24; ++c)
      std::copy_n(image.row(r) + std::ptrdiff_t{3} * c, 3,
                  turned.row(c) + std::ptrdiff_t{3} * (23 - r));  // a quarter turn
  for (const char* name : {"defocus-blur", "gaussian-blur"}) {
    const RgbImage upright = corrupted(image, name, 3), after = corrupted(turned, name, 3);
    int largest = 0;
    for (int r = 0; r < 24; ++r)
      for (int c = 0; c < 24; ++c)
        for (int k = 0; k < 3; ++k)
          largest = std::max(largest, std::abs(upright.row(r)[c * 3 + k] - after.row(c)[(23 - r) * 3 + k]));
    EXPECT_LE(largest, 1) << name;  // sums in another order, then truncated
  }
}

TEST(Corruptions, BrightnessAddsToTheLargestChannelAndKeepsTheRatios) {
  EXPECT_EQ(corrupted(filled(1, 1, {0, 0, 0}), "brightness", 2).pixels, filled(1, 1, {51, 51, 51}).pixels);
  EXPECT_EQ(corrupted(filled(1, 1, {255, 255, 255}), "brightness", 5).pixels,
            filled(1, 1, {255, 255, 255}).pixels);
  // 100 + 102 = 202; the others double as well.
  EXPECT_LE(
      test::compare(corrupted(filled(1, 1, {100, 50, 25}), "brightness", 4).pixels, {202, 101, 50}).largest,
      1);
}

TEST(Corruptions, SaturateMovesTowardsOrAwayFromGrey) {
  // Value 200 stays; saturation 1/2 becomes .15 and 1.
  EXPECT_LE(
      test::compare(corrupted(filled(1, 1, {200, 100, 100}), "saturate", 1).pixels, {200, 170, 170}).largest,
      1);
  EXPECT_LE(
      test::compare(corrupted(filled(1, 1, {200, 100, 100}), "saturate", 3).pixels, {200, 0, 0}).largest, 1);
  // Grey has hue 0: what adds saturation turns it red, as published.
  EXPECT_LE(
      test::compare(corrupted(filled(1, 1, {200, 200, 200}), "saturate", 5).pixels, {200, 160, 160}).largest,
      1);
}

TEST(Corruptions, PixelateRepeatsBlocks) {
  const RgbImage result = corrupted(noise(16, 16), "pixelate", 5);  // 4 x 4 blocks
  for (int r = 0; r < 16; ++r)
    for (int c = 0; c < 16; ++c)
      for (int k = 0; k < 3; ++k)
        EXPECT_EQ(result.row(r)[c * 3 + k], result.row(r / 4 * 4)[c / 4 * 4 * 3 + k]);
}

TEST(Corruptions, DrawNothingFromTheKeyWhenTheyAreDeterministic) {
  const RgbImage image = noise(32, 32);
  for (const auto& name : test::kDeterministicCorruptions) {
    const Variant variant{"corruptions", name, 3};
    EXPECT_EQ(corrupt(image, variant, {1, "a"}), corrupt(image, variant, {2, "b"})) << name;
  }
}

TEST(Corruptions, DrawTheSameFromTheSameKeyAndOtherwiseFromAnother) {
  const RgbImage image = noise(32, 32);
  for (const auto& name : test::random_corruptions()) {
    const Variant variant{"corruptions", name, 3};
    const RgbImage one = corrupted(image, variant, {1, "a"});
    EXPECT_EQ(corrupted(image, variant, {1, "a"}), one) << name;
    EXPECT_NE(corrupted(image, variant, {2, "a"}), one) << name << ", another sweep";
    EXPECT_NE(corrupted(image, variant, {1, "b"}), one) << name << ", another image";
  }
}

TEST(Corruptions, ThatOnlyMovePixelsKeepGreyImagesGrey) {
  RgbImage grey = noise(40, 50);
  for (std::size_t i = 0; i < grey.pixels.size(); ++i) grey.pixels[i] = grey.pixels[i - i % 3];
  for (const char* name :
       {"defocus-blur", "gaussian-blur", "glass-blur", "motion-blur", "zoom-blur", "elastic-transformation"})
    for (int severity = 1; severity <= 5; ++severity) {
      const RgbImage result = corrupted(grey, name, severity);
      for (std::size_t i = 0; i < result.pixels.size(); ++i)
        ASSERT_EQ(result.pixels[i], result.pixels[i - i % 3]) << name << "/" << severity;
    }
}

TEST(Corruptions, NoiseInProportionToLightLeavesBlackBlack) {
  const RgbImage black = filled(40, 40, {0, 0, 0});
  for (const char* name : {"shot-noise", "speckle-noise", "fog"})
    for (int severity = 1; severity <= 5; ++severity)
      EXPECT_EQ(corrupted(black, name, severity), black) << name << "/" << severity;
}

TEST(Corruptions, ImpulsesAreBlackOrWhiteOneAsOftenAsTheOther) {
  const RgbImage grey = filled(500, 500, {100, 101, 102});
  const double amounts[] = {.03, .06, .09, .17, .27};
  for (int severity = 1; severity <= 5; ++severity) {
    double black = 0, white = 0, others = 0;
    const RgbImage result = corrupted(grey, "impulse-noise", severity);
    for (std::size_t i = 0; i < result.pixels.size(); ++i) {
      black += result.pixels[i] == 0;
      white += result.pixels[i] == 255;
      others += result.pixels[i] == grey.pixels[i];
    }
    const auto count = static_cast<double>(result.pixels.size());
    EXPECT_EQ(black + white + others, count);
    EXPECT_NEAR(black / count, amounts[severity - 1] / 2, 2e-3);  // five standard errors at most
    EXPECT_NEAR(white / count, amounts[severity - 1] / 2, 2e-3);
  }
}

TEST(Corruptions, ShotNoiseLeavesAsManyLevelsAsPhotonsWereCounted) {
  for (const auto& [severity, photons] : {std::pair(5, 3), {4, 5}}) {
    const RgbImage result = corrupted(noise(100, 100), "shot-noise", severity);
    const std::set<int> levels(result.pixels.begin(), result.pixels.end());
    EXPECT_EQ(levels.size(), static_cast<std::size_t>(photons + 1)) << severity;
    EXPECT_EQ(*levels.begin(), 0);
    EXPECT_EQ(*levels.rbegin(), 255);
  }
}

// Mean difference of neighbours, `down` and `right` pixels apart.
double roughness(const RgbImage& image, int down, int right) {
  double sum = 0;
  for (int r = 0; r + down < image.rows; ++r)
    for (int c = 0; c + right < image.cols; ++c)
      sum += std::abs(image.row(r)[3 * c] - image.row(r + down)[3 * (c + right)]);
  return sum / ((image.rows - down) * (image.cols - right));
}

TEST(Corruptions, SnowFallsAndIsTheSameTurnedByHalfACircle) {
  const RgbImage dark = filled(101, 120, {20, 20, 20});
  for (std::uint64_t seed = 0; seed < 10; ++seed)
    for (int severity = 1; severity <= 5; ++severity) {
      RgbImage snow = corrupted(dark, {"corruptions", "snow", severity}, {seed, ""});
      EXPECT_LT(roughness(snow, 1, 0), roughness(snow, 0, 1)) << seed << " " << severity;
      const RgbImage upright = snow;
      std::reverse(snow.pixels.begin(), snow.pixels.end());  // on grey all channels are equal
      EXPECT_EQ(snow, upright) << seed << " " << severity;
    }
}

// Those made by basic arithmetic alone. The first sixteen digits of the SHA-256 of their pixels; all but
// frost's (within a level there) are also what NumPy makes of the same draws.
TEST(Corruptions, ArePinnedToTheBitWhereNoLibraryRounds) {
  const std::pair<const char*, const char*> pinned[] = {
      {"gaussian-noise", "5e20f3f1c9da465e"},
      {"shot-noise", "6e959cbd7f2dd8e2"},
      {"impulse-noise", "179b1a82497f78b6"},
      {"speckle-noise", "a1482a9747e4c87a"},
      {"fog", "a1db880ab00f29cc"},
      {"frost", "f3effae284752ed4"},
  };
  const FrostOverlays overlays = test::in_memory({noise(60, 90)});
  for (const auto& [name, digits] : pinned) {
    const RgbImage result = corrupt(noise(50, 70), {"corruptions", name, 3}, {95, "some image"}, overlays);
    const std::string bytes(result.pixels.begin(), result.pixels.end());
    EXPECT_EQ(sha256_of(bytes).substr(0, 16), digits) << name;
  }
}

// CTest runs each test in a process of its own, where nothing has tamed OpenCV before.
TEST(Corruptions, KeepOpenCvToTheWorkersOwnThread) {
  corrupt(filled(16, 16, {20, 20, 20}), {"corruptions", "spatter", 1}, {});
  EXPECT_EQ(cv::getNumThreads(), 1);
}

TEST(Corruptions, WaterAddsItsColourAndMudReplacesByIts) {
  const RgbImage black = filled(224, 224, {0, 0, 0}), white = filled(224, 224, {255, 255, 255});
  const RgbImage water = corrupted(black, "spatter", 3), mud = corrupted(white, "spatter", 4);
  int wettest = 0;
  for (std::size_t i = 0; i < water.pixels.size(); i += 3) {
    EXPECT_NEAR(water.pixels[i + 1], water.pixels[i] * 238 / 175.0, 1.5);  // pale turquoise, truncated
    EXPECT_EQ(water.pixels[i + 1], water.pixels[i + 2]);
    wettest = std::max<int>(wettest, water.pixels[i + 1]);
  }
  EXPECT_EQ(wettest, 119);  // half of 238
  int muddy = 0;
  for (std::size_t i = 0; i < mud.pixels.size(); i += 3) {
    const double share = (255.0 - mud.pixels[i]) / (255 - 63);
    muddy += share > 0;
    EXPECT_TRUE(share == 0 || (share > 0.79 && share <= 1)) << share;  // its edges are hard
    EXPECT_NEAR(mud.pixels[i + 1], 255 - share * (255 - 42), 2);
    EXPECT_NEAR(mud.pixels[i + 2], 255 - share * (255 - 20), 2);
  }
  EXPECT_GT(muddy, 1000);
}

// What frost draws for a key: an overlay, and where the image lies on it, enlarged.
struct FrostDraw {
  std::size_t overlay;
  int rows, cols, top, left;
};

FrostDraw frost_draw(const RgbImage& image, const Variant& variant, const CorruptionKey& key,
                     const std::vector<RgbImage>& overlays, double enlargement) {
  RandomStream random(stream_key(key, variant));
  FrostDraw draw{};
  draw.overlay = static_cast<std::size_t>(random.integer(0, static_cast<int>(overlays.size())));
  draw.rows = static_cast<int>(std::ceil(overlays[draw.overlay].rows * enlargement));
  draw.cols = static_cast<int>(std::ceil(overlays[draw.overlay].cols * enlargement));
  draw.top = random.integer(0, draw.rows - image.rows);
  draw.left = random.integer(0, draw.cols - image.cols);
  return draw;
}

TEST(Frost, AddsAPieceOfAnOverlayEnlargedAsOpenCvDoes) {
  const std::vector<RgbImage> overlays{noise(60, 90), test::frost_overlays()[0]};
  const RgbImage image = noise(50, 40);
  const double kept[] = {1, .8, .7, .65, .6}, added[] = {.4, .6, .7, .7, .75};
  std::set<std::size_t> drawn;
  for (std::uint64_t seed = 0; seed < 10; ++seed)
    for (int severity = 1; severity <= 5; ++severity) {
      const Variant variant{"corruptions", "frost", severity};
      const FrostDraw draw = frost_draw(image, variant, {seed, "x"}, overlays, 1.1);
      drawn.insert(draw.overlay);
      RgbImage overlay = overlays[draw.overlay];
      cv::Mat enlarged;
      cv::resize(cv::Mat(overlay.rows, overlay.cols, CV_8UC3, overlay.pixels.data()), enlarged,
                 {draw.cols, draw.rows}, 0, 0, cv::INTER_CUBIC);
      const RgbImage result = corrupt(image, variant, {seed, "x"}, test::in_memory(overlays));
      for (int r = 0; r < image.rows; ++r)
        for (int i = 0; i < image.cols * 3; ++i) {
          const double exact = kept[severity - 1] * image.row(r)[i] +
                               added[severity - 1] * enlarged.ptr(draw.top + r)[draw.left * 3 + i];
          // OpenCV's fixed-point weights may round the overlay otherwise.
          ASSERT_NEAR(result.row(r)[i], std::floor(std::min(exact, 255.0)), 1) << seed << " " << severity;
        }
    }
  EXPECT_EQ(drawn.size(), 2U);
}

TEST(Frost, CoversAnImageLargerThanItsOverlay) {
  const FrostOverlays white = test::in_memory({filled(30, 50, {255, 255, 255})});
  for (const auto& [rows, cols] : {std::pair(31, 20), {20, 300}, {400, 401}})
    EXPECT_EQ(corrupt(filled(rows, cols, {0, 0, 0}), {"corruptions", "frost", 1}, {}, white),
              filled(rows, cols, {102, 102, 102}));  // .4 * 255
}

// Enlarged to cover the image, these have 8.8e9 rows or columns.
TEST(Frost, TakesOverlaysThatAreStrips) {
  for (const auto& [rows, cols] : {std::pair(1, 2'000'000), {2'000'000, 1}})
    for (std::uint64_t seed = 0; seed < 4; ++seed)
      EXPECT_EQ(corrupt(filled(4000, 3, {0, 0, 0}), {"corruptions", "frost", 1}, {seed, ""},
                        test::in_memory({filled(rows, cols, {255, 255, 255})})),
                filled(4000, 3, {102, 102, 102}));
}

TEST(Frost, DecodesOnlyTheOverlaysThatItDraws) {
  std::vector<std::size_t> read;
  const FrostOverlays overlays(1000, [&](std::size_t which) {
    read.push_back(which);
    return noise(10, 10);
  });
  const Variant variant{"corruptions", "frost", 3};
  const RgbImage image = noise(8, 8), once = corrupt(image, variant, {7, "x"}, overlays);
  EXPECT_EQ(read.size(), 1U);
  EXPECT_EQ(corrupt(image, variant, {7, "x"}, overlays), once);
  EXPECT_EQ(read.size(), 1U);  // kept
}

TEST(Frost, IsRefusedWithoutOverlays) {
  try {
    corrupt(noise(8, 8), {"corruptions", "frost", 1}, {});
    FAIL() << "made up";
  } catch (const InputError& e) {
    EXPECT_STREQ(e.what(),
                 "'frost' needs photographs of frosted glass: name their folder with --frost-overlays DIR");
  }
}

TEST(Corruptions, RefuseWhatTheyCannotMake) {
  const RgbImage image = noise(8, 8);
  EXPECT_EQ(complaint(image, {"corruptions", "hail", 3}),
            "this version cannot make the variant 'corruptions/hail/3'");
  EXPECT_EQ(complaint(image, {"editing", "jpeg", 3}),
            "this version cannot make the variant 'editing/jpeg/3'");
  EXPECT_EQ(complaint(image, {"corruptions", "jpeg", 0}), "severity 0 of 'jpeg' is outside 1 to 5");
  EXPECT_EQ(complaint(image, {"corruptions", "jpeg", 6}), "severity 6 of 'jpeg' is outside 1 to 5");
  EXPECT_EQ(complaint(RgbImage{}, {"corruptions", "jpeg", 1}), "cannot corrupt an image without pixels");
}

}  // namespace
}  // namespace wcam
