// `wcam report`.
#pragma once

#include "common/command_line/verbs.h"

namespace wcam {

ExitCode report_command(const Arguments& arguments);

}  // namespace wcam
