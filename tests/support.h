// What tests of several folders need.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#ifndef WCAM_SOURCE_DIR
#error "compile with -DWCAM_SOURCE_DIR=\"${PROJECT_SOURCE_DIR}\""
#endif

namespace wcam::test {

// The folder of golden values, photos and models, which lies beside the checkout or where $WCAM_SHARED says.
// It may be absent: tests that need it then skip.
inline std::filesystem::path shared_folder() {
  const char* given = std::getenv("WCAM_SHARED");
  return given != nullptr ? std::filesystem::path(given)
                          : std::filesystem::path(WCAM_SOURCE_DIR).parent_path() / "shared";
}

}  // namespace wcam::test

// At the top of a test that needs shared/FILE.
#define WCAM_SKIP_WITHOUT_SHARED(file)                                \
  if (!std::filesystem::exists(wcam::test::shared_folder() / (file))) \
  GTEST_SKIP() << (wcam::test::shared_folder() / (file)) << " is not there; set WCAM_SHARED"
