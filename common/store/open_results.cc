#include "common/store/open_results.h"

#include <iostream>

#include "common/base/shell.h"

namespace wcam {

void warn_of_left_out(const std::vector<store::LeftOut>& left_out, const std::filesystem::path& sweep) {
  for (const store::LeftOut& segment : left_out) std::cerr << "warning: left out: " << segment.why << '\n';
  if (!left_out.empty())
    std::cerr << "`wcam retry " << quoted(sweep.string())
              << " --damaged` moves such files aside and has what they held computed again\n";
}

Results open_results(const std::filesystem::path& sweep_or_file) {
  Results results = Results::open(sweep_or_file);
  warn_of_left_out(results.left_out(), sweep_or_file);
  return results;
}

}  // namespace wcam
