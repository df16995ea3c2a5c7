// Words for a shell.
#pragma once

#include <string>
#include <vector>

namespace wcam {

// What sh and bash read as this word: itself where it has no character that means something to them.
std::string quoted(const std::string& word);
// The same of several, separated by spaces.
std::string quoted(const std::vector<std::string>& words);

// A line for a shell anywhere that runs a command as if it were typed in this process's folder: "cd FOLDER &&
// wcam run ..."; `command` may be several words.
std::string line_from_here(const std::string& command, const std::vector<std::string>& arguments);

// The environment variable by which a program is told such a line, of the command that began it.
inline constexpr const char* kTypedCommand = "WCAM_COMMAND";

}  // namespace wcam
