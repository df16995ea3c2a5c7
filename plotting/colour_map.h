// From a number to a colour.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace wcam {

// jet: that of the published figures. ink: from nearly white, without a tint, through green to dark blue, so
// that what matters is what is dark; viridis: from dark to yellow. Of both, equal steps of the value look
// equally far apart, and their lightness alone, which grey print and the colour-blind keep, tells the order.
// diverging: of differences, blue below 0, orange above, both as dark as they are far; its middle is white.
enum class ColourMap { kJet, kViridis, kInk, kDiverging };

// The colour map with this name; kDiverging has none. Throws UsageError listing the known names.
ColourMap parse_colour_map(const std::string& name);

struct Rgb {
  std::uint8_t red = 0, green = 0, blue = 0;
  bool operator==(const Rgb&) const = default;
};

inline constexpr std::size_t kColours = 256;
using ColourTable = std::array<Rgb, kColours>;

// Entry k is the colour of the values in [k/256, (k+1)/256) of the range; the last one is that of the maximum
// too.
ColourTable colour_table(ColourMap map);

// What the first and the last colour stand for.
struct ColourRange {
  double low = 0, high = 0;
  bool operator==(const ColourRange&) const = default;
};

// The smallest range that holds all values of all spans; {0, 0} when there is none.
ColourRange range_of(std::span<const std::vector<float>* const> maps);

// Which entry of the table is the value's; values outside the range take the nearest end, and so does a NaN
// and all of a range without extent the low one.
std::size_t colour_index(double value, const ColourRange& range);

// The colours of a range set back, for what is no more than noise: each three quarters of the way to that of
// 0, or of the value nearest to 0, so that it is faint, its place in the table can still be told, and what is
// nearly 0 looks the same whether it is noise or not.
ColourTable set_back(const ColourTable& table, const ColourRange& range);

}  // namespace wcam
