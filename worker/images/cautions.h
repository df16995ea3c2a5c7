// What is odd about a picture that is used all the same: a line for people, empty when nothing is.
#pragma once

#include <string>

#include "worker/images/rgb_image.h"

namespace wcam {

// Of a picture of 16 bits whose largest number is `largest`: that it is nearly black, since its numbers seem
// to be of fewer bits.
std::string few_bits(unsigned largest);

// That the network sees more pixels than there are: a shorter side below `input_size`.
std::string enlarged(const RgbImage& image, int input_size);

}  // namespace wcam
