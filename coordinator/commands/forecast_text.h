// A forecast as `wcam plan` prints it.
#pragma once

#include <string>

#include "common/study/plan.h"
#include "coordinator/commands/forecast.h"

namespace wcam {

// "0 to 12 predict jobs of 11 forwards, 88 WCAMs of 69 forwards".
std::string work_text(const Forecast& forecast);
// "128,673", of all of them.
std::string forwards_text(const Forecast& forecast);
// Why the numbers of jobs are ranges; empty: they are not.
std::string reason_for_ranges(const Forecast& forecast);
// The forecast as tables. begun: the sweep has begun, so the numbers are what is left.
std::string describe(const Forecast& forecast, const Plan& plan, const Crew& crew, bool begun);
// The forecast as JSON, for scripts.
std::string to_json_text(const Forecast& forecast, const Plan& plan);

}  // namespace wcam
