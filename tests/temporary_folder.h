// A folder that is gone when the test is; in memory where there is such a place, since some tests commit
// thousands of times.
#pragma once

#include <unistd.h>

#include <filesystem>

#include "common/base/scratch_folder.h"

namespace wcam {

class TemporaryFolder : public ScratchFolder {
 public:
  TemporaryFolder() : ScratchFolder(place(), "wcam-test") {}

 private:
  static std::filesystem::path place() {
    const std::filesystem::path memory = "/dev/shm";
    return ::access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
  }
};

}  // namespace wcam
