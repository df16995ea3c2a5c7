// What a rubber sheet does.
#include <algorithm>
#include <array>

#include "worker/corruption/filters.h"
#include "worker/corruption/kinds.h"
#include "worker/corruption/parameters.h"

namespace wcam {

namespace {

constexpr double kReach = 0.005, kSmoothing = 0.01;  // of a side

// Smooth random displacements in pixels, float32 as published.
Plane displacements(const RgbImage& image, double strength, RandomStream& random) {
  Plane plane(image.rows, image.cols, 1);
  // As published, the height decides how far, for both directions.
  random.fill_uniform(plane.values, -kReach * image.rows, kReach * image.rows);
  Plane smooth =
      gaussian_filter(plane, {kSmoothing * image.rows, kSmoothing * image.cols, 3, Border::kReflect});
  for (double& value : smooth.values) value = static_cast<float>(value * strength);
  return smooth;
}

// Where a coordinate lies between two of `size` places, the edge mirrored outwards.
struct Between {
  int before, after;
  double share;  // of the one after

  Between(double place, int size) {
    // Rounded down; std::floor is a call on the oldest x86.
    const int whole = static_cast<int>(place) - (place < static_cast<int>(place) ? 1 : 0);
    before = reflect(whole, size);
    after = reflect(whole + 1, size);
    share = place - whole;
  }
};

}  // namespace

RgbImage elastic_transformation(const RgbImage& image, int severity, RandomStream& random) {
  const double strength = at_severity(kElasticStrength, severity);
  const Plane right = displacements(image, strength, random), down = displacements(image, strength, random);
  // float32 here and below, as published: flat areas come out as they do there.
  std::array<double, 256> level;
  for (std::size_t i = 0; i < level.size(); ++i) level[i] = static_cast<float>(i) / 255.0F;
  RgbImage result = blank_image(image.rows, image.cols);
  for (int r = 0; r < image.rows; ++r)
    for (int c = 0; c < image.cols; ++c) {
      const Between row(r + down.row(r)[c], image.rows), col(c + right.row(r)[c], image.cols);
      const auto along = [&](int which_row, int channel) {
        const std::uint8_t* pixels = image.row(which_row) + channel;
        const double before = level[pixels[std::ptrdiff_t{3} * col.before]];
        const double after = level[pixels[std::ptrdiff_t{3} * col.after]];
        return before * (1 - col.share) + after * col.share;
      };
      for (int k = 0; k < 3; ++k) {
        const double value = along(row.before, k) * (1 - row.share) + along(row.after, k) * row.share;
        result.row(r)[c * 3 + k] =
            static_cast<std::uint8_t>(std::min(static_cast<float>(value), 1.0F) * 255.0F);
      }
    }
  return result;
}

}  // namespace wcam
