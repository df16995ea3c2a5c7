#include "plotting/report/report_command.h"

#include <spdlog/fmt/fmt.h>

#include <boost/program_options/value_semantic.hpp>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>
#include <vector>

#include "analysis/report/make_report.h"
#include "common/base/error.h"
#include "common/base/sweep_directory.h"
#include "common/command_line/drawing_options.h"
#include "common/command_line/options.h"
#include "common/store/open_results.h"
#include "common/store/results.h"
#include "plotting/page_layout.h"
#include "plotting/report/report_files.h"
#include "plotting/unreadable_text.h"

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace wcam {

namespace {

CommandLine report_command_line() {
  const double margin = ReportOptions().equivalence_margin;
  CommandLine line;
  line.usage = "wcam report SWEEP [options]";
  line.about =
      "Writes report.html, which answers what a sweep was made for, with its figures (PDF) and tables (CSV) "
      "beside it. Reads stored results only: images and models may be gone.";
  line.example = "wcam report study --venue icml --columns 1";
  line.options.add_options()  //
      ("sweep", po::value<std::vector<std::string>>()->value_name("FILE")->required(),
       "the sweep's directory, or its results.h5")                                                        //
      ("out", po::value<std::string>()->value_name("DIR"), "folder for it all; without it SWEEP/report")  //
      ("venue", po::value<std::string>()->default_value("neurips"),
       "neurips|icml|acl: figures are 5.5, 6.75 or 6.8 in wide")  //
      ("columns", po::value<int>()->default_value(0),
       "of the venue's page that a figure spans: 1 is 3.25 in of icml, 3.3 in of acl; 0: all")  //
      ("mce-reference", po::value<std::string>()->default_value(""),
       "the case that mean corruption errors are relative to, or alexnet: its published errors; without it "
       "the "
       "first case")  //
      ("margin", po::value<double>()->default_value(margin, fmt::format("{:g}", margin)),
       "cases whose shares of a level differ by less are equivalent; choose it before you look")  //
      ("json", po::bool_switch(), "report.json, too: everything that the page says");
  line.positional.add("sweep", -1);
  return line;
}

fs::path one_sweep(const po::variables_map& values) {
  const auto sweeps = values["sweep"].as<std::vector<std::string>>();
  if (sweeps.size() > 1)
    throw UsageError("a report is of one sweep, and " + std::to_string(sweeps.size()) +
                     " are named, which are not joined here; `wcam run --extend` makes one of them");
  if (sweeps.front().empty()) throw UsageError("the name of the sweep's directory is empty");
  return sweeps.front();
}

// The folder that a sweep's name is the name of, whatever way leads to it.
std::string title_of(const SweepDirectory& sweep) {
  std::error_code unknown;
  const fs::path whole = fs::weakly_canonical(sweep.root.empty() ? "." : sweep.root, unknown);
  return whole.filename().string();
}

ReportOptions asked_of(const po::variables_map& values, const SweepDirectory& sweep) {
  ReportOptions options;
  options.title = title_of(sweep);
  options.mce_reference = values["mce-reference"].as<std::string>();
  options.equivalence_margin = values["margin"].as<double>();
  return options;
}

ReportFiles files_of(const po::variables_map& values, const SweepDirectory& sweep) {
  ReportFiles files;
  files.out = values.contains("out") ? fs::path(values["out"].as<std::string>()) : sweep.report();
  files.width_pt = venue_width_pt(values["venue"].as<std::string>(), values["columns"].as<int>());
  files.json = values["json"].as<bool>();
  files.on_unreadable = warn_of_boxes;
  return files;
}

}  // namespace

ExitCode report_command(const Arguments& arguments) {
  const auto values = parse_command_line(report_command_line(), arguments);
  if (!values) return ExitCode::kDone;
  const fs::path store = one_sweep(*values);
  const SweepDirectory sweep{fs::is_directory(store) ? store : store.parent_path()};
  const ReportFiles files = files_of(*values, sweep);
  const Results results = open_results(store);
  write_report(make_report(results, asked_of(*values, sweep)), files,
               [](const fs::path& file) { std::cout << file.string() << std::endl; });
  return ExitCode::kDone;
}

}  // namespace wcam
