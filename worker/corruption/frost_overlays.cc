#include "worker/corruption/frost_overlays.h"

#include <string>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/study/image_files.h"
#include "common/study/plan.h"
#include "worker/base/faults.h"

namespace wcam {

namespace {

RgbImage decode_planned(const std::filesystem::path& file, const std::string& sha256) {
  const std::string bytes = read_file(file);  // once: what is hashed is what is decoded
  if (const std::string found = sha256_of(bytes); found != sha256)
    throw InputError("the frost overlay " + file.string() + " has SHA-256 " + found + ", the plan says " +
                     sha256 + ": it was changed after the sweep began");
  try {
    return decode_bytes(bytes);
  } catch (const InputError& e) {
    throw InputError(file.string() + ": " + e.what());
  }
}

}  // namespace

const RgbImage& FrostOverlays::at(std::size_t which) const {
  const std::string name = std::to_string(which);
  if (const RgbImage* known = kept_.find(name)) return *known;
  RgbImage overlay = read_(which);
  const std::uint64_t bytes = overlay.pixels.size();
  kept_.make_room(bytes);
  return kept_.add(name, std::move(overlay), bytes);
}

FrostOverlays frost_overlays_in(const std::filesystem::path& folder) {
  const std::vector<std::string> paths = list_images(folder);
  return {paths.size(), [=](std::size_t which) { return decode_image(folder / paths[which]); }};
}

FrostOverlays planned_frost_overlays(const Plan& plan) {
  const auto read = [root = plan.frost_root, files = plan.frost_overlays](std::size_t which) {
    try {
      return decode_planned(root / files[which].path, files[which].sha256);
    } catch (const InputError& e) {
      throw CannotServe(e.what());
    }
  };
  for (std::size_t which = 0; which < plan.frost_overlays.size(); ++which) read(which);
  return {plan.frost_overlays.size(), read};
}

}  // namespace wcam
