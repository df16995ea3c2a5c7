// Pixels in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace wcam {

// RGB, 8 bits a channel, rows first, channels interleaved, no padding: pixels[(row * cols + col) * 3 +
// channel].
struct RgbImage {
  int rows = 0, cols = 0;
  std::vector<std::uint8_t> pixels;

  std::uint8_t* row(int r) {
    return pixels.data() + static_cast<std::size_t>(r) * static_cast<std::size_t>(cols) * 3;
  }
  const std::uint8_t* row(int r) const {
    return pixels.data() + static_cast<std::size_t>(r) * static_cast<std::size_t>(cols) * 3;
  }
  bool operator==(const RgbImage&) const = default;
};

// The largest image that is decoded or made: some float64 copies of it, 2.4 GB each, fit most machines.
inline constexpr std::int64_t kMostPixels = 100'000'000;

// A black image.
inline RgbImage blank_image(int rows, int cols) {
  return {rows, cols,
          std::vector<std::uint8_t>(static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols) * 3)};
}

// Throws InputError giving size and bound (not the file's name) beyond kMostPixels.
void check_image_size(std::int64_t rows, std::int64_t cols);

}  // namespace wcam
