// Jobs as people name them: by the first digits of their id, as many as tell it from the others.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/ids.h"

namespace wcam {

// The ids that begin with a prefix.
struct JobRange {
  JobId first{}, last{};
};

// The range of ids with this prefix. Throws UsageError unless `prefix` is 1 to 16 hex digits.
JobRange jobs_beginning_with(const std::string& prefix);

// The one job with this prefix. found: the jobs in its range, two of them if there are several. Throws
// UsageError when there is none, or more than one.
JobId only_job(const std::string& prefix, const std::vector<JobId>& found);

}  // namespace wcam
