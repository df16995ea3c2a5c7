#include "plotting/report/report_command.h"

#include <spdlog/fmt/fmt.h>

#include <boost/program_options/value_semantic.hpp>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "analysis/report/make_report.h"
#include "analysis/tables/study.h"
#include "common/base/error.h"
#include "common/base/sweep_directory.h"
#include "common/command_line/drawing_options.h"
#include "common/command_line/options.h"
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
  line.usage = "wcam report SWEEP [SWEEP ...] [options]";
  line.about =
      "Writes report.html, which answers what a sweep was made for, with its figures (PDF) and tables (CSV) "
      "beside it. Reads stored results only: images and models may be gone.\n"
      "Several sweeps, called A, B, ... in their order, are one study where their plans agree in what "
      "decides\n"
      "numbers; what they share counts once.";
  line.example = "wcam report study --venue icml --columns 1";
  line.options.add_options()  //
      ("sweep", po::value<std::vector<std::string>>()->value_name("FILE")->required(),
       "the sweep's directory, or its results.h5")  //
      ("out", po::value<std::string>()->value_name("DIR"),
       "folder for it all; without it SWEEP/report, of one sweep")  //
      ("rename", po::value<std::string>(),
       "B:OLD=NEW: what a case of the second sweep is called, to stand beside another of its name, or to be "
       "one with it; comma-separated")  //
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

ReportOptions asked_of(const po::variables_map& values) {
  ReportOptions options;
  options.mce_reference = values["mce-reference"].as<std::string>();
  options.equivalence_margin = values["margin"].as<double>();
  return options;
}

fs::path folder_for(const po::variables_map& values, const std::vector<std::string>& sweeps) {
  if (values.contains("out")) return values["out"].as<std::string>();
  if (sweeps.size() > 1)
    throw UsageError("a report of " + std::to_string(sweeps.size()) +
                     " sweeps belongs to none of them: name a folder for it with --out DIR");
  const fs::path sweep = sweeps.front();
  return SweepDirectory{fs::is_directory(sweep) ? sweep : sweep.parent_path()}.report();
}

ReportFiles files_of(const po::variables_map& values, const std::vector<std::string>& sweeps) {
  ReportFiles files;
  files.out = folder_for(values, sweeps);
  files.width_pt = venue_width_pt(values["venue"].as<std::string>(), values["columns"].as<int>());
  files.json = values["json"].as<bool>();
  files.on_unreadable = warn_of_boxes;
  return files;
}

}  // namespace

ExitCode report_command(const Arguments& arguments) {
  const auto values = parse_command_line(report_command_line(), arguments);
  if (!values) return ExitCode::kDone;
  const auto sweeps = (*values)["sweep"].as<std::vector<std::string>>();
  const ReportFiles files = files_of(*values, sweeps);
  const Study study = Study::open({sweeps.begin(), sweeps.end()}, list_of(*values, "rename"));
  const Report report = make_report(study, asked_of(*values));
  for (const std::string& line : report.made_of) std::cerr << line << "\n";
  write_report(report, files, [](const fs::path& file) { std::cout << file.string() << std::endl; });
  return ExitCode::kDone;
}

}  // namespace wcam
