// What a check-up finds out, a line each, printed at once so that one that hangs is seen.
#pragma once

#include <exception>
#include <string>

#include "common/base/error.h"

namespace wcam {

class Verdicts {
 public:
  // "ok    cpu        264 forwards in 0.1 s": what was looked at, and what was found.
  void ok(const std::string& what, const std::string& found) { say("ok", what, found); }
  // It works, but there is something that a user should know; `found` says the remedy too.
  void warn(const std::string& what, const std::string& found) { say("warn", what, found); }
  // A sweep would not work here; `found` says the remedy too.
  void fail(const std::string& what, const std::string& found) {
    failed_ = true;
    say("FAIL", what, found);
  }

  // Runs check(), which gives its own verdicts; what it throws becomes a verdict that fails.
  template <typename Check>
  void of(const std::string& what, Check check) {
    try {
      check();
    } catch (const std::exception& e) {
      fail(what, e.what());
    }
  }

  ExitCode exit_code() const { return failed_ ? ExitCode::kBadInput : ExitCode::kDone; }

 private:
  static void say(const char* verdict, const std::string& what, const std::string& found);

  bool failed_ = false;
};

}  // namespace wcam
