// Photographs as the classifiers see them.
#pragma once

#include <filesystem>
#include <string>

#include "worker/images/rgb_image.h"

namespace wcam {

// Decodes JPEG (grayscale, CMYK), PNG (alpha, 16-bit, palette), TIFF (the same, CMYK, YCbCr), WebP and BMP as
// Pillow's convert("RGB") does: alpha is dropped, the colours beneath it as they are stored, EXIF orientation
// ignored, as torchvision's loader does. Two departures: 16 bits give their upper 8, where Pillow turns
// 16-bit grey white, and what has lost a part of the picture is refused.
// `caution`, if given, says what makes a picture that is used all the same doubtful (cautions.h), else stays
// as it is. Throws InputError naming the file: unreadable, not an image, damaged or cut off in the middle, of
// other colours, larger than kMostPixels.
RgbImage decode_image(const std::filesystem::path& file, std::string* caution = nullptr);

// decode_image() of a file's content. Throws InputError with the reason (not the file's name).
RgbImage decode_bytes(const std::string& bytes, std::string* caution = nullptr);

// Pillow's antialiased bilinear resize (triangle filter scaled by the reduction, 22-bit fixed point,
// horizontal pass first), so that pixels equal those of torchvision's Resize on a Pillow image.
RgbImage resize_bilinear(const RgbImage& image, int rows, int cols);

// Shorter side to `resize` (the longer one truncated, as torchvision does), then the centre input_size x
// input_size.
RgbImage resize_and_crop(const RgbImage& image, int resize, int input_size);

}  // namespace wcam
