#include "worker/corruption/corruption_sheet.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "common/base/error.h"

namespace wcam {

namespace {

constexpr int kGap = 8, kMargin = 16, kHeading = 40;  // pixels

// OpenCV's stroke font, drawn at four times its size and shrunk: its own smoothing is coarse.
constexpr int kFont = cv::FONT_HERSHEY_DUPLEX, kFiner = 4;
constexpr double kFontScale = 0.6;

cv::Size text_size(const std::string& text) { return cv::getTextSize(text, kFont, kFontScale, 1, nullptr); }

// Middle of the text's left edge at (x, y).
void draw_text(cv::Mat& sheet, const std::string& text, int x, int y) {
  const cv::Size size = text_size(text) + cv::Size(2, 12);  // with room for what hangs below the line
  cv::Mat fine(size * kFiner, CV_8UC3, cv::Scalar::all(255)), drawn;
  cv::putText(fine, text, {kFiner, (size.height - 6) * kFiner}, kFont, kFontScale * kFiner,
              cv::Scalar::all(40), kFiner, cv::LINE_AA);
  cv::resize(fine, drawn, size, 0, 0, cv::INTER_AREA);
  drawn.copyTo(sheet(cv::Rect(x, y - size.height / 2, size.width, size.height)));
}

// Upper left corner at (x, y).
void draw_picture(cv::Mat& sheet, const RgbImage& image, int x, int y) {
  for (int r = 0; r < image.rows; ++r)
    std::copy_n(image.row(r), image.cols * 3, sheet.ptr(y + r) + std::ptrdiff_t{3} * x);
}

}  // namespace

RgbImage corruption_sheet(const RgbImage& clean, const std::vector<std::string>& names,
                          const CorruptionKey& key, const FrostOverlays& frost_overlays) {
  int label = 0;
  for (const auto& name : names) label = std::max(label, text_size(name).width);
  // Cells are at least as large as their text.
  const cv::Size least = text_size("severity 5");
  const int width = std::max(clean.cols, least.width + kGap), height = std::max(clean.rows, 2 * least.height);
  const int left = kMargin + label + 2 * kGap;
  const auto x_of = [&](int column) { return left + column * (width + kGap); };
  const auto y_of = [&](int row) { return kHeading + row * (height + kGap); };
  const int rows = y_of(static_cast<int>(names.size())) - kGap + kMargin;
  const int cols = x_of(kHighestSeverity + 1) - kGap + kMargin;
  if (std::int64_t{rows} * cols > kMostPixels)
    throw InputError("a sheet of " + std::to_string(names.size()) + " corruptions would have " +
                     std::to_string(cols) + " x " + std::to_string(rows) + " pixels; at most " +
                     std::to_string(kMostPixels / 1'000'000) +
                     " megapixels are drawn: make the pictures smaller with --resize and --input-size");

  RgbImage result = blank_image(rows, cols);
  std::fill(result.pixels.begin(), result.pixels.end(), std::uint8_t{255});
  cv::Mat sheet(rows, cols, CV_8UC3, result.pixels.data());
  for (int column = 0; column <= kHighestSeverity; ++column) {
    const std::string title = column == 0 ? "clean" : "severity " + std::to_string(column);
    draw_text(sheet, title, x_of(column) + (width - text_size(title).width) / 2, kHeading / 2);
  }
  for (int row = 0; row < static_cast<int>(names.size()); ++row) {
    const std::string& name = names[static_cast<std::size_t>(row)];
    draw_text(sheet, name, left - 2 * kGap - text_size(name).width, y_of(row) + height / 2);
    draw_picture(sheet, clean, x_of(0), y_of(row));
    for (int severity = kLowestSeverity; severity <= kHighestSeverity; ++severity)
      draw_picture(sheet, corrupt(clean, {"corruptions", name, severity}, key, frost_overlays),
                   x_of(severity), y_of(row));
  }
  return result;
}

}  // namespace wcam
