// Lists and counts in messages to people.
#pragma once

#include <algorithm>
#include <concepts>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

// "a", "a and b", "a, b and c".
template <typename Range = std::vector<std::string>>
std::string listed(const Range& words, const std::string& before_the_last = " and ") {
  std::string list;
  std::size_t left = std::size(words);
  for (const std::string& word : words) {
    list += word;
    --left;
    if (left > 0) list += left == 1 ? before_the_last : ", ";
  }
  return list;
}

// "a, b and 3 more": the first `most` of `count` words; `words` need hold no more than these.
inline std::string first_few(const std::vector<std::string>& words, std::size_t most, std::size_t count) {
  const std::size_t shown = std::min(words.size(), most);
  const std::string list = joined(std::span(words).first(shown));
  return count == shown ? list : list + " and " + std::to_string(count - shown) + " more";
}
inline std::string first_few(const std::vector<std::string>& words, std::size_t most) {
  return first_few(words, most, words.size());
}

// A line each, indented, twenty at most and how many more there are: what would fill the screen.
inline std::string indented(const std::vector<std::string>& lines) {
  constexpr std::size_t kShown = 20;
  std::string text;
  for (std::size_t i = 0; i < std::min(lines.size(), kShown); ++i) text += "\n  " + lines[i];
  return lines.size() <= kShown ? text : text + "\n  and " + std::to_string(lines.size() - kShown) + " more";
}

inline std::string yes_or_no(bool is) { return is ? "yes" : "no"; }

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
