#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "common/base/message_text.h"
#include "common/base/sweep_directory.h"
#include "common/command_line/options.h"
#include "common/command_line/sweep_argument.h"
#include "common/store/open_results.h"
#include "common/store/pack.h"
#include "coordinator/commands/commands.h"
#include "coordinator/ledger/recorded_results.h"
#include "coordinator/ledger/schema.h"

namespace wcam {

namespace {

// A line when there are any.
std::string doubts_text(const PackReport& report) {
  if (report.doubtful == 0) return "";
  std::vector<std::string> doubts;
  for (const auto& [doubt, number] : report.doubts) doubts.push_back(doubt + ": " + std::to_string(number));
  return "doubtful: " + std::to_string(report.doubtful) + " of " + counted(report.profiles, "WCAM") + " (" +
         joined(doubts) + "); docs/reading_results.md tells causes and remedies\n";
}

// nullopt: there is no ledger, or a coordinator has it.
std::optional<RecordedResults> recorded_in(const SweepDirectory& sweep) {
  if (!std::filesystem::exists(sweep.ledger())) return std::nullopt;
  try {
    Database ledger(sweep.ledger(), Database::Access::kReadOnly);
    if (schema_of(ledger) == 0) return std::nullopt;
    check_schema(ledger);
    return recorded_results(ledger);
  } catch (const BusyError&) {
    return std::nullopt;
  }
}

}  // namespace

ExitCode pack_command(const Arguments& arguments) {
  CommandLine line;
  line.usage = "wcam pack SWEEP";
  line.about = "Merges the segments of a sweep into its results.h5, every job once. While it runs or after.";
  line.example = "wcam pack study";
  take_sweep(line);
  const auto values = parse_command_line(line, arguments);
  if (!values) return ExitCode::kDone;
  const SweepDirectory directory = sweep_of(*values);
  const PackReport report = pack(directory.root, recorded_in(directory));
  std::cout << directory.results().string() << ": " << counted(report.profiles, "WCAM") << ", "
            << counted(report.predictions, "prediction") << ", " << counted(report.images, "image") << "; "
            << counted(report.segments, "new segment") << " merged, "
            << counted(report.duplicates, "duplicate") << " left out\n"
            << doubts_text(report);
  for (const std::string& name : report.passed_over)
    std::cout << "not merged: " << (directory.segments() / name).string()
              << ", of which the ledger has nothing as done; `wcam verify` tells what is in it\n";
  warn_of_left_out(report.left_out, directory.root);
  if (report.spoilt > 0)
    std::cerr << "so " << counted(report.spoilt, "result")
              << " that the ledger has as done are not in results.h5\n";
  return report.left_out.empty() ? ExitCode::kDone : ExitCode::kSetAside;
}

}  // namespace wcam
