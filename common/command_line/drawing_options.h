// How figures are drawn: options of wcam-plot, and of `wcam explain`, which hands them on to it.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <string>
#include <vector>

namespace wcam {

inline const std::vector<std::string> kStyles{"paper", "published"}, kColourMaps{"jet", "viridis", "ink"},
    kRanges{"panel", "row", "figure"}, kInterpolations{"nearest", "smooth"},
    kVenues{"neurips", "icml", "acl"};

// --style and what goes with it. Parsing throws UsageError for a value that is not known or out of bounds, or
// that the style does not have.
boost::program_options::options_description drawing_options();

// Throws UsageError naming the option that the chosen style does not have.
void check_drawing(const boost::program_options::variables_map& values);

// The same options as words of another command line, as they were given; those at their default are left out.
std::vector<std::string> drawing_words(const boost::program_options::variables_map& values);

}  // namespace wcam
