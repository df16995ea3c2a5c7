// `wcam keys`: the keys of a sweep, for people who run workers on other hosts.
#pragma once

#include "common/base/error.h"
#include "common/command_line/verbs.h"

namespace wcam {

ExitCode keys_command(const Arguments& arguments);

}  // namespace wcam
