# Writes the one source file that knows the commit, at each build, and only when it would differ: nothing else is compiled
# anew.
#   cmake -DSOURCE=ROOT_OF_THE_SOURCES -DOUT=commit.cc -P commit.cmake
set(commit "")
# What lies in somebody else's repository, as an unpacked tarball may, is not of its commit.
execute_process(COMMAND git -C ${SOURCE} rev-parse --show-prefix
                OUTPUT_VARIABLE prefix OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed STREQUAL "0" AND prefix STREQUAL "")
  execute_process(COMMAND git --no-optional-locks -C ${SOURCE} describe --always --dirty --abbrev=7 --exclude=*
                  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
file(CONFIGURE OUTPUT ${OUT} @ONLY CONTENT [[
#include "common/base/version.h"

namespace wcam {
const char* const kCommit = "@commit@";
}
]])
