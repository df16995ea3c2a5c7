// What is odd about a picture that is used all the same: a line for people, empty when nothing is.
#pragma once

#include <string>

#include "worker/images/rgb_image.h"

namespace wcam {

// Of a picture of 16 bits whose largest number is `largest`: that it is nearly black, since its numbers seem
// to be of fewer bits.
std::string few_bits(unsigned largest);

// That a shorter side below `side` was enlarged to it.
std::string enlarged(const RgbImage& image, int side);

}  // namespace wcam
