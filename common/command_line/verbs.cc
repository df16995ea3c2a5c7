#include "common/command_line/verbs.h"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "common/base/joined.h"
#include "common/base/version.h"
#include "common/command_line/options.h"

namespace wcam {

namespace {

// In help2man's form: the manual pages are made of it.
void help(const VerbProgram& program) {
  std::size_t width = 0;
  for (const Verb& verb : program.verbs) width = std::max(width, std::string_view(verb.name).size());
  std::printf("%s %s: %s\n\nUsage: %s VERB [options]\n\nEach verb explains itself with --help.\n\nVerbs:\n",
              program.name, kVersion, program.about, program.name);
  for (const Verb& verb : program.verbs)
    std::printf("  %-*s  %s\n", static_cast<int>(width), verb.name, verb.about);
  std::printf("\nOptions:\n  -h [ --help ]  this text\n  --version      the version\n\nExamples:\n  %s\n",
              program.example);
}

}  // namespace

ExitCode dispatch(const VerbProgram& program, const Arguments& arguments) {
  const std::string verb = arguments.empty() ? "help" : arguments.front();
  for (const Verb& known : program.verbs)
    if (verb == known.name) return known.act(Arguments(arguments.begin() + 1, arguments.end()));
  if (verb == "help" || verb == "--help" || verb == "-h") {
    help(program);
  } else if (verb == "--version") {
    print_version();
  } else {
    throw UsageError("unknown verb '" + verb + "'; known: " + joined(program.verbs, &Verb::name));
  }
  return ExitCode::kDone;
}

int run_verbs(const VerbProgram& program, int argc, char** argv) {
  return run_main(program.name, [&] { return dispatch(program, Arguments(argv + 1, argv + argc)); });
}

}  // namespace wcam
