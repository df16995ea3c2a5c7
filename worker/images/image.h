// Photographs as the classifiers see them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
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
RgbImage blank_image(int rows, int cols);

// Throws InputError giving size and bound (not the file's name) beyond kMostPixels.
void check_image_size(std::int64_t rows, std::int64_t cols);

// Decodes JPEG (grayscale, CMYK), PNG (alpha, 16-bit, palette), WebP, BMP, TIFF as Pillow's convert("RGB")
// does: alpha is dropped, EXIF orientation ignored, as torchvision's loader does. One departure: 16 bits give
// their upper 8, where Pillow turns 16-bit grey white. Throws InputError naming the file: unreadable, not an
// image, cut off in the middle, larger than kMostPixels.
RgbImage decode_image(const std::filesystem::path& file);

// decode_image() of a file's content. Throws InputError with the reason (not the file's name).
RgbImage decode_bytes(const std::string& bytes);

// Pillow's antialiased bilinear resize (triangle filter scaled by the reduction, 22-bit fixed point,
// horizontal pass first), so that pixels equal those of torchvision's Resize on a Pillow image.
RgbImage resize_bilinear(const RgbImage& image, int rows, int cols);

// Shorter side to `resize` (the longer one truncated, as torchvision does), then the centre input_size x
// input_size.
RgbImage resize_and_crop(const RgbImage& image, int resize, int input_size);

}  // namespace wcam
