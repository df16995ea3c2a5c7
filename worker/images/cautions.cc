#include "worker/images/cautions.h"

#include <algorithm>
#include <bit>

namespace wcam {

std::string few_bits(unsigned largest) {
  constexpr int kMostOfFew = 14;  // a quarter of the range: the brightest of cameras' raw numbers
  const auto used = static_cast<int>(std::bit_width(largest));
  if (used == 0 || used > kMostOfFew) return "";
  return "its numbers of 16 bits are at most " + std::to_string(largest) + " of 65535, so that it is " +
         (used <= 8 ? "black" : "dark") + ": if they are of " + std::to_string(used) +
         " bits, multiply them by " + std::to_string(1U << static_cast<unsigned>(16 - used)) +
         ", or save it with 8 bits";
}

std::string enlarged(const RgbImage& image, int input_size) {
  if (std::min(image.rows, image.cols) >= input_size) return "";
  return "its " + std::to_string(image.cols) + " x " + std::to_string(image.rows) +
         " pixels are enlarged to the network's " + std::to_string(input_size) + " x " +
         std::to_string(input_size) + ": it has no details on the finest scales";
}

}  // namespace wcam
