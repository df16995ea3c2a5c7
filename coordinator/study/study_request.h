// What decides a sweep's numbers, as the command line says it: all of it goes into the plan.
#pragma once

#include <boost/program_options/variables_map.hpp>

#include "coordinator/study/enumerate.h"

namespace wcam {

// Reads study_options() back (common/study/sweep_options.h). `images` and `models` are empty when they were
// not given. Throws UsageError naming option, value and bound.
StudyRequest study_request(const boost::program_options::variables_map& values);

}  // namespace wcam
