// Jobs as people name them: by the first digits of their id, as many as tell it from the others.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/ids.h"

namespace wcam {

// The ids that begin so.
struct JobRange {
  JobId first{}, last{};
};

// Throws UsageError unless `prefix` is 1 to 16 hex digits.
JobRange jobs_beginning_with(const std::string& prefix);

// `found`: the jobs in that range, two at least if there are several. Throws UsageError when it is not one.
JobId only_job(const std::string& prefix, const std::vector<JobId>& found);

}  // namespace wcam
