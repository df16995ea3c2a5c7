// A folder on a disk of this host with copies of files from a slower, shared one.
#pragma once

#include <filesystem>
#include <set>
#include <string>

namespace wcam {

class Stage {
 public:
  // folder: where copies go; empty: nothing is copied. The folder is made when it is needed, and stays: the
  // next worker of this host, of this sweep or another, finds what is there.
  explicit Stage(std::filesystem::path folder);

  // A copy of the file, made if it is not there yet, once for all processes of this host; one of an earlier
  // content is not used. When it cannot be made (no room: 256 MiB stay free), the file itself, with one
  // warning. The copy is not trusted: others may write there too, so whoever reads it compares SHA-256 and
  // turns to the file itself.
  std::filesystem::path local(const std::filesystem::path& file) const;
  // local(file), with the comparison made: a copy with this SHA-256, or the file itself.
  std::filesystem::path local(const std::filesystem::path& file, const std::string& sha256) const;

 private:
  std::filesystem::path folder_;
  mutable std::set<std::filesystem::path> sound_;  // copies that were compared
  mutable bool warned_ = false;
};

}  // namespace wcam
