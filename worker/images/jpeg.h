// JPEG in memory through libjpeg itself: its warnings tell a photograph that was cut off or damaged, which
// OpenCV decodes to a grey lower half without a word, and nothing is printed to stderr.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "worker/images/rgb_image.h"

namespace wcam {

bool is_jpeg(std::string_view bytes);

// Grey, YCbCr, RGB, CMYK and YCCK to RGB as Pillow does, EXIF orientation ignored. Throws InputError with the
// reason (not the file's name): cut off, larger than kMostPixels, or libjpeg's own words, those of its
// warnings too where they mean that pixels were lost, which Pillow shows grey.
RgbImage decode_jpeg(std::string_view bytes);

// Baseline, 4:2:0, standard Huffman tables: byte for byte what Pillow writes at this quality (1..100) with
// the same libjpeg, but for the header. Throws std::runtime_error with libjpeg's words, InputError when a
// side is beyond 65,500 pixels.
std::vector<std::uint8_t> encode_jpeg(const RgbImage& image, int quality);

// "libjpeg-turbo 2.1.5", the one that this was built with.
std::string jpeg_version();

}  // namespace wcam
