// Whose keys the coordinator admits: SWEEP/keys/allowed, looked at again whenever it matters.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <unordered_map>

namespace wcam {

class AllowList {
 public:
  explicit AllowList(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Brings the list up to date with the folder: one look at each file, reading those that are new or changed.
  // A file that is no public key is left out with a warning. A folder that cannot be read changes nothing,
  // one that is gone leaves no key.
  void refresh();

  // The name of the public key's (Z85) file, without .pub; nullopt when none has it.
  std::optional<std::string> name_of(const std::string& public_key) const;

  const std::filesystem::path& folder() const { return folder_; }

 private:
  struct Entry {
    std::filesystem::file_time_type changed;
    std::string key;  // empty: no public key
  };
  const std::filesystem::path folder_;
  std::unordered_map<std::string, Entry> files_;          // by name
  std::unordered_map<std::string, std::string> name_of_;  // by key
};

}  // namespace wcam
