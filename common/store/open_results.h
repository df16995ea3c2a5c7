// Opening a sweep's results for a verb, which says what is not read.
#pragma once

#include <filesystem>
#include <vector>

#include "common/store/results.h"
#include "common/store/sources.h"

namespace wcam {

// Results::open(), and a warning on standard error for each segment that is left out.
Results open_results(const std::filesystem::path& sweep_or_file);

void warn_of_left_out(const std::vector<store::LeftOut>& left_out, const std::filesystem::path& sweep);

}  // namespace wcam
