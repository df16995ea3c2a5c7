#include "common/command_line/verbs.h"

#include <cstdio>

#include "common/base/message_text.h"
#include "common/base/version.h"
#include "common/command_line/options.h"

namespace wcam {

namespace {

std::vector<VerbEntry> verbs_of(const VerbProgram& program) {
  std::vector<VerbEntry> verbs;
  for (const VerbEntry& verb : kVerbTable)
    if (lists(program.name, verb)) verbs.push_back(verb);
  return verbs;
}

// In help2man's form: the manual pages are made of it.
void help(const VerbProgram& program) {
  const std::vector<VerbEntry> verbs = verbs_of(program);
  std::size_t width = 0;
  for (const VerbEntry& verb : verbs) width = std::max(width, std::string_view(verb.name).size());
  std::printf("%s %s: %s\n\nUsage: %s VERB [options]\n\nEach verb explains itself with --help.\n\nVerbs:\n",
              program.name, kVersion, program.about, program.name);
  for (const VerbEntry& verb : verbs)
    std::printf("  %-*s  %s\n", static_cast<int>(width), verb.name, verb.about);
  std::printf("\nOptions:\n  -h [ --help ]  this text\n  --version      the version\n\nExamples:\n  %s\n",
              program.example);
}

ExitCode act(const VerbProgram& program, const VerbEntry& verb, const Arguments& rest) {
  for (const VerbAction& action : program.actions)
    if (std::string_view(action.name) == verb.name) return action.act(rest);
  return program.hand_on(verb, rest);
}

}  // namespace

ExitCode dispatch(const VerbProgram& program, const Arguments& arguments) {
  const std::string word = arguments.empty() ? "help" : arguments.front();
  const std::vector<VerbEntry> verbs = verbs_of(program);
  for (const VerbEntry& verb : verbs)
    if (word == verb.name) return act(program, verb, Arguments(arguments.begin() + 1, arguments.end()));
  if (word == "help" || word == "--help" || word == "-h") {
    help(program);
  } else if (word == "--version") {
    print_version();
  } else {
    throw UsageError("unknown verb '" + word + "'; known: " + joined(verbs, &VerbEntry::name));
  }
  return ExitCode::kDone;
}

int run_verbs(const VerbProgram& program, int argc, char** argv) {
  return run_main(program.name, [&] { return dispatch(program, Arguments(argv + 1, argv + argc)); });
}

}  // namespace wcam
