// ImageNet-C's corruptions (D. Hendrycks and T. Dietterich, arXiv 1903.12261) on 8-bit RGB images of any
// size.
#pragma once

#include <cstdint>
#include <string>

#include "common/study/perturbation.h"
#include "worker/corruption/frost_overlays.h"
#include "worker/corruption/random.h"
#include "worker/images/image.h"

namespace wcam {

// What random corruptions draw from: the key names the picture, so that every case, attempt, worker and
// restart sees the same pixels. The deterministic ones ignore it.
struct CorruptionKey {
  std::uint64_t sweep_seed = 0;
  std::string image_sha256;
};

// The stream of one picture. With
//   text = "wcam corruption\nseed SEED\nimage IMAGE_SHA256\nvariant FAMILY/NAME/SEVERITY\n"
// (SEED in decimal; no part can hold a line's end, so different keys have different texts) the first four
// groups of eight hex digits of text's SHA-256 are key[0], key[1], counter[0], counter[1].
StreamKey stream_key(const CorruptionKey& key, const Variant& variant);

// Longest side, pixels, of an image that can be corrupted. Fog needs a square map of the longer side's length
// (2 GiB at the bound), the elastic transformation a kernel that grows with each side.
inline constexpr int kLongestCorrupted = 16'384;

// Variant of the family "corruptions". Same size as the input. `frost` alone needs overlays. Throws
// InputError for an unknown name, a severity outside 1..5, an image without pixels or with a side beyond the
// bound, frost without overlays, and what drawing one throws.
RgbImage corrupt(const RgbImage& image, const Variant& variant, const CorruptionKey& key,
                 const FrostOverlays& frost_overlays = {});

}  // namespace wcam
