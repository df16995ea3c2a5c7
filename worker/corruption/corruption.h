// ImageNet-C's corruptions (D. Hendrycks and T. Dietterich, arXiv 1903.12261) on 8-bit RGB images of any
// size.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "common/perturbation.h"
#include "worker/corruption/random.h"
#include "worker/image.h"

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

// Variant of the family "corruptions". Same size as the input. `frost` alone needs overlays: photographs of
// frosted glass of any size, in an order that is the same everywhere. Throws InputError for an unknown name,
// a severity outside 1..5, or frost without overlays.
RgbImage corrupt(const RgbImage& image, const Variant& variant, const CorruptionKey& key,
                 std::span<const RgbImage> frost_overlays = {});

}  // namespace wcam
