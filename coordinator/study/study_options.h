// What decides a sweep's numbers, as the command line says it: all of it goes into the plan.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>

#include "coordinator/study/study_request.h"

namespace wcam {

// --images, --variants, --models, --cases, the perturbation, the selection, --seed and those of the WCAM.
boost::program_options::options_description study_options();

// Reads the options of study_options() back. `images` and `models` are empty when they were not given. Throws
// UsageError naming option, value and bound.
StudyRequest study_request(const boost::program_options::variables_map& values);

}  // namespace wcam
