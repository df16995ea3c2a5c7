#include "worker/corruption/frost_overlays.h"

#include "common/error.h"
#include "common/file.h"
#include "common/image_files.h"
#include "common/sha256.h"

namespace wcam {

std::vector<RgbImage> read_frost_overlays(const std::filesystem::path& folder) {
  std::vector<RgbImage> overlays;
  for (const std::string& path : list_images(folder)) overlays.push_back(decode_image(folder / path));
  return overlays;
}

std::vector<RgbImage> read_frost_overlays(const Plan& plan) {
  std::vector<RgbImage> overlays;
  for (const auto& planned : plan.frost_overlays) {
    const auto file = plan.frost_root / planned.path;
    const std::string bytes = read_file(file);  // once: what is hashed is what is decoded
    if (const std::string found = sha256_of(bytes); found != planned.sha256)
      throw InputError("the frost overlay " + file.string() + " has SHA-256 " + found + ", the plan says " +
                       planned.sha256 + ": it was changed after the sweep began");
    try {
      overlays.push_back(decode_bytes(bytes));
    } catch (const InputError& e) {
      throw InputError(file.string() + ": " + e.what());
    }
  }
  return overlays;
}

}  // namespace wcam
