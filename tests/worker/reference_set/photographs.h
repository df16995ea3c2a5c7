// The photographs of the larger set.
#pragma once

#include <algorithm>
#include <filesystem>
#include <vector>

#include "tests/support.h"

namespace wcam::test {

// Those that are not odd, by name.
inline std::vector<std::filesystem::path> photograph_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(reference_set() / "photos"))
    if (entry.path().extension() == ".JPEG") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace wcam::test
