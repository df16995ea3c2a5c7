#include "common/base/error.h"

#include <cstdio>
#include <cstdlib>

namespace wcam {

void check_range(const std::string& option, int value, int low, int high) {
  if (value < low || value > high)
    throw UsageError("--" + option + " " + std::to_string(value) + " is outside " + std::to_string(low) +
                     " to " + std::to_string(high));
}

void invariant_broken(const std::string& what) {
  std::fprintf(stderr, "invariant broken: %s\n", what.c_str());
  std::abort();
}

}  // namespace wcam
