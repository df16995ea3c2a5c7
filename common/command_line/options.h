// The command line as every program reads it: Boost.Program_options with --help and --version added.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/positional_options.hpp>
#include <boost/program_options/variables_map.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace wcam {

struct CommandLine {
  std::string usage;    // "wcam explain IMAGE --model FILE.pt --out X.h5 [options]"
  std::string about;    // one or two sentences
  std::string example;  // a command that can be copied
  boost::program_options::options_description options;
  boost::program_options::positional_options_description positional;
};

// Parses arguments (without the program's name). nullopt when --help or --version was asked for and has been
// printed to stdout. Options are matched in full (no guessing of abbreviations). Throws UsageError or
// boost::program_options::error, which run_main() reports.
std::optional<boost::program_options::variables_map> parse_command_line(
    const CommandLine& line, const std::vector<std::string>& arguments);

// Throws UsageError for an option that is none of these, naming what may be meant.
void refuse_unknown_options(const boost::program_options::options_description& known,
                            const std::vector<std::string>& arguments);

// "wcam 0.2.0 (c1efdbe)".
std::string version_text();

// The value of an option, checked by check_range().
int in_range(const boost::program_options::variables_map& values, const char* option, int low, int high);

// The value of an option that is a seed, 0 to 2^64 - 1. As a number Boost.Program_options would take -1 for
// the largest, so it is declared as text.
std::uint64_t seed_of(const boost::program_options::variables_map& values);

// The entries of a list, without the empty ones.
std::vector<std::string> split_list(const std::string& comma_separated);

// The entries of an option; none when it is not given. Throws UsageError when what is given has none.
std::vector<std::string> list_of(const boost::program_options::variables_map& values, const char* option);

}  // namespace wcam
