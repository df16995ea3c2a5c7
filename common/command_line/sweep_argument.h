// SWEEP: the argument of the verbs that ask of a sweep that is there, or mend it.
#pragma once

#include <boost/program_options/value_semantic.hpp>
#include <string>

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

inline SweepDirectory sweep_of(const boost::program_options::variables_map& values) {
  const auto& sweep = values["sweep"].as<std::string>();
  if (sweep.empty()) throw UsageError("the name of the sweep's directory is empty");
  return {sweep};
}

}  // namespace wcam
