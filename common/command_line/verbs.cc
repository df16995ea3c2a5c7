#include "common/command_line/verbs.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <iostream>

#include "common/base/version.h"
#include "common/command_line/options.h"
#include "common/command_line/run_main.h"
#include "common/command_line/suggestion.h"

namespace wcam {

namespace {

std::vector<VerbEntry> verbs_of(const VerbProgram& program) {
  std::vector<VerbEntry> verbs;
  for (const VerbEntry& verb : kVerbTable)
    if (lists(program.name, verb)) verbs.push_back(verb);
  return verbs;
}

// What the user typed, "wcam explain", for the programs that `wcam` becomes and starts.
constexpr const char* kTyped = "WCAM_TYPED";

// The program as the user called it: "wcam-plot", or "wcam plot".
std::string called(const VerbProgram& program) {
  const char* const typed = std::getenv(kTyped);
  std::string spaced = program.name;
  std::replace(spaced.begin(), spaced.end(), '-', ' ');
  return typed != nullptr && typed == spaced ? spaced : program.name;
}

// Begins what is said to the user. A program that works for another verb bears that one's name.
std::string typed_words(const VerbProgram& program, const Arguments& arguments) {
  const char* const typed = std::getenv(kTyped);
  if (typed != nullptr && program.hand_on == nullptr && typed != called(program)) return typed;
  const auto verbs = verbs_of(program);
  const bool known = !arguments.empty() &&
                     std::any_of(verbs.begin(), verbs.end(),
                                 [&](const VerbEntry& verb) { return arguments.front() == verb.name; });
  return called(program) + (known ? " " + arguments.front() : "");
}

// In help2man's form: the manual pages are made of it.
void help(const VerbProgram& program) {
  const std::vector<VerbEntry> verbs = verbs_of(program);
  std::size_t width = 0;
  for (const VerbEntry& verb : verbs) width = std::max(width, std::string_view(verb.name).size());
  std::printf("%s %s: %s\n\nUsage: %s VERB [options]\n\nEach verb explains itself with --help.\n\nVerbs:\n",
              called(program).c_str(), kVersion, program.about, called(program).c_str());
  for (const VerbEntry& verb : verbs)
    std::printf("  %-*s  %s\n", static_cast<int>(width), verb.name, verb.about);
  std::printf("\nOptions:\n  -h [ --help ]  this text\n  --version      the version\n\nExamples:\n  %s\n",
              program.example);
}

// `help VERB ...` is `VERB ... --help`.
Arguments with_help_at_the_end(Arguments arguments) {
  if (arguments.size() < 2 || arguments.front() != "help") return arguments;
  arguments.erase(arguments.begin());
  arguments.emplace_back("--help");
  return arguments;
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
    std::cout << version_text() << "\n";
    if (program.built_with != nullptr) std::cout << program.built_with << "\n";
  } else if (word.starts_with('-')) {
    throw UsageError("unrecognised option '" + word + "'" +
                     but_known(word, std::initializer_list<const char*>{"--help", "--version"}));
  } else {
    throw UsageError("unknown verb '" + word + "'" + but_known(word, verbs, &VerbEntry::name));
  }
  return ExitCode::kDone;
}

int run_verbs(const VerbProgram& program, int argc, char** argv) {
  const Arguments arguments = with_help_at_the_end(Arguments(argv + 1, argv + argc));
  const std::string words = typed_words(program, arguments);
  if (program.hand_on != nullptr) ::setenv(kTyped, words.c_str(), 1);
  return run_main(words, [&] { return dispatch(program, arguments); });
}

}  // namespace wcam
