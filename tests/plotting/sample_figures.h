// Figures made up for tests, and the pixels of a PNG.
#pragma once

#include <cairo.h>

#include <cmath>
#include <cstring>
#include <stdexcept>
#include <string>

#include "plotting/figure4.h"
#include "plotting/figure5.h"
#include "plotting/figure_rebuilt.h"

namespace wcam::test {

inline Picture sample_picture(int side, int shade) {
  Picture picture{side, {}};
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x)
      for (const int value : {x, y, shade}) picture.rgb.push_back(static_cast<std::uint8_t>(value % 256));
  return picture;
}

// Peaks here and there, other ones for another seed; values 0 to about 0.3.
inline Map sample_map(int grid, int seed) {
  Map map{grid, 3, 224, {}};
  for (int i = 0; i < grid * grid; ++i)
    map.cells.push_back(0.3f * std::pow(std::abs(std::sin(0.7f * static_cast<float>(i * seed + i))), 12.0f));
  return map;
}

inline ShownVariant sample_variant(const std::string& name, const std::string& prediction, int seed) {
  return {name, sample_picture(224, 40 * seed), {prediction, sample_map(28, seed)}};
}

inline Figure4 sample_figure4() {
  return {"cat.jpg",
          "baseline",
          "corruptions",
          "Total-order Sobol index",
          "tiger cat",
          "A design.",
          sample_variant("cat.jpg", "tiger cat", 1),
          sample_variant("brightness, severity 1", "tiger cat", 2),
          sample_variant("motion-blur, severity 3", "lynx", 3)};
}

inline Figure5 sample_figure5(int cases) {
  Figure5 figure{"cat.jpg",   "motion-blur, severity 3", "Total-order Sobol index", "tiger cat",
                 "A design.", sample_picture(224, 40),   sample_picture(224, 200),  {}};
  for (int i = 0; i < cases; ++i)
    figure.cases.push_back({"case_" + std::to_string(i), Explanation{"tiger cat", sample_map(28, i + 1)},
                            Explanation{"lynx", sample_map(28, i + 40)}});
  return figure;
}

inline Rebuilt sample_rebuilt() {
  Rebuilt rebuilt{sample_picture(224, 3), {"tiger cat", sample_map(28, 1)}, {}};
  for (std::size_t k = 0; k < kRebuiltShares.size(); ++k)
    rebuilt.steps.push_back({10 * k + 1, sample_picture(224, 9)});
  return rebuilt;
}

// Whether two places share more than an edge.
inline bool overlap(const Rect& a, const Rect& b) {
  constexpr double kHair = 1e-9;
  return a.x + kHair < b.right() && b.x + kHair < a.right() && a.y + kHair < b.bottom() &&
         b.y + kHair < a.bottom();
}

struct PngPixels {
  int width = 0, height = 0;
  std::vector<Rgb> rows;
  const Rgb& at(int x, int y) const { return rows.at(static_cast<std::size_t>(y * width + x)); }
};

inline PngPixels decode_png(std::string bytes) {
  const auto read = [](void* closure, unsigned char* data, unsigned int length) {
    auto& left = *static_cast<std::string*>(closure);
    if (left.size() < length) return CAIRO_STATUS_READ_ERROR;
    std::memcpy(data, left.data(), length);
    left.erase(0, length);
    return CAIRO_STATUS_SUCCESS;
  };
  cairo_surface_t* surface = cairo_image_surface_create_from_png_stream(read, &bytes);
  if (cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS) throw std::runtime_error("not a PNG");
  PngPixels png{cairo_image_surface_get_width(surface), cairo_image_surface_get_height(surface), {}};
  const unsigned char* data = cairo_image_surface_get_data(surface);
  for (int y = 0; y < png.height; ++y)
    for (int x = 0; x < png.width; ++x) {
      std::uint32_t pixel = 0;
      std::memcpy(&pixel, data + y * cairo_image_surface_get_stride(surface) + 4 * x, sizeof pixel);
      png.rows.push_back({static_cast<std::uint8_t>(pixel >> 16), static_cast<std::uint8_t>(pixel >> 8),
                          static_cast<std::uint8_t>(pixel)});
    }
  cairo_surface_destroy(surface);
  return png;
}

}  // namespace wcam::test
