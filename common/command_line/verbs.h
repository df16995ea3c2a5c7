// A program of several verbs: `wcam-coordinator run ...`.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "common/base/error.h"

namespace wcam {

using Arguments = std::vector<std::string>;

struct Verb {
  const char* name;
  const char* about;  // a few words for the list
  ExitCode (*act)(const Arguments& rest);
};

struct VerbProgram {
  const char* name;     // "wcam-coordinator"
  const char* about;    // one line
  const char* example;  // a command that can be copied
  std::span<const Verb> verbs;
};

// Acts on the first argument: a verb, help (also for none) or --version. Throws UsageError naming an unknown
// verb.
ExitCode dispatch(const VerbProgram& program, const Arguments& arguments);

// main(): dispatch under run_main().
int run_verbs(const VerbProgram& program, int argc, char** argv);

}  // namespace wcam
