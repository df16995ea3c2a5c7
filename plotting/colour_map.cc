#include "plotting/colour_map.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/base/error.h"
#include "common/command_line/drawing_options.h"
#include "common/command_line/suggestion.h"

namespace wcam {

namespace {

struct Anchor {
  double position, value;
};

// matplotlib's jet (lib/matplotlib/_cm.py, _jet_data, licence PSF-like): linear between these anchors.
constexpr Anchor kJetRed[] = {{0, 0}, {0.35, 0}, {0.66, 1}, {0.89, 1}, {1, 0.5}};
constexpr Anchor kJetGreen[] = {{0, 0}, {0.125, 0}, {0.375, 1}, {0.64, 1}, {0.91, 0}, {1, 0}};
constexpr Anchor kJetBlue[] = {{0, 0.5}, {0.11, 1}, {0.34, 1}, {0.65, 0}, {1, 0}};

double interpolate(std::span<const Anchor> anchors, double position) {
  std::size_t right = 1;
  while (right + 1 < anchors.size() && anchors[right].position < position) ++right;
  const Anchor &a = anchors[right - 1], &b = anchors[right];
  return a.value + (b.value - a.value) * (position - a.position) / (b.position - a.position);
}

std::uint8_t to_byte(double share) { return static_cast<std::uint8_t>(std::lround(share * 255)); }

ColourTable jet() {
  ColourTable table;
  for (std::size_t k = 0; k < kColours; ++k) {
    const double position = static_cast<double>(k) / (kColours - 1);
    table[k] = {to_byte(interpolate(kJetRed, position)), to_byte(interpolate(kJetGreen, position)),
                to_byte(interpolate(kJetBlue, position))};
  }
  return table;
}

// S. van der Walt and N. Smith's viridis (matplotlib, lib/matplotlib/_cm_listed.py, _viridis_data, CC0), all
// 256 entries, rounded to 8 bits a channel: 0xRRGGBB.
// clang-format off
constexpr std::uint32_t kViridis[kColours] = {
    0x440154, 0x440256, 0x450457, 0x450559, 0x46075a, 0x46085c, 0x460a5d, 0x460b5e,
    0x470d60, 0x470e61, 0x471063, 0x471164, 0x471365, 0x481467, 0x481668, 0x481769,
    0x48186a, 0x481a6c, 0x481b6d, 0x481c6e, 0x481d6f, 0x481f70, 0x482071, 0x482173,
    0x482374, 0x482475, 0x482576, 0x482677, 0x482878, 0x482979, 0x472a7a, 0x472c7a,
    0x472d7b, 0x472e7c, 0x472f7d, 0x46307e, 0x46327e, 0x46337f, 0x463480, 0x453581,
    0x453781, 0x453882, 0x443983, 0x443a83, 0x443b84, 0x433d84, 0x433e85, 0x423f85,
    0x424086, 0x424186, 0x414287, 0x414487, 0x404588, 0x404688, 0x3f4788, 0x3f4889,
    0x3e4989, 0x3e4a89, 0x3e4c8a, 0x3d4d8a, 0x3d4e8a, 0x3c4f8a, 0x3c508b, 0x3b518b,
    0x3b528b, 0x3a538b, 0x3a548c, 0x39558c, 0x39568c, 0x38588c, 0x38598c, 0x375a8c,
    0x375b8d, 0x365c8d, 0x365d8d, 0x355e8d, 0x355f8d, 0x34608d, 0x34618d, 0x33628d,
    0x33638d, 0x32648e, 0x32658e, 0x31668e, 0x31678e, 0x31688e, 0x30698e, 0x306a8e,
    0x2f6b8e, 0x2f6c8e, 0x2e6d8e, 0x2e6e8e, 0x2e6f8e, 0x2d708e, 0x2d718e, 0x2c718e,
    0x2c728e, 0x2c738e, 0x2b748e, 0x2b758e, 0x2a768e, 0x2a778e, 0x2a788e, 0x29798e,
    0x297a8e, 0x297b8e, 0x287c8e, 0x287d8e, 0x277e8e, 0x277f8e, 0x27808e, 0x26818e,
    0x26828e, 0x26828e, 0x25838e, 0x25848e, 0x25858e, 0x24868e, 0x24878e, 0x23888e,
    0x23898e, 0x238a8d, 0x228b8d, 0x228c8d, 0x228d8d, 0x218e8d, 0x218f8d, 0x21908d,
    0x21918c, 0x20928c, 0x20928c, 0x20938c, 0x1f948c, 0x1f958b, 0x1f968b, 0x1f978b,
    0x1f988b, 0x1f998a, 0x1f9a8a, 0x1e9b8a, 0x1e9c89, 0x1e9d89, 0x1f9e89, 0x1f9f88,
    0x1fa088, 0x1fa188, 0x1fa187, 0x1fa287, 0x20a386, 0x20a486, 0x21a585, 0x21a685,
    0x22a785, 0x22a884, 0x23a983, 0x24aa83, 0x25ab82, 0x25ac82, 0x26ad81, 0x27ad81,
    0x28ae80, 0x29af7f, 0x2ab07f, 0x2cb17e, 0x2db27d, 0x2eb37c, 0x2fb47c, 0x31b57b,
    0x32b67a, 0x34b679, 0x35b779, 0x37b878, 0x38b977, 0x3aba76, 0x3bbb75, 0x3dbc74,
    0x3fbc73, 0x40bd72, 0x42be71, 0x44bf70, 0x46c06f, 0x48c16e, 0x4ac16d, 0x4cc26c,
    0x4ec36b, 0x50c46a, 0x52c569, 0x54c568, 0x56c667, 0x58c765, 0x5ac864, 0x5cc863,
    0x5ec962, 0x60ca60, 0x63cb5f, 0x65cb5e, 0x67cc5c, 0x69cd5b, 0x6ccd5a, 0x6ece58,
    0x70cf57, 0x73d056, 0x75d054, 0x77d153, 0x7ad151, 0x7cd250, 0x7fd34e, 0x81d34d,
    0x84d44b, 0x86d549, 0x89d548, 0x8bd646, 0x8ed645, 0x90d743, 0x93d741, 0x95d840,
    0x98d83e, 0x9bd93c, 0x9dd93b, 0xa0da39, 0xa2da37, 0xa5db36, 0xa8db34, 0xaadc32,
    0xaddc30, 0xb0dd2f, 0xb2dd2d, 0xb5de2b, 0xb8de29, 0xbade28, 0xbddf26, 0xc0df25,
    0xc2df23, 0xc5e021, 0xc8e020, 0xcae11f, 0xcde11d, 0xd0e11c, 0xd2e21b, 0xd5e21a,
    0xd8e219, 0xdae319, 0xdde318, 0xdfe318, 0xe2e418, 0xe5e419, 0xe7e419, 0xeae51a,
    0xece51b, 0xefe51c, 0xf1e51d, 0xf4e61e, 0xf6e620, 0xf8e621, 0xfbe723, 0xfde725,
};
// clang-format on

ColourTable viridis() {
  ColourTable table;
  for (std::size_t k = 0; k < kColours; ++k)
    table[k] = {static_cast<std::uint8_t>(kViridis[k] >> 16),
                static_cast<std::uint8_t>(kViridis[k] >> 8 & 0xff),
                static_cast<std::uint8_t>(kViridis[k] & 0xff)};
  return table;
}

// CIE 1976 L*a*b*, white of D65, of a colour given by lightness, chroma and hue, as 8-bit sRGB (IEC
// 61966-2-1).
Rgb from_lightness_chroma_hue(double lightness, double chroma, double degrees) {
  const double radians = degrees * std::acos(-1.0) / 180;
  const double fy = (lightness + 16) / 116, fx = fy + chroma * std::cos(radians) / 500,
               fz = fy - chroma * std::sin(radians) / 200;
  const auto cube = [](double f) { return f > 6.0 / 29 ? f * f * f : (f - 4.0 / 29) * 3 * 36 / 841; };
  const double x = 0.95047 * cube(fx), y = cube(fy), z = 1.08883 * cube(fz);
  const auto channel = [](double linear) {
    const double share = linear <= 0.0031308 ? 12.92 * linear : 1.055 * std::pow(linear, 1 / 2.4) - 0.055;
    return to_byte(std::clamp(share, 0.0, 1.0));
  };
  return {channel(3.2406 * x - 1.5372 * y - 0.4986 * z), channel(-0.9689 * x + 1.8758 * y + 0.0415 * z),
          channel(0.0557 * x - 0.2040 * y + 1.0570 * z)};
}

// A line through L*a*b*, within sRGB. It begins without colour, so that no cell at 0 looks like a mark; then
// the hue turns from yellow to blue.
struct Lab {
  double lightness, chroma, degrees;
};
Lab ink_at(double share) { return {98 - 77 * share, 25 * share * (2 - share), 100 + 190 * share}; }

double apart(const Lab& a, const Lab& b) {
  const double turn = (a.degrees - b.degrees) * std::acos(-1.0) / 180;
  const double chroma = a.chroma * a.chroma + b.chroma * b.chroma - 2 * a.chroma * b.chroma * std::cos(turn);
  return std::sqrt((a.lightness - b.lightness) * (a.lightness - b.lightness) + chroma);
}

// The line in steps of equal length: equal differences of colour by CIE 1976.
ColourTable ink() {
  constexpr int kPieces = 4096;
  std::vector<double> length{0};  // from its beginning to piece k
  for (int k = 1; k <= kPieces; ++k)
    length.push_back(length.back() + apart(ink_at((k - 1.0) / kPieces), ink_at(double{1} * k / kPieces)));
  ColourTable table;
  std::size_t piece = 0;
  for (std::size_t k = 0; k < kColours; ++k) {
    const double wanted = length.back() * static_cast<double>(k) / (kColours - 1);
    while (piece < kPieces && length[piece] < wanted) ++piece;
    const Lab colour = ink_at(static_cast<double>(piece) / kPieces);
    table[k] = from_lightness_chroma_hue(colour.lightness, colour.chroma, colour.degrees);
  }
  return table;
}

// Straight lines in L*a*b*, so equal steps look equally far apart. Blue and orange are told apart by those
// who see no red or no green too.
ColourTable diverging() {
  constexpr double kEndLightness = 45, kEndChroma = 48, kBlue = 275, kOrange = 60;
  ColourTable table;
  for (std::size_t k = 0; k < kColours; ++k) {
    const double side = 2 * static_cast<double>(k) / (kColours - 1) - 1, far = std::abs(side);
    table[k] = from_lightness_chroma_hue(100 + far * (kEndLightness - 100), far * kEndChroma,
                                         side < 0 ? kBlue : kOrange);
  }
  return table;
}

}  // namespace

ColourMap parse_colour_map(const std::string& name) {
  if (name == "jet") return ColourMap::kJet;
  if (name == "viridis") return ColourMap::kViridis;
  if (name == "ink") return ColourMap::kInk;
  throw UsageError("unknown colour map '" + name + "'" + but_known(name, kColourMaps));
}

ColourTable colour_table(ColourMap map) {
  switch (map) {
    case ColourMap::kJet:
      return jet();
    case ColourMap::kViridis:
      return viridis();
    case ColourMap::kInk:
      return ink();
    case ColourMap::kDiverging:
      return diverging();
  }
  return {};
}

ColourTable set_back(const ColourTable& table, const ColourRange& range) {
  const Rgb& zero = table[colour_index(0, range)];
  const auto mix = [](int channel, int of_zero) {
    return static_cast<std::uint8_t>((channel + 3 * of_zero) / 4);
  };
  ColourTable faint;
  std::transform(table.begin(), table.end(), faint.begin(), [&](const Rgb& colour) {
    return Rgb{mix(colour.red, zero.red), mix(colour.green, zero.green), mix(colour.blue, zero.blue)};
  });
  return faint;
}

ColourRange range_of(std::span<const std::vector<float>* const> maps) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const auto* map : maps)
    for (const float value : *map) {
      low = std::min(low, static_cast<double>(value));
      high = std::max(high, static_cast<double>(value));
    }
  return low <= high ? ColourRange{low, high} : ColourRange{};
}

std::size_t colour_index(double value, const ColourRange& range) {
  const double share = (value - range.low) / (range.high - range.low);
  if (!(share > 0)) return 0;  // NaN too: 0/0 in a range without extent
  return static_cast<std::size_t>(std::min(share * kColours, static_cast<double>(kColours - 1)));
}

}  // namespace wcam
