// The settings of a WCAM in words: by name, as options of a command, as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "common/study/wcam_settings.h"

// Boost's headers would be a fifth of a file's compiling.
namespace boost::program_options {
class options_description;
class variables_map;
}  // namespace boost::program_options

namespace wcam {

std::string_view to_string(Mode);
std::string_view to_string(Approximation);
std::string_view to_string(Sampler);
std::string_view to_string(Estimator);
std::string_view to_string(Order);

// Whether a profile's column `estimator` ("gradient-total") is of Estimator::kGradient. Its standard errors
// then say by what factor indices may be wrong, so that none is within noise of 0.
bool is_from_gradients(std::string_view estimator);

// --grid, --nb-design or --budget, --levels, --mode, --approximation, --sampler, --design-seed, --estimator,
// --order, --sufficient.
boost::program_options::options_description wcam_options();

// Reads the options of wcam_options() back; what was not given is as in `usual`, but for the number of points
// of an estimator that `usual` does not have. Throws UsageError naming option, value and bound.
WcamSettings wcam_settings(const boost::program_options::variables_map& values,
                           const WcamSettings& usual = {});

nlohmann::json to_json(const WcamSettings& settings);
// Throws InputError naming an unknown, missing or wrong key.
WcamSettings wcam_settings_from_json(const nlohmann::json& json);

}  // namespace wcam
