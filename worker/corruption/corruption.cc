#include "worker/corruption/corruption.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "common/base/error.h"
#include "common/base/sha256.h"
#include "worker/corruption/kinds.h"

namespace wcam {

namespace {

struct Kind {
  std::string_view name;
  RgbImage (*make)(const RgbImage&, int severity, RandomStream&);
};

// One row a name of corruption_names(), in its order; without frost, which needs more than a stream.
constexpr Kind kKinds[] = {
    {"motion-blur", &motion_blur},
    {"defocus-blur", &defocus_blur},
    {"brightness", &brightness},
    {"spatter", &spatter},
    {"jpeg", &jpeg},
    {"saturate", &saturate},
    {"pixelate", &pixelate},
    {"impulse-noise", &impulse_noise},
    {"gaussian-noise", &gaussian_noise},
    {"contrast", &contrast},
    {"glass-blur", &glass_blur},
    {"elastic-transformation", &elastic_transformation},
    {"shot-noise", &shot_noise},
    {"gaussian-blur", &gaussian_blur},
    {"zoom-blur", &zoom_blur},
    {"snow", &snow},
    {"fog", &fog},
    {"speckle-noise", &speckle_noise},
};

}  // namespace

StreamKey stream_key(const CorruptionKey& key, const Variant& variant) {
  const std::string digest =
      sha256_of("wcam corruption\nseed " + std::to_string(key.sweep_seed) + "\nimage " + key.image_sha256 +
                "\nvariant " + to_string(variant) + "\n");
  const auto group = [&](std::size_t i) {
    return static_cast<std::uint32_t>(std::stoul(digest.substr(8 * i, 8), nullptr, 16));
  };
  return {{group(0), group(1)}, {group(2), group(3)}};
}

RgbImage corrupt(const RgbImage& image, const Variant& variant, const CorruptionKey& key,
                 const FrostOverlays& frost_overlays) {
  const auto* kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                  [&](const Kind& k) { return k.name == variant.name; });
  const bool frosty = variant.name == "frost";
  if (variant.family != "corruptions" || (kind == std::end(kKinds) && !frosty))
    throw InputError("this version cannot make the variant '" + to_string(variant) + "'");
  if (variant.severity < kLowestSeverity || variant.severity > kHighestSeverity)
    throw InputError("severity " + std::to_string(variant.severity) + " of '" + variant.name +
                     "' is outside 1 to 5");
  if (image.rows < 1 || image.cols < 1) throw InputError("cannot corrupt an image without pixels");
  if (std::max(image.rows, image.cols) > kLongestCorrupted)
    throw InputError("cannot corrupt an image of " + std::to_string(image.cols) + " x " +
                     std::to_string(image.rows) + " pixels: its longer side is beyond " +
                     std::to_string(kLongestCorrupted) + "; make it smaller first");
  RandomStream random(stream_key(key, variant));
  if (!frosty) return kind->make(image, variant.severity, random);
  if (frost_overlays.size() == 0)
    throw InputError(
        "'frost' needs photographs of frosted glass: name their folder with --frost-overlays DIR");
  return frost(image, variant.severity, random, frost_overlays);
}

}  // namespace wcam
