// A folder on a disk of this host with copies of files from a slower, shared one.
#pragma once

#include <filesystem>

namespace wcam {

class Stage {
 public:
  // Empty: nothing is copied. The folder is made when it is needed, and stays: the next worker of this host,
  // of this sweep or another, finds what is there.
  explicit Stage(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // A copy of the file, made if it is not there yet, once for all processes of this host; one of an earlier
  // content is not used. When it cannot be made (no room), the file itself, with one warning. What is in the
  // copy is not trusted: whoever reads it compares SHA-256, as with the file itself.
  std::filesystem::path local(const std::filesystem::path& file) const;

 private:
  std::filesystem::path folder_;
  mutable bool warned_ = false;
};

}  // namespace wcam
