#include <iostream>
#include <string>
#include <vector>

#include "common/base/message_text.h"
#include "common/base/sweep_directory.h"
#include "common/command_line/options.h"
#include "common/command_line/sweep_argument.h"
#include "common/store/pack.h"
#include "coordinator/commands/commands.h"

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
  const PackReport report = pack(directory.root);
  std::cout << directory.results().string() << ": " << counted(report.profiles, "WCAM") << ", "
            << counted(report.predictions, "prediction") << ", " << counted(report.images, "image") << "; "
            << counted(report.segments, "new segment") << " merged, "
            << counted(report.duplicates, "duplicate") << " left out\n"
            << doubts_text(report);
  return ExitCode::kDone;
}

}  // namespace wcam
