#include "common/command_line/options.h"

#include <algorithm>
#include <boost/program_options/parsers.hpp>
#include <cctype>
#include <charconv>
#include <iostream>
#include <sstream>

#include "common/base/error.h"
#include "common/base/version.h"
#include "common/command_line/suggestion.h"

namespace po = boost::program_options;

namespace wcam {

namespace {

// Names of positional arguments are internal: the usage line shows them.
po::options_description shown(const CommandLine& line) {
  po::options_description all("Options");
  all.add(line.options);
  all.add_options()("help,h", "this text")("version", "the version");
  return all;
}

po::parsed_options parsed(const po::options_description& options,
                          const po::positional_options_description& positional,
                          const std::vector<std::string>& arguments) try {
  namespace style = po::command_line_style;
  return po::command_line_parser(arguments)
      .options(options)
      .positional(positional)
      .style(style::unix_style & ~style::allow_guessing)
      .run();
} catch (const po::unknown_option& e) {
  std::vector<std::string> known;
  for (const auto& option : options.options()) known.push_back("--" + option->long_name());
  const std::string word = e.get_option_name(), typed = word.substr(0, word.find('='));
  const std::string guess = did_you_mean(typed, known);
  throw UsageError("unrecognised option '" + typed + "'" +
                   (guess.empty() ? "; --help lists those there are" : guess));
}

// In help2man's form: the manual pages are made of it.
void print_help(const CommandLine& line, const po::options_description& options) {
  std::cout << "Usage: " << line.usage << "\n\n" << line.about << "\n\n";
  options.print(std::cout, options.get_option_column_width() + 1);  // two spaces after the longest, not one
  std::cout << "\nExamples:\n  " << line.example << "\n";
}

}  // namespace

std::optional<po::variables_map> parse_command_line(const CommandLine& line,
                                                    const std::vector<std::string>& arguments) {
  const po::options_description all = shown(line);
  po::variables_map values;
  po::store(parsed(all, line.positional, arguments), values);
  if (values.contains("help")) {
    print_help(line, all);
    return std::nullopt;
  }
  if (values.contains("version")) {
    std::cout << version_text() << "\n";
    return std::nullopt;
  }
  try {
    po::notify(values);
  } catch (const po::required_option& e) {  // whose name people do not know if it is a plain word
    const std::string name = e.get_option_name();
    for (unsigned i = 0; i < line.positional.max_total_count(); ++i)
      if (name == "--" + line.positional.name_for_position(i)) {
        std::string word = name.substr(2);
        std::transform(word.begin(), word.end(), word.begin(),
                       [](unsigned char c) { return std::toupper(c); });
        throw UsageError(word + " is missing; usage: " + line.usage);
      }
    throw;
  }
  return values;
}

void refuse_unknown_options(const po::options_description& known, const std::vector<std::string>& arguments) {
  parsed(known, {}, arguments);
}

std::string version_text() {
  return std::string("wcam ") + kVersion + (*kCommit == '\0' ? "" : " (" + std::string(kCommit) + ")");
}

int in_range(const po::variables_map& values, const char* option, int low, int high) {
  const int value = values[option].as<int>();
  check_range(option, value, low, high);
  return value;
}

std::uint64_t seed_of(const po::variables_map& values) {
  const std::string text = values["seed"].as<std::string>();
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (error != std::errc{} || end != text.data() + text.size())
    throw UsageError("--seed '" + text + "' is not a whole number from 0 to 18446744073709551615");
  return seed;
}

std::vector<std::string> split_list(const std::string& comma_separated) {
  std::vector<std::string> entries;
  std::istringstream in(comma_separated);
  for (std::string entry; std::getline(in, entry, ',');) {
    const auto first = entry.find_first_not_of(' '), last = entry.find_last_not_of(' ');
    if (first != std::string::npos) entries.push_back(entry.substr(first, last - first + 1));
  }
  return entries;
}

std::vector<std::string> list_of(const po::variables_map& values, const char* option) {
  if (!values.contains(option)) return {};
  std::vector<std::string> entries = split_list(values[option].as<std::string>());
  if (entries.empty())
    throw UsageError("--" + std::string(option) +
                     " is empty: name some, separated by commas, or leave it out");
  return entries;
}

}  // namespace wcam
