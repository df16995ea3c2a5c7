// What can go wrong, and what the process then says and returns.
#pragma once

#include <stdexcept>
#include <string>

namespace wcam {

// Exit codes of every program (README.md, "Exit codes").
enum class ExitCode : int {
  kDone = 0,
  kInternal = 1,     // our own fault: an exception nobody expected
  kUsage = 2,        // options that cannot be understood or are out of range
  kBadInput = 3,     // a file, model, sweep directory or disk that cannot be used
  kSetAside = 4,     // finished, but some jobs were set aside, or something looks wrong
  kInterrupted = 5,  // stopped early; the same command resumes
};

// An option that is unknown, missing or out of range. The text names option, value and bound.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A caller's file or data that cannot be used. The text names the file, the value, the bound and the remedy.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Throws UsageError "--NAME VALUE is outside LOW to HIGH".
void check_range(const std::string& option, int value, int low, int high);

// Our own invariant is broken: prints the text and aborts. Never caught.
[[noreturn]] void invariant_broken(const std::string& what);

}  // namespace wcam
