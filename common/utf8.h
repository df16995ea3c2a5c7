// What goes into JSON and HDF5 text must be UTF-8; names of files may be any bytes.
#pragma once

#include <filesystem>
#include <string>

namespace wcam {

bool is_utf8(const std::string& text);

// Throws InputError naming the path when it is not UTF-8.
void check_utf8(const std::filesystem::path& path);

}  // namespace wcam
