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
  // Works, but a user should know; with the remedy.
  void warn(const std::string& what, const std::string& found) { say("warn", what, found); }
  // A sweep would not work here; with the remedy.
  void fail(const std::string& what, const std::string& found) {
    failed_ = true;
    say("FAIL", what, found);
  }

  // check() gives its own verdicts; what it throws is one that failed.
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
