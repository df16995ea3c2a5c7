// From what a user asks for to a plan.
#pragma once

#include "common/study/plan.h"
#include "coordinator/study/study_request.h"

namespace wcam {

// Lists and hashes everything and returns a checked plan with absolute paths. With a select-file only the
// images that it names are hashed. Throws UsageError for unknown names, options that do not go together and a
// sample size or a number of altered variants where the rule leaves no choice, InputError for files that
// cannot be used or, unless skip_incomplete, are not there for every variant.
Plan make_plan(const StudyRequest& request, const Say& say);

}  // namespace wcam
