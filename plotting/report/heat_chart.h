// A chart of kind kHeat, drawn; chart.h says what is in it.
#pragma once

#include <string>

#include "plotting/report/chart.h"

namespace wcam {

std::string draw_heat_chart(const Chart& chart, const ChartOptions& options);

}  // namespace wcam
