#include "worker/models/built_in_pictures.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "worker/design/pcg64.h"

namespace wcam {

namespace {

using Colour = std::array<double, 3>;

// Of picture `index` at x, y in 0..1.
Colour colour_at(int index, double x, double y, Pcg64& random) {
  const double tone = index / 16.0;
  switch (index % 4) {
    case 0: {  // stripes, finer from picture to picture
      const double phase = 2 * std::numbers::pi * (1 + index) * (index % 8 == 0 ? x : y);
      return {0.5 + 0.5 * std::sin(phase), 0.5 + 0.5 * std::sin(phase + 1), 0.5 + 0.5 * std::sin(phase + 2)};
    }
    case 1:  // gradients
      return {index % 8 == 1 ? x : y, 1 - x, tone * y};
    case 2: {  // a disc on a dark ground
      const bool inside = std::hypot(x - 0.5, y - 0.5) < 0.2 + 0.02 * index;
      return inside ? Colour{1 - tone, tone, 0.3 + 0.5 * tone} : Colour{0.1, 0.1, 0.1};
    }
    default:  // noise
      return {random.uniform(), random.uniform(), random.uniform()};
  }
}

}  // namespace

std::vector<RgbImage> built_in_pictures(int side, int count) {
  Pcg64 random(0);
  std::vector<RgbImage> pictures;
  for (int index = 0; index < count; ++index) {
    RgbImage picture = blank_image(side, side);
    std::uint8_t* out = picture.pixels.data();
    for (int r = 0; r < side; ++r)
      for (int c = 0; c < side; ++c)
        for (const double channel : colour_at(index, (c + 0.5) / side, (r + 0.5) / side, random))
          *out++ = static_cast<std::uint8_t>(std::lround(255 * channel));
    pictures.push_back(std::move(picture));
  }
  return pictures;
}

std::vector<RgbImage> built_in_batch(int side, std::size_t size) {
  std::vector<RgbImage> batch = built_in_pictures(side);
  while (batch.size() < size) batch.push_back(batch[batch.size() - 16]);
  batch.resize(size);
  return batch;
}

}  // namespace wcam
