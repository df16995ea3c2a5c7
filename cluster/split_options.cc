#include "cluster/split_options.h"

#include <algorithm>
#include <boost/program_options/parsers.hpp>

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

std::optional<std::string> help_asked(const std::vector<std::string>& arguments) {
  const auto has = [&](const char* word) {
    return std::find(arguments.begin(), arguments.end(), word) != arguments.end();
  };
  if (has("--version")) return "--version";
  if (has("--help") || has("-h")) return "--help";
  return std::nullopt;
}

}  // namespace wcam
