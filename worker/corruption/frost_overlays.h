// Photographs of frosted glass for the corruption `frost`, from a folder that the user names: ImageNet-C's
// own are not ours to ship.
#pragma once

#include <filesystem>
#include <vector>

#include "worker/image.h"

namespace wcam {

// Every file of the folder but hidden ones, in the order of their names' bytes, which decides what is drawn:
// the same on every machine. Throws InputError naming the folder or the file: no such folder, empty, not an
// image.
std::vector<RgbImage> read_frost_overlays(const std::filesystem::path& folder);

}  // namespace wcam
