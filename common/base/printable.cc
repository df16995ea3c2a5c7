#include "common/base/printable.h"

#include <array>
#include <cstdio>

namespace wcam {

namespace {

// 0 to 31, 127, and 128 to 159, which UTF-8 writes as two bytes.
bool is_control(unsigned character) { return character < 0x20 || (character >= 0x7f && character < 0xa0); }

std::string without_controls(std::string_view text, bool lines) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned character = static_cast<unsigned char>(text[i]);
    const bool pair = character == 0xc2 && i + 1 < text.size();
    if (pair) character = static_cast<unsigned char>(text[i + 1]);
    if ((!pair && character >= 0x80) || !is_control(character) || (lines && text[i] == '\n')) {
      result += text[i];
      continue;
    }
    if (pair) ++i;
    std::array<char, 8> escape{};
    std::snprintf(escape.data(), escape.size(), "\\x%02x", character);
    result += escape.data();
  }
  return result;
}

}  // namespace

std::string printable(std::string_view text) { return without_controls(text, false); }

std::string printable_lines(std::string_view text) { return without_controls(text, true); }

}  // namespace wcam
