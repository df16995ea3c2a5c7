#include "common/command_line/verdicts.h"

#include <cstdio>

namespace wcam {

void Verdicts::say(const char* verdict, const std::string& what, const std::string& found) {
  std::printf("%-4s  %-11s  %s\n", verdict, what.c_str(), found.c_str());
  std::fflush(stdout);
}

}  // namespace wcam
