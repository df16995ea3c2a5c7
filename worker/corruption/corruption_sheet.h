// All corruptions of one picture side by side.
#pragma once

#include <string>
#include <vector>

#include "worker/corruption/corruption.h"
#include "worker/images/image.h"

namespace wcam {

// One row a name: the name, the clean picture, severities 1 to 5, each picture at its own size. Throws
// InputError giving the size when the sheet would have more than kMostPixels.
RgbImage corruption_sheet(const RgbImage& clean, const std::vector<std::string>& names,
                          const CorruptionKey& key, const FrostOverlays& frost_overlays);

}  // namespace wcam
