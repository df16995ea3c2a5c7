// Photographs of frosted glass for the corruption `frost`, from a folder that the user names: ImageNet-C's
// own are not ours to ship.
#pragma once

#include <filesystem>
#include <vector>

#include "common/plan.h"
#include "worker/image.h"

namespace wcam {

// Every image of the folder in list_images()' order, which decides what is drawn, as a sweep takes them.
// Throws InputError naming the folder or the file: no such folder, no image in it, one that cannot be
// decoded.
std::vector<RgbImage> read_frost_overlays(const std::filesystem::path& folder);

// The planned ones, in their order; none when the plan has none. Throws InputError naming a file that cannot
// be read or is not the one planned.
std::vector<RgbImage> read_frost_overlays(const Plan& plan);

}  // namespace wcam
