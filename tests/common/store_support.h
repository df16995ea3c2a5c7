// What tests of the store share.
#pragma once

#include <sys/mount.h>

#include <algorithm>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/store/results.h"
#include "tests/temporary_folder.h"

namespace wcam {

// How GoogleTest shows a row: by name, not as bytes.
inline void PrintTo(const ProfileRow& row, std::ostream* out) {
  *out << "profile " << to_string(row.job) << " attempt " << value(row.attempt) << " on " << row.device;
}
inline void PrintTo(const PredictionRow& row, std::ostream* out) {
  *out << "prediction " << to_string(row.job) << " attempt " << value(row.attempt) << " of " << row.variant;
}
inline void PrintTo(const ImageRow& row, std::ostream* out) { *out << row.image << ", " << row.variant; }

// The text of the InputError that `act` throws; "accepted" when it throws nothing.
template <class Act>
std::string refused(Act act) {
  try {
    act();
  } catch (const InputError& e) {
    return e.what();
  }
  return "accepted";
}

inline std::vector<ProfileRow> read_all(const Results& results) {
  std::vector<ProfileRow> rows;
  for (std::size_t i = 0; i < results.profiles().size(); ++i) rows.push_back(results.read_profile(i));
  return rows;
}

inline std::vector<std::string> files_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

// A tmpfs that holds 200 kB; unmounted afterwards. Needs root.
class SmallDisk {
 public:
  SmallDisk() : mounted_(::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=200k") == 0) {}
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool mounted() const { return mounted_; }
  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
  bool mounted_;
};

}  // namespace wcam
