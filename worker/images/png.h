// PNG in memory through libpng itself: OpenCV lets libpng print to stderr about every odd colour profile.
#pragma once

#include <string>
#include <string_view>

#include "worker/images/rgb_image.h"

namespace wcam {

bool is_png(std::string_view bytes);

// Grey (1 to 16 bits), palette, RGB, with or without alpha and interlacing, to RGB: alpha and transparency
// dropped, gamma and profiles ignored, of 16 bits the upper 8. Where an sBIT chunk says that fewer of the 16
// are used, and no number is larger than these allow, the upper 8 of them. `caution`, if given: as of
// decode_bytes(). Throws InputError with the reason (not the file's name): cut off, damaged, larger than
// kMostPixels.
RgbImage decode_png(std::string_view bytes, std::string* caution = nullptr);

// Lossless. Throws std::runtime_error with libpng's words.
std::string encode_png(const RgbImage& image);

}  // namespace wcam
