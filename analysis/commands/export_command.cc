#include <boost/program_options/value_semantic.hpp>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "analysis/commands/commands.h"
#include "analysis/tables/column_meanings.h"
#include "analysis/tables/result_tables.h"
#include "analysis/tables/study.h"
#include "analysis/tables/table.h"
#include "common/base/file.h"
#include "common/command_line/options.h"

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace wcam {

namespace {

using MakeWriter = std::unique_ptr<TableWriter> (*)(const fs::path&, std::vector<TableColumn>);

void say(const fs::path& file) { std::cout << file.string() << std::endl; }

void write_tables(const ResultTables& tables, const fs::path& folder, const std::string& ending,
                  MakeWriter make_writer) {
  const fs::path profiles_file = folder / ("profiles" + ending),
                 predictions_file = folder / ("predictions" + ending);
  const auto profiles = make_writer(profiles_file, tables.profile_columns());
  const auto predictions = make_writer(predictions_file, tables.prediction_columns());
  tables.for_each_profile([&](std::span<const Value> row) { profiles->add(row); });
  tables.for_each_prediction([&](std::span<const Value> row) { predictions->add(row); });
  profiles->finish();
  say(profiles_file);
  predictions->finish();
  say(predictions_file);
}

}  // namespace

ExitCode export_command(const Arguments& arguments) {
  CommandLine line;
  line.usage = "wcam export SWEEP [SWEEP ...] --csv DIR | --npz DIR";
  line.about =
      "Writes stored results as two flat tables, profiles and predictions, and columns.md, which says what "
      "each\n"
      "column is. SWEEP may be a results.h5, too. While the sweep runs or after. Several sweeps are joined\n"
      "where their plans agree.";
  line.example = "wcam export study --csv tables";
  line.options.add_options()  //
      ("sweep", po::value<std::vector<std::string>>()->value_name("FILE")->required(),
       "the sweep's directory, or a file of results")  //
      ("rename", po::value<std::string>(),
       "B:OLD=NEW: what a case of the second sweep is called where several are joined; comma-separated")  //
      ("csv", po::value<std::string>()->value_name("DIR"),
       "profiles.csv and predictions.csv into this folder")  //
      ("npz", po::value<std::string>()->value_name("DIR"),
       "profiles.npz and predictions.npz, for numpy.load: with the maps, too");
  line.positional.add("sweep", -1);
  const auto values = parse_command_line(line, arguments);
  if (!values) return ExitCode::kDone;
  if (!values->contains("csv") && !values->contains("npz"))
    throw UsageError("name a format and its folder: --csv DIR, --npz DIR, or both");
  const auto sweeps = (*values)["sweep"].as<std::vector<std::string>>();
  const Study study = Study::open({sweeps.begin(), sweeps.end()}, list_of(*values, "rename"));
  const ResultTables tables(study);
  for (const auto& [format, make_writer] : {std::pair("csv", &csv_writer), std::pair("npz", &npz_writer)}) {
    if (!values->contains(format)) continue;
    const fs::path folder = (*values)[format].as<std::string>();
    make_directories(folder);
    write_tables(tables, folder, std::string(".") + format, make_writer);
    write_file_atomically(folder / "columns.md",
                          columns_text(tables.profile_columns(), tables.prediction_columns()));
    say(folder / "columns.md");
  }
  return ExitCode::kDone;
}

}  // namespace wcam
