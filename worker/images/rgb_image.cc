#include "worker/images/rgb_image.h"

#include <string>

#include "common/base/error.h"

namespace wcam {

void check_image_size(std::int64_t rows, std::int64_t cols) {
  if (rows > kMostPixels || cols > kMostPixels || rows * cols > kMostPixels)  // no product overflows
    throw InputError(std::to_string(cols) + " x " + std::to_string(rows) + " pixels; at most " +
                     std::to_string(kMostPixels / 1'000'000) +
                     " megapixels are decoded: make it smaller first");
}

}  // namespace wcam
