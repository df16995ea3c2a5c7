// How figures are drawn: options of wcam-plot, and of `wcam explain`, which hands them on to it.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <string>
#include <vector>

namespace wcam {

inline const std::vector<std::string> kColourMaps{"jet", "viridis"}, kRanges{"panel", "row", "figure"};

// --colour-map, --range, with this default, and --dpi. Parsing throws UsageError for a value that is not
// known or out of bounds.
boost::program_options::options_description drawing_options(const std::string& range);

// The same options as words of another command line, as they were given; those at their default are left out.
std::vector<std::string> drawing_words(const boost::program_options::variables_map& values);

}  // namespace wcam
