// A program of several verbs: `wcam-coordinator run ...`. Which they are, verb_table.h says.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/command_line/verb_table.h"

namespace wcam {

using Arguments = std::vector<std::string>;

struct VerbAction {
  const char* name;
  ExitCode (*act)(const Arguments& rest);
};

struct VerbProgram {
  const char* name;     // "wcam-coordinator"
  const char* about;    // one line
  const char* example;  // a command that can be copied
  std::span<const VerbAction> actions;
  // Acts on a verb of the table that `actions` lacks; of `wcam` alone, which hands verbs on to their owners.
  ExitCode (*hand_on)(const VerbEntry& verb, const Arguments& rest) = nullptr;
  const char* built_with = nullptr;  // a second line of --version
};

// Whether a program acts on exactly the verbs that the table gives it, each once. A main() asserts it of its
// own program when it is compiled.
constexpr bool acts_on_its_verbs(const VerbProgram& program) {
  const auto action_count = [&](std::string_view verb) {
    return std::count_if(program.actions.begin(), program.actions.end(),
                         [&](const VerbAction& action) { return verb == action.name; });
  };
  std::size_t acted_on = 0;
  for (const VerbEntry& verb : kVerbTable) {
    if (!lists(program.name, verb)) continue;
    const auto count = action_count(verb.name);
    const bool handed_on = program.hand_on != nullptr && verb.program != std::string_view(program.name);
    if (count > 1 || (count == 0 && !handed_on)) return false;
    acted_on += static_cast<std::size_t>(count);
  }
  return acted_on == program.actions.size();
}

// Acts on the first argument: a verb, help (also for none) or --version. Throws UsageError naming an unknown
// verb or option.
ExitCode dispatch(const VerbProgram& program, const Arguments& arguments);

// main(): dispatch under run_main(). `help VERB` is `VERB --help`.
int run_verbs(const VerbProgram& program, int argc, char** argv);

}  // namespace wcam
