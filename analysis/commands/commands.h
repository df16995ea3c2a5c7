// The verbs of wcam-analysis.
#pragma once

#include "common/command_line/verbs.h"

namespace wcam {

ExitCode export_command(const Arguments& arguments);
ExitCode info_command(const Arguments& arguments);

}  // namespace wcam
