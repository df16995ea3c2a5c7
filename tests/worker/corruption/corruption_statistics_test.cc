// Random corruptions cannot equal the published pixels; their statistics can.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support.h"
#include "tests/worker/corruption/corruption_names.h"
#include "worker/corruption/corruption.h"
#include "worker/images/image.h"

namespace wcam {
namespace {

struct Statistics {
  double mean = 0, deviation = 0, psnr = 0;  // of all values; PSNR to the clean image in dB
};

Statistics statistics(const RgbImage& image, const RgbImage& clean) {
  double sum = 0, squares = 0, errors = 0;
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    const double value = image.pixels[i], error = value - clean.pixels[i];
    sum += value;
    squares += value * value;
    errors += error * error;
  }
  const auto count = static_cast<double>(image.pixels.size());
  const double mean = sum / count;
  return {mean, std::sqrt(squares / count - mean * mean), 10 * std::log10(255.0 * 255.0 * count / errors)};
}

// A row of corruption_statistics.csv: the published code's average over `draws`, and how far one draw strays
// (standard deviation; 0 where nothing is drawn).
struct Published {
  std::string photo, corruption;
  int severity = 0, draws = 0;
  Statistics average, spread;
};

std::vector<Published> published_statistics() {
  std::ifstream file(test::shared_folder() / "golden/corruption_statistics.csv");
  std::string line;
  std::getline(file, line);
  EXPECT_EQ(line, "photo,corruption,severity,draws,mean,mean_sd,std,std_sd,psnr_db,psnr_sd,ssim,ssim_sd\r");
  std::vector<Published> rows;
  while (std::getline(file, line)) {
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream in(line);
    Published row;
    in >> row.photo >> row.corruption >> row.severity >> row.draws >> row.average.mean >> row.spread.mean >>
        row.average.deviation >> row.spread.deviation >> row.average.psnr >> row.spread.psnr;
    EXPECT_TRUE(in) << line;
    rows.push_back(row);
  }
  EXPECT_EQ(rows.size(), 3U * 19 * 5);
  return rows;
}

// The size before the crop is rounded here, as where the file was made, and truncated in torchvision and in
// resize_and_crop.
RgbImage photograph(const std::string& name) {
  const RgbImage image = decode_image(test::shared_folder() / "photos" / (name + ".JPEG"));
  const double scale = 256.0 / std::min(image.rows, image.cols);
  const auto scaled = [scale](int side) { return static_cast<int>(std::lround(side * scale)); };
  return resize_and_crop(resize_bilinear(image, scaled(image.rows), scaled(image.cols)), 256, 224);
}

constexpr const char* kPhotographs[] = {"n01806143_peacock", "n02782093_balloon", "n03888257_parachute"};

struct Comparison {
  const char* what;
  double Statistics::*value;
};
constexpr Comparison kCompared[] = {
    {"mean", &Statistics::mean}, {"standard deviation", &Statistics::deviation}, {"PSNR", &Statistics::psnr}};

// From shared/golden/CORRUPTIONS.md: on fresh seeds the published code itself passed the first in all of
// 1,980 checks, and failed the second once in 1,200 (nearly all of them fog); twice that is let pass here.
double bound_of_average(double average, double spread) { return 1.2 * spread + 0.002 * std::abs(average); }
double bound_of_one_draw(double average, double spread) { return 3 * spread + 0.01 * std::abs(average); }

TEST(CorruptionStatistics, AreThePublishedOnes) {
  WCAM_SKIP_WITHOUT_SHARED("golden/corruption_statistics.csv");
  WCAM_SKIP_WITHOUT_SHARED("photos");
  const std::vector<Published> rows = published_statistics();
  int draws_checked = 0;
  std::string strays;
  for (int which = 0; which < 3; ++which) {
    const RgbImage clean = photograph(kPhotographs[which]);
    for (const auto& row : rows) {
      const auto& all = corruption_names();
      const auto name = std::find_if(all.begin(), all.end(), [&](const std::string& n) {
        return test::published_name(n) == row.corruption;
      });
      // Sixteen draws take their time: of random ones, each severity on one of the photographs.
      const int draws = row.draws == 1 ? 1 : row.severity % 3 == which ? 16 : 0;
      if (row.photo != kPhotographs[which] || name == all.end() || *name == "frost" || draws == 0) continue;
      const Variant variant{"corruptions", *name, row.severity};
      const std::string where = to_string(variant) + " of " + row.photo;
      Statistics average;
      for (int seed = 0; seed < draws; ++seed) {
        const Statistics one =
            statistics(corrupt(clean, variant, {static_cast<std::uint64_t>(seed), row.photo}), clean);
        for (const auto& [what, value] : kCompared) {
          average.*value += one.*value / draws;
          if (std::abs(one.*value - row.average.*value) >
              bound_of_one_draw(row.average.*value, row.spread.*value))
            strays += '\n' + where + ", seed " + std::to_string(seed) + ": " + what;
          ++draws_checked;
        }
      }
      for (const auto& [what, value] : kCompared)
        EXPECT_NEAR(average.*value, row.average.*value,
                    bound_of_average(row.average.*value, row.spread.*value))
            << what << " of " << where << "; one draw strays by " << row.spread.*value;
    }
  }
  EXPECT_LE(600 * std::count(strays.begin(), strays.end(), '\n'), draws_checked) << strays;
}

}  // namespace
}  // namespace wcam
