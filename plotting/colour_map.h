// From a number to a colour.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace wcam {

// jet: that of the published figures. viridis: equal steps of the value look equally far apart, in grey print
// too.
enum class ColourMap { kJet, kViridis };

// The colour map with this name. Throws UsageError listing the known names.
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

}  // namespace wcam
