#include "worker/corruption/frost_overlays.h"

#include <algorithm>

#include "common/error.h"

namespace fs = std::filesystem;

namespace wcam {

std::vector<RgbImage> read_frost_overlays(const fs::path& folder) try {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_regular_file() && entry.path().filename().string().front() != '.')
      names.push_back(entry.path().filename().string());
  if (names.empty()) throw InputError("no image in " + folder.string() + ", the folder of frost overlays");
  std::sort(names.begin(), names.end());
  std::vector<RgbImage> overlays;
  for (const auto& name : names) overlays.push_back(decode_image(folder / name));
  return overlays;
} catch (const fs::filesystem_error& e) {
  throw InputError("cannot list the frost overlays in " + folder.string() + ": " + e.code().message());
}

}  // namespace wcam
