// Cyan, magenta, yellow and black on paper.
#pragma once

#include <cstddef>
#include <cstdint>

namespace wcam {

// Four inks, 0 none and 255 all, to three colours: the rounded product over 255, as Pillow's.
inline void inks_to_rgb(const std::uint8_t* inks, std::uint8_t* rgb) {
  const unsigned light = 255U - inks[3];
  for (std::size_t c = 0; c < 3; ++c) {
    const unsigned product = inks[c] * light + 128U;
    const unsigned dark = ((product >> 8U) + product) >> 8U;
    rgb[c] = static_cast<std::uint8_t>(light > dark ? light - dark : 0U);
  }
}

}  // namespace wcam
