// What stands on a page, as poppler reads it out of a PDF.
#pragma once

#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <regex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "common/base/file.h"
#include "plotting/layout.h"

namespace wcam::test {

struct Word {
  std::string text;
  Rect box;  // points, origin top left
};

inline std::string pdftotext(const std::filesystem::path& file, const std::string& options = "") {
  std::FILE* pipe = ::popen(("pdftotext " + options + " '" + file.string() + "' -").c_str(), "r");
  std::string text;
  std::array<char, 4096> buffer{};
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe))
    text.append(buffer.data(), count);
  if (::pclose(pipe) != 0) throw std::runtime_error("pdftotext cannot read " + file.string());
  return text;
}

// In the order of the page, ligatures as letters.
inline std::vector<Word> words_of_pdf(const std::filesystem::path& file) {
  const std::string text = pdftotext(file, "-bbox");
  const std::regex word(
      R"re(<word xMin="([^"]*)" yMin="([^"]*)" xMax="([^"]*)" yMax="([^"]*)">(.*)</word>)re");
  std::vector<Word> words;
  for (std::sregex_iterator found(text.begin(), text.end(), word), end; found != end; ++found) {
    const auto number = [&](std::size_t i) { return std::stod((*found)[i]); };
    std::string plain = (*found)[5].str();
    for (const auto& [written, meant] : {std::pair("&gt;", ">"), std::pair("ﬁ", "fi"), std::pair("ﬂ", "fl")})
      plain = std::regex_replace(plain, std::regex(written), meant);
    words.push_back({plain, {number(1), number(2), number(3) - number(1), number(4) - number(2)}});
  }
  return words;
}

inline std::vector<Word> words_of_pdf_bytes(const std::string& bytes) {
  const auto file =
      std::filesystem::temp_directory_path() / ("wcam_words_" + std::to_string(::getpid()) + ".pdf");
  write_file_atomically(file, bytes);
  std::vector<Word> words = words_of_pdf(file);
  std::filesystem::remove(file);
  return words;
}

inline std::string joined_words(const std::vector<Word>& words) {
  std::string text;
  for (const Word& word : words) text += (text.empty() ? "" : " ") + word.text;
  return text;
}

}  // namespace wcam::test
