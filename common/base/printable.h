// Texts of others for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace wcam {

// Without control characters, which a terminal would obey: names of files may have any. "\x1b" stands for
// one.
std::string printable(std::string_view text);
// The same of a text of several lines.
std::string printable_lines(std::string_view text);

}  // namespace wcam
