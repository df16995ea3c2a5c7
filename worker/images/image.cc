#include "worker/images/image.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/study/pointer_file.h"
#include "worker/images/jpeg.h"
#include "worker/images/opencv.h"
#include "worker/images/png.h"
#include "worker/images/resample.h"
#include "worker/images/tiff.h"

namespace wcam {

namespace {

std::size_t little_endian(std::string_view bytes) {
  std::size_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8U | static_cast<unsigned char>(bytes[i]);
  return value;
}

// OpenCV prints about headers it cannot read; what cannot be one of its formats, or is cut off, does not get
// that far.
void check_signature(std::string_view bytes) {
  const bool webp = bytes.starts_with("RIFF") && bytes.substr(0, 12).ends_with("WEBP");
  const bool bmp = bytes.starts_with("BM");
  if (is_pointer_text(bytes)) throw InputError(kNotFetched);
  if (!webp && !bmp) throw InputError("not a JPEG, PNG, WebP, BMP or TIFF image");
  std::size_t expected = 32;  // the shortest header
  if (bytes.size() >= expected && webp) expected = std::max(expected, 8 + little_endian(bytes.substr(4, 4)));
  if (bytes.size() >= expected && bmp) expected = std::max(expected, little_endian(bytes.substr(2, 4)));
  if (bytes.size() < expected)
    throw InputError("cut off: " + std::to_string(bytes.size()) + " bytes of at least " +
                     std::to_string(expected));
}

// WebP and BMP. Their sizes are known only after decoding; OpenCV itself stops at 2^30 pixels.
RgbImage decode_other(const std::string& bytes) {
  tame_opencv();
  check_signature(bytes);
  cv::Mat decoded;
  try {
    const cv::Mat input(1, static_cast<int>(bytes.size()), CV_8UC1, const_cast<char*>(bytes.data()));
    decoded = cv::imdecode(input, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
  } catch (const cv::Exception& e) {
    throw InputError("cannot be decoded: " + e.err);
  }
  if (decoded.empty()) throw InputError("damaged, cut off or of a kind that OpenCV does not read");
  check_image_size(decoded.rows, decoded.cols);
  RgbImage image = blank_image(decoded.rows, decoded.cols);
  cv::Mat rgb(image.rows, image.cols, CV_8UC3, image.pixels.data());
  cv::cvtColor(decoded, rgb, cv::COLOR_BGR2RGB);
  return image;
}

RgbImage crop_centre(const RgbImage& image, int side) {
  // Halves go to the even number, as Python's round() does.
  const int top = static_cast<int>(std::nearbyint((image.rows - side) / 2.0));
  const int left = static_cast<int>(std::nearbyint((image.cols - side) / 2.0));
  RgbImage result = blank_image(side, side);
  for (int r = 0; r < side; ++r)
    std::copy_n(image.row(top + r) + static_cast<std::ptrdiff_t>(left) * 3,
                static_cast<std::ptrdiff_t>(side) * 3, result.row(r));
  return result;
}

}  // namespace

RgbImage decode_bytes(const std::string& bytes, std::string* caution) {
  if (bytes.empty()) throw InputError("the file is empty");
  if (is_jpeg(bytes)) return decode_jpeg(bytes);
  if (is_png(bytes)) return decode_png(bytes, caution);
  if (is_tiff(bytes)) return decode_tiff(bytes, caution);
  return decode_other(bytes);
}

RgbImage decode_image(const std::filesystem::path& file, std::string* caution) {
  const std::string bytes = read_file(file);
  try {
    return decode_bytes(bytes, caution);
  } catch (const InputError& e) {
    throw InputError(file.string() + ": " + e.what());
  }
}

RgbImage resize_bilinear(const RgbImage& image, int rows, int cols) {
  return resample(image, rows, cols, Filter::kTriangle);
}

RgbImage resize_and_crop(const RgbImage& image, int resize, int input_size) {
  if (input_size < 1 || resize < input_size)
    throw std::invalid_argument("cannot crop " + std::to_string(input_size) +
                                " pixels from a shorter side of " + std::to_string(resize));
  const std::int64_t shorter = std::min(image.rows, image.cols), longer = std::max(image.rows, image.cols);
  if (shorter < 1) throw std::invalid_argument("cannot resize an empty image");
  const std::int64_t scaled = resize * longer / shorter;
  if (scaled * resize > kMostPixels)  // a strip of 1 x 100,000 would grow beyond all memory
    throw InputError("an image of " + std::to_string(image.cols) + " x " + std::to_string(image.rows) +
                     " pixels is too narrow: with a shorter side of " + std::to_string(resize) +
                     " it would exceed " + std::to_string(kMostPixels / 1'000'000) + " megapixels");
  const bool upright = image.rows > image.cols;
  return crop_centre(resize_bilinear(image, upright ? static_cast<int>(scaled) : resize,
                                     upright ? resize : static_cast<int>(scaled)),
                     input_size);
}

}  // namespace wcam
