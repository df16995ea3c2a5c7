#include "cluster/split_options.h"

#include <algorithm>
#include <boost/program_options/parsers.hpp>
#include <sstream>

#include "common/base/error.h"
#include "common/base/process.h"

namespace po = boost::program_options;

namespace wcam {

SplitOptions split_options(const po::options_description& ours, const std::vector<std::string>& arguments) {
  namespace style = po::command_line_style;
  const auto parsed = po::command_line_parser(arguments)
                          .options(ours)
                          .style(style::unix_style & ~style::allow_guessing)
                          .allow_unregistered()
                          .run();
  SplitOptions split;
  po::store(parsed, split.ours);
  split.rest = po::collect_unrecognized(parsed.options, po::include_positional);
  return split;
}

std::string coordinator_options(const std::string& headline, const po::options_description& ours) {
  const std::string help = output_of({sibling_program("wcam-coordinator").string(), "run", "--help"});
  const std::size_t begin = help.find("\n" + headline + ":\n"), end = help.find("\nExamples:\n", begin);
  if (end == std::string::npos) invariant_broken("no '" + headline + "' in the coordinator's --help");
  std::istringstream lines(help.substr(begin, end - begin));
  std::string kept;
  bool keep = true;  // an option's further lines, which are indented, go with its first
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("  --", 0) == 0)
      keep = ours.find_nothrow(line.substr(4, line.find(' ', 4) - 4), false) == nullptr;
    if (line.rfind(' ', 0) != 0) keep = true;
    if (keep) kept += line + "\n";
  }
  return kept;
}

std::optional<std::string> help_asked(const std::vector<std::string>& arguments) {
  const auto has = [&](const char* word) {
    return std::find(arguments.begin(), arguments.end(), word) != arguments.end();
  };
  if (has("--version")) return "--version";
  if (has("--help") || has("-h")) return "--help";
  return std::nullopt;
}

}  // namespace wcam
