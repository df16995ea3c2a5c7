// A question that one of our own programs answers by how it ends: can this be used?
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace wcam {

struct Answer {
  int code = 0;           // exit code
  std::string complaint;  // the last line of what it said, which is the program's own, without its name
};

// Runs commands beside each other to their ends; `waiting` is called about fifty times a second meanwhile.
// nullopt for one that a signal ended, or that has no answer after `patience` and is then killed. Throws
// InputError when there is no place for what they say, std::system_error when one cannot be started.
std::vector<std::optional<Answer>> answers_of(
    const std::vector<std::vector<std::string>>& commands, std::chrono::seconds patience,
    const std::function<void()>& waiting = [] {});

}  // namespace wcam
