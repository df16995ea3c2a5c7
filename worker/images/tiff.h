// TIFF in memory through libtiff itself: OpenCV multiplies colours by their alpha, and converts colour spaces
// that it does not know as if they were RGB.
#pragma once

#include <string>
#include <string_view>

#include "worker/images/rgb_image.h"

namespace wcam {

bool is_tiff(std::string_view bytes);

// The first picture of a file, strips or tiles, classic or BigTIFF: grey, RGB and CMYK of 8 or 16 bits,
// palettes, YCbCr, grey of 1, 2 and 4 bits, to RGB. Alpha is dropped and the colours stay as they are stored:
// where the file says that they were multiplied by it ("associated"), multiplied. The picture is turned as
// its orientation says, which Pillow does too; profiles are ignored, of 16 bits the upper 8 are taken.
// `caution`, if given: as of decode_bytes(). Throws InputError with the reason (not the file's name): a
// colour space or kind of samples that is none of these, by name; damaged, cut off; larger than kMostPixels.
RgbImage decode_tiff(std::string_view bytes, std::string* caution = nullptr);

}  // namespace wcam
