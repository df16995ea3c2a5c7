// What digital handling does: compression and low resolution.
#include <algorithm>

#include "worker/corruption/kinds.h"
#include "worker/corruption/parameters.h"
#include "worker/images/jpeg.h"
#include "worker/images/resample.h"

namespace wcam {

RgbImage jpeg(const RgbImage& image, int severity, RandomStream&) {
  const auto file = encode_jpeg(image, at_severity(kJpegQuality, severity));
  return decode_jpeg({reinterpret_cast<const char*>(file.data()), file.size()});
}

// Box-averaged down, repeated back up. A side never shrinks below one pixel.
RgbImage pixelate(const RgbImage& image, int severity, RandomStream&) {
  const double scale = at_severity(kPixelateScale, severity);
  const auto shrink = [&](int side) { return std::max(1, static_cast<int>(side * scale)); };
  return resample_nearest(resample(image, shrink(image.rows), shrink(image.cols), Filter::kBox), image.rows,
                          image.cols);
}

}  // namespace wcam
