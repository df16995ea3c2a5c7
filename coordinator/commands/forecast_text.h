// A forecast as `wcam plan` prints it.
#pragma once

#include <string>

#include "common/study/plan.h"
#include "coordinator/commands/forecast.h"

namespace wcam {

// Tables. begun: what is said is what is left.
std::string describe(const Forecast& forecast, const Plan& plan, const Crew& crew, bool begun);
// For scripts.
std::string to_json_text(const Forecast& forecast, const Plan& plan);

}  // namespace wcam
