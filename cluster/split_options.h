// Command lines of which only some options are this program's own.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <optional>
#include <string>
#include <vector>

namespace wcam {

// What is ours, parsed and not yet notified, and the rest, in its order, for the program that knows it.
struct SplitOptions {
  boost::program_options::variables_map ours;
  std::vector<std::string> rest;
};
SplitOptions split_options(const boost::program_options::options_description& ours,
                           const std::vector<std::string>& arguments);

// "--help" (for -h too) or "--version", if one is there.
std::optional<std::string> help_asked(const std::vector<std::string>& arguments);

}  // namespace wcam
