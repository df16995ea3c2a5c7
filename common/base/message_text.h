// Lists and counts in messages to people.
#pragma once

#include <concepts>
#include <functional>
#include <string>
#include <string_view>

namespace wcam {

// "a, b, c": the text that `name` gives for each element.
template <typename Range, typename Name = std::identity>
std::string joined(const Range& elements, Name name = {}) {
  std::string list;
  const char* separator = "";
  for (const auto& element : elements) {
    list.append(separator).append(std::string_view(std::invoke(name, element)));
    separator = ", ";
  }
  return list;
}

// The first line of a text that may have more.
inline std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// The beginning of a text in UTF-8: at most so many bytes, no character cut in two.
inline std::string beginning(const std::string& text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0U) == 0x80U) --bytes;
  return text.substr(0, bytes);
}

// "1 photograph", "24 photographs".
std::string counted(std::integral auto number, const std::string& one) {
  return std::to_string(number) + " " + one + (number == 1 ? "" : "s");
}

}  // namespace wcam
