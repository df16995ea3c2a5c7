// What sensors do: Gaussian, shot, impulse and speckle noise. Independent from channel to channel.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "worker/base/widest.h"
#include "worker/corruption/kinds.h"
#include "worker/corruption/parameters.h"

namespace wcam {

namespace {

WCAM_WIDEST void add_noise(const std::uint8_t* pixels, const double* noise, std::size_t count,
                           std::uint8_t* result) {
  for (std::size_t i = 0; i < count; ++i) result[i] = to_byte(pixels[i] / 255.0 + noise[i]);
}

WCAM_WIDEST void add_noise_in_proportion(const std::uint8_t* pixels, const double* noise, std::size_t count,
                                         std::uint8_t* result) {
  for (std::size_t i = 0; i < count; ++i) {
    const double x = pixels[i] / 255.0;
    result[i] = to_byte(x + x * noise[i]);
  }
}

RgbImage with_normal_noise(const RgbImage& image, double deviation, RandomStream& random, auto* add) {
  RgbImage result = blank_image(image.rows, image.cols);
  std::vector<double> noise(static_cast<std::size_t>(image.cols) * 3);
  for (int r = 0; r < image.rows; ++r) {
    random.fill_normal(noise, 0, deviation);
    add(image.row(r), noise.data(), noise.size(), result.row(r));
  }
  return result;
}

}  // namespace

RgbImage gaussian_noise(const RgbImage& image, int severity, RandomStream& random) {
  return with_normal_noise(image, at_severity(kGaussianNoiseDeviation, severity), random, &add_noise);
}

RgbImage speckle_noise(const RgbImage& image, int severity, RandomStream& random) {
  return with_normal_noise(image, at_severity(kSpeckleNoiseDeviation, severity), random,
                           &add_noise_in_proportion);
}

// Photons counted: few at high severities, so that few grey levels are left.
RgbImage shot_noise(const RgbImage& image, int severity, RandomStream& random) {
  const double photons = at_severity(kShotNoisePhotons, severity);
  std::array<std::uint8_t, 256> level_of_count;
  for (std::size_t count = 0; count < level_of_count.size(); ++count)
    level_of_count[count] = to_byte(static_cast<double>(count) / photons);
  std::array<std::optional<PoissonTable>, 256> tables;  // by grey level
  RgbImage result = blank_image(image.rows, image.cols);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    auto& table = tables[image.pixels[i]];
    if (!table) table.emplace(image.pixels[i] / 255.0 * photons);
    result.pixels[i] = level_of_count[static_cast<std::size_t>((*table)(random.word()))];
  }
  return result;
}

// Each value becomes 0 or 1 with equal probability, or stays.
RgbImage impulse_noise(const RgbImage& image, int severity, RandomStream& random) {
  const double amount = at_severity(kImpulseNoiseAmount, severity);
  const auto pepper = static_cast<std::uint32_t>(amount / 2 * 0x1p32);
  std::vector<std::uint32_t> words(image.pixels.size());
  random.fill_words(words);
  RgbImage result = image;
  std::transform(words.begin(), words.end(), image.pixels.begin(), result.pixels.begin(),
                 [pepper](std::uint32_t word, std::uint8_t pixel) -> std::uint8_t {
                   return word < pepper ? 0 : word < 2 * pepper ? 255 : pixel;
                 });
  return result;
}

}  // namespace wcam
