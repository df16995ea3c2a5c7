// A report as files.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "analysis/report/report.h"
#include "plotting/report/chart.h"

namespace wcam {

struct ReportFiles {
  std::filesystem::path out;  // a folder, made if it is not there
  double width_pt = 396;      // of the figures
  bool json = false;
  std::function<void(const std::string& text, const std::string& packages)> on_unreadable{};
};

// OUT/figures/NAME.pdf and NAME.txt, its caption, for each chart, OUT/tables/NAME for each table and
// OUT/tables/columns.md; with json OUT/report.json; last OUT/report.html. Each file is whole or not there,
// and told once it is. Throws InputError naming a file that cannot be written.
void write_report(const Report& report, const ReportFiles& files,
                  const std::function<void(const std::filesystem::path&)>& on_written);

}  // namespace wcam
