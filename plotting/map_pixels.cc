#include "plotting/map_pixels.h"

#include <algorithm>
#include <cstddef>

#include "common/base/error.h"
#include "common/command_line/drawing_options.h"
#include "common/command_line/suggestion.h"
#include "common/study/wcam_map.h"

namespace wcam {

namespace {

// Where one pixel of a subband takes its value along one axis: between two cells, a share of the second.
struct Tap {
  int first = 0, second = 0;
  double share = 0;
};

// A cell's part within a subband: which, and the place of its middle, in pixels.
struct Part {
  int cell = 0;
  double middle = 0;
};

std::vector<Part> parts_of(int from, int length, int grid, int side) {
  std::vector<Part> parts;
  for (int x = from; x < from + length;) {
    const int cell = x * grid / side;
    int end = x;
    while (end < from + length && end * grid / side == cell) ++end;
    parts.push_back({cell, (x + end) / 2.0});
    x = end;
  }
  return parts;
}

std::vector<Tap> taps_of(int from, int length, int grid, int side) {
  const std::vector<Part> parts = parts_of(from, length, grid, side);
  std::vector<Tap> taps;
  std::size_t left = 0;
  for (int x = from; x < from + length; ++x) {
    const double middle = x + 0.5;
    while (left + 1 < parts.size() && parts[left + 1].middle <= middle) ++left;
    const Part &a = parts[left], &b = parts[std::min(left + 1, parts.size() - 1)];
    const double share = b.middle > a.middle ? (middle - a.middle) / (b.middle - a.middle) : 0;
    taps.push_back({a.cell, b.cell, std::clamp(share, 0.0, 1.0)});
  }
  return taps;
}

class Smooth {
 public:
  Smooth(std::span<const float> cells, int grid) : cells_(cells), grid_(grid) {}
  double at(const Tap& y, const Tap& x) const {
    return (1 - y.share) * along(y.first, x) + y.share * along(y.second, x);
  }

 private:
  double along(int row, const Tap& x) const {
    const auto value = [&](int col) {
      return static_cast<double>(cells_[static_cast<std::size_t>(row * grid_ + col)]);
    };
    return (1 - x.share) * value(x.first) + x.share * value(x.second);
  }
  std::span<const float> cells_;
  int grid_;
};

}  // namespace

Interpolation parse_interpolation(const std::string& name) {
  if (name == "nearest") return Interpolation::kNearest;
  if (name == "smooth") return Interpolation::kSmooth;
  throw UsageError("unknown interpolation '" + name + "'" + but_known(name, kInterpolations));
}

std::vector<float> pixels_of_map(std::span<const float> cells, int grid, int levels, int side,
                                 Interpolation interpolation) {
  if (interpolation == Interpolation::kNearest) return upsample_nearest(cells, grid, side);
  std::vector<float> pixels(static_cast<std::size_t>(side) * static_cast<std::size_t>(side));
  const Smooth smooth(cells, grid);
  for (const Subband& band : subbands(side, levels)) {
    const std::vector<Tap> rows = taps_of(band.row, band.side, grid, side);
    const std::vector<Tap> columns = taps_of(band.col, band.side, grid, side);
    for (std::size_t y = 0; y < rows.size(); ++y)
      for (std::size_t x = 0; x < columns.size(); ++x)
        pixels[(static_cast<std::size_t>(band.row) + y) * static_cast<std::size_t>(side) +
               static_cast<std::size_t>(band.col) + x] = static_cast<float>(smooth.at(rows[y], columns[x]));
  }
  return pixels;
}

}  // namespace wcam
