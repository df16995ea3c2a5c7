// Words for a shell.
#pragma once

#include <string>
#include <vector>

namespace wcam {

// What sh and bash read as this word: itself where it has no character that means something to them.
std::string quoted(const std::string& word);
// The same of several, separated by spaces.
std::string quoted(const std::vector<std::string>& words);

}  // namespace wcam
