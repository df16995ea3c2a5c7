// What `wcam-coordinator run` takes, and with it `wcam run` and `wcam submit`, which pass it on: here, so
// that all three list the same without asking each other.
#pragma once

#include <boost/program_options/options_description.hpp>

namespace wcam {

// How a sweep is served: no number depends on it. Without --sweep and --insecure, which `wcam run` takes
// itself.
boost::program_options::options_description serve_options();

// What decides a sweep's numbers: --images, --variants, --models, --cases, the perturbation, the selection,
// --seed and wcam_options().
boost::program_options::options_description study_options();

}  // namespace wcam
