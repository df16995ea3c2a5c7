// What goes into JSON and HDF5 text must be UTF-8; names of files may be any bytes.
#pragma once

#include <filesystem>
#include <string>

namespace wcam {

bool is_utf8(const std::string& text);

// Every byte that belongs to no character is replaced by U+FFFD: for free text in messages, whose receivers
// drop what is not UTF-8.
std::string made_utf8(const std::string& text);

// Its characters. Every byte that belongs to none is U+FFFD.
std::u32string characters(const std::string& text);

// The same text with each accent joined to its letter (Unicode's NFC), as most systems write it; macOS takes
// them apart. What is not UTF-8 stays as it is.
std::string composed(const std::string& text);

// The path as text. Throws InputError naming it when it is not UTF-8.
void check_utf8(const std::filesystem::path& path);

}  // namespace wcam
