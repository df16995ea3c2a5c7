// Where tests find what they compare with.
#pragma once

#include <filesystem>
#include <string>

#ifndef WCAM_SOURCE_DIR
#error "compile with -DWCAM_SOURCE_DIR=\"${PROJECT_SOURCE_DIR}\""
#endif
#ifndef WCAM_REFERENCE_SET
#define WCAM_REFERENCE_SET ""
#endif

namespace wcam::test {

// A file of tests/golden, whose README says what is in it.
inline std::filesystem::path golden(const std::string& file) {
  return std::filesystem::path(WCAM_SOURCE_DIR) / "tests/golden" / file;
}

// The folder of the larger set, CMake's option WCAM_REFERENCE_SET; empty in a build without it.
inline std::filesystem::path reference_set() { return WCAM_REFERENCE_SET; }

}  // namespace wcam::test
