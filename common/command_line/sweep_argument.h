// SWEEP: the argument of the verbs that ask of a sweep that is there, or mend it.
#pragma once

#include <boost/program_options/value_semantic.hpp>
#include <filesystem>
#include <string>
#include <system_error>

#include "common/base/error.h"
#include "common/base/sweep_directory.h"
#include "common/command_line/options.h"

namespace wcam {

// Lets the first word that is no option be the sweep's directory.
inline void take_sweep(CommandLine& line) {
  line.options.add_options()("sweep",
                             boost::program_options::value<std::string>()->value_name("DIR")->required(),
                             "directory of the sweep");
  line.positional.add("sweep", 1);
}

// Throws UsageError for an empty name, InputError for a file; whether it is a sweep is asked later.
inline SweepDirectory sweep_of(const boost::program_options::variables_map& values) {
  const std::filesystem::path sweep = values["sweep"].as<std::string>();
  if (sweep.empty()) throw UsageError("the name of the sweep's directory is empty");
  std::error_code unknown;
  if (std::filesystem::exists(sweep, unknown) && !std::filesystem::is_directory(sweep, unknown)) {
    const SweepDirectory above{sweep.has_parent_path() ? sweep.parent_path() : "."};
    throw InputError(
        sweep.string() + " is a file, no sweep's directory" +
        (std::filesystem::exists(above.plan(), unknown) ? ": that is " + above.root.string() : ""));
  }
  return {sweep};
}

}  // namespace wcam
