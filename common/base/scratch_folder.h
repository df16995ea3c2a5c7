// A folder of this object's own, gone with it. A process that is killed leaves it behind.
#pragma once

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>

#include "common/base/error.h"

namespace wcam {

class ScratchFolder {
 public:
  // In the system's folder for such, TMPDIR or /tmp.
  explicit ScratchFolder(const std::string& name) : ScratchFolder(folder_of_the_system(), name) {}
  // PARENT/NAME-xxxxxx, readable by this user alone. Throws InputError when it cannot be made.
  ScratchFolder(const std::filesystem::path& parent, const std::string& name) {
    std::string path = (parent / (name + "-XXXXXX")).string();
    if (::mkdtemp(path.data()) == nullptr)
      throw InputError("cannot make a folder in " + parent.string() + ": " + std::strerror(errno));
    path_ = path;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  static std::filesystem::path folder_of_the_system() {
    std::error_code error;
    const std::filesystem::path folder = std::filesystem::temp_directory_path(error);
    if (error) throw InputError("TMPDIR names no folder for temporary files: " + error.message());
    return folder;
  }
  std::filesystem::path path_;
};

}  // namespace wcam
