// A report as one page that needs no other file, and as JSON.
#pragma once

#include <map>
#include <string>

#include "analysis/report/report.h"
#include "plotting/report/chart.h"

namespace wcam {

// HTML, made of the template page.html: all text is escaped, charts are SVG within it, drawn once for wide
// windows and paper and once for narrow windows. Of a table's rows the first kShownRows. Links lead to
// figures/ and tables/ beside the page.
inline constexpr std::size_t kShownRows = 100;
std::string report_page(const Report& report, const ChartOptions& options);

// Everything the report says, by the names of its parts (analysis/report/report.h); what is not known is
// null.
std::string report_json(const Report& report);

// columns.md: what each column of the tables is.
std::string columns_page(const Report& report);

}  // namespace wcam
