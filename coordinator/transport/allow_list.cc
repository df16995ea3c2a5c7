#include "coordinator/transport/allow_list.h"

#include <spdlog/spdlog.h>

#include <system_error>
#include <utility>

#include "common/base/error.h"
#include "common/wire/keys.h"

namespace fs = std::filesystem;

namespace wcam {

namespace {

std::string key_in(const fs::path& file) try { return read_public_key(file); } catch (const InputError& e) {
  spdlog::warn("a worker's key is left out: {}", e.what());
  return "";
}

}  // namespace

void AllowList::refresh() {
  std::unordered_map<std::string, Entry> found;
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder_, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    const fs::path& file = entry->path();
    const std::string name = file.stem().string();
    std::error_code gone;
    const auto changed = fs::last_write_time(file, gone);
    if (file.extension() != ".pub" || name.front() == '.' || gone) continue;
    const auto known = files_.find(name);
    const bool same = known != files_.end() && known->second.changed == changed;
    found[name] = same ? known->second : Entry{changed, key_in(file)};
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    spdlog::warn("cannot look at {}: {}; the keys admitted so far stay", folder_.string(), error.message());
    return;
  }
  files_ = std::move(found);
  name_of_.clear();
  for (const auto& [name, entry] : files_)
    if (!entry.key.empty()) name_of_[entry.key] = name;
}

std::optional<std::string> AllowList::name_of(const std::string& public_key) const {
  const auto found = name_of_.find(public_key);
  return found == name_of_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace wcam
