// What every target defines: takes one input, returns 0, and may end only so. A refusal in words (InputError)
// is a good end; a crash, a sanitizer's report, an abort and any other exception are findings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace wcam {

inline std::string text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Neither atomic nor durable: thousands a second.
inline void write_file(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

// Throws what no target expects.
inline void demand(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

}  // namespace wcam
