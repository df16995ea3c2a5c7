// From what a user asks for to a plan.
#pragma once

#include "common/study/plan.h"
#include "coordinator/study/study_request.h"

namespace wcam {

// For an extended sweep (StudyRequest::base) it is what is asked for, not what is made of it (extended()).
// Lists and hashes everything and returns a checked plan with absolute paths. What can be refused without
// hashing images is refused before. With a select-file only the images that it names are hashed. Says what
// the folders hold that is not taken. Throws UsageError for unknown names, options that do not go together
// and a sample size or a number of altered variants where the rule leaves no choice, InputError for files
// that cannot be used or, unless skip_incomplete, are not there for every variant.
Plan make_plan(const StudyRequest& request, const Say& say);

// Throws InputError when the plan does not fit a message to a worker. What its files' SHA-256s are does not
// matter, once they have their 64 digits.
void check_fits_message(const Plan& plan);

}  // namespace wcam
