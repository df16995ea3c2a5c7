// Which files `wcam explain` reads and writes.
#pragma once

#include <boost/program_options/variables_map.hpp>
#include <filesystem>
#include <string>
#include <vector>

namespace wcam {

struct ExplainFiles {
  std::vector<std::filesystem::path> images;   // as they were given
  std::filesystem::path root;                  // a folder that holds them all
  std::vector<std::string> names;              // of the images below it, as the store has them
  std::filesystem::path store;                 // empty: none is kept
  std::vector<std::filesystem::path> figures;  // one an image, or none
};

// Of --image, --out and --figure, before anything is computed. Throws UsageError: neither store nor figure
// is asked for, an ending that is no figure's, a placeholder that is not known, one figure for several
// images, a file that would replace another of the command (--image, --model, --models, --classes);
// InputError: a name that is not UTF-8, a place that cannot be written.
ExplainFiles explain_files(const boost::program_options::variables_map& values);

}  // namespace wcam
