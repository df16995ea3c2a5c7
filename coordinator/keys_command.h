// `wcam keys`: the keys of a sweep, for people who run workers on other hosts.
#pragma once

#include "common/error.h"
#include "common/verbs.h"

namespace wcam {

ExitCode keys_command(const Arguments& arguments);

}  // namespace wcam
