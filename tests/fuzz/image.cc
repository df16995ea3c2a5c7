// The bytes of a photograph, of whatever format.
#include "worker/images/image.h"

#include "common/base/error.h"
#include "tests/fuzz/target.h"

using namespace wcam;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) try {
  const RgbImage image = decode_bytes(text_of(data, size));
  const auto pixels = static_cast<std::size_t>(image.rows) * static_cast<std::size_t>(image.cols);
  demand(image.rows > 0 && image.cols > 0 && image.pixels.size() == pixels * 3, "an image of another size");
  if (pixels > 4'000'000) return 0;  // correct and slow
  const RgbImage cropped = resize_and_crop(image, 40, 32);
  demand(cropped.rows == 32 && cropped.cols == 32, "a crop of another size");
  return 0;
} catch (const InputError&) {
  return 0;
}
