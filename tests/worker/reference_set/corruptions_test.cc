// Corruptions of real photographs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "common/study/perturbation.h"
#include "tests/support.h"
#include "tests/worker/corruption/frost_overlays.h"
#include "tests/worker/corruption/published_corruptions.h"
#include "tests/worker/reference_set/photographs.h"
#include "worker/corruption/corruption.h"
#include "worker/images/image.h"

namespace wcam {
namespace {

TEST(CorruptedPhotographs, HaveThePublishedPixels) {
  test::expect_published_pixels(test::reference_set() / "golden/corruptions_deterministic.h5");
}

// The size before the crop is rounded here, as where the file was made, and truncated in torchvision and in
// resize_and_crop.
RgbImage photograph(const std::string& name) {
  const RgbImage image = decode_image(test::reference_set() / "photos" / (name + ".JPEG"));
  const double scale = 256.0 / std::min(image.rows, image.cols);
  const auto scaled = [scale](int side) { return static_cast<int>(std::lround(side * scale)); };
  return resize_and_crop(resize_bilinear(image, scaled(image.rows), scaled(image.cols)), 256, 224);
}

TEST(CorruptedPhotographs, HaveThePublishedStatistics) {
  std::map<std::string, RgbImage> photographs;
  for (const char* name : {"n01806143_peacock", "n02782093_balloon", "n03888257_parachute"})
    photographs[name] = photograph(name);
  test::expect_published_statistics(test::reference_set() / "golden/corruption_statistics.csv", photographs);
}

double mean_difference(const RgbImage& a, const RgbImage& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(a.pixels[i] - b.pixels[i]);
  return sum / static_cast<double>(a.pixels.size());
}

// ImageNet-C's severities do not all grow worse on every photograph, by any measure of pixels. Where they do
// not, and why:
struct Exception {
  const char* name;
  int severity;
  bool worse_on_average;
  const char* why;
};
constexpr Exception kExceptions[] = {
    {"saturate", 3, false, "severities 1 and 2 take colour away, 3 to 5 add it"},
    {"spatter", 4, true, "mud rather than water, which dark photographs hide"},
    {"snow", 3, false, "few thick flakes rather than many small ones; PSNR falls by .1 dB"},
    {"frost", 4, false, "the same weight of frost before a darker photograph"},
    {"glass-blur", 2, true, "copies once rather than twice, from farther away"},
    {"glass-blur", 4, false, "copies twice rather than three times, from farther away"},
    {"zoom-blur", 5, true, "steps of .03 rather than .02: fewer pictures, farther apart"},
};

// What each severity draws anew decides on a single photograph: motion's direction may lie along its edges,
// fog be thick or thin before it. These are held to the average alone, of several draws.
const std::set<std::string> kDecidedByTheDraw{"motion-blur", "fog"};

const Exception* exception_of(const std::string& name, int severity) {
  const auto* found = std::find_if(std::begin(kExceptions), std::end(kExceptions), [&](const Exception& e) {
    return e.name == name && e.severity == severity;
  });
  return found == std::end(kExceptions) ? nullptr : found;
}

TEST(CorruptedPhotographs, GrowWorseWithSeverityOnEveryOneButForTheExceptions) {
  std::map<std::string, RgbImage> photographs;
  for (const auto& file : test::photograph_files())
    photographs[file.stem()] = resize_and_crop(decode_image(file), 256, 224);
  ASSERT_EQ(photographs.size(), 24U);
  const FrostOverlays overlays = test::in_memory(test::frost_overlays());
  for (const auto& name : corruption_names()) {
    std::map<std::string, double> before;  // mean difference to the clean photograph
    const int draws = kDecidedByTheDraw.contains(name) ? 16 : 1;
    for (int severity = 1; severity <= 5; ++severity) {
      double growth = 0;
      std::string not_worse;
      for (const auto& [photograph, clean] : photographs) {
        const Variant variant{"corruptions", name, severity};
        double now = 0;
        for (int seed = 1; seed <= draws; ++seed)
          now += mean_difference(clean, corrupt(clean, variant,
                                                {static_cast<std::uint64_t>(seed), photograph}, overlays)) /
                 draws;
        growth += (now - before[photograph]) / static_cast<double>(photographs.size());
        if (now <= before[photograph]) not_worse += " " + photograph;
        before[photograph] = now;
      }
      const Exception* exception = exception_of(name, severity);
      EXPECT_TRUE(not_worse.empty() == (exception == nullptr) || kDecidedByTheDraw.contains(name))
          << name << "/" << severity << ":" << not_worse;
      EXPECT_EQ(growth > 0, exception == nullptr || exception->worse_on_average)
          << name << "/" << severity << " grows by " << growth;
    }
  }
}

}  // namespace
}  // namespace wcam
