// SHA-256 (FIPS 180-4, OpenSSL's) as 64 lower-case hex digits.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace wcam {

std::string sha256_of(std::string_view bytes);

// SHA-256 of a file's content, which is read in pieces. Throws InputError naming the file when it cannot be
// read.
std::string sha256_of_file(const std::filesystem::path& file);

}  // namespace wcam
