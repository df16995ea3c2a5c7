// Photographs of frosted glass for the corruption `frost`, from a folder that the user names: ImageNet-C's
// own are not ours to ship.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>

#include "worker/base/lru_cache.h"
#include "worker/images/image.h"

namespace wcam {

struct Plan;

// Photographs of any size, numbered from 0 in an order that is the same everywhere. Each is read when it is
// drawn, and those drawn last stay decoded. Not thread-safe.
class FrostOverlays {
 public:
  using Read = std::function<RgbImage(std::size_t)>;

  FrostOverlays() = default;  // none
  FrostOverlays(std::size_t count, Read read) : count_(count), read_(std::move(read)) {}

  std::size_t size() const { return count_; }
  // Valid until the next call. Throws what reading it throws.
  const RgbImage& at(std::size_t which) const;

 private:
  // What the five severities of an image draw serves all cases: seven photographs of 12 megapixels. However
  // many and large the overlays, no more than this and the one just drawn (300 MB at most) are in memory.
  static constexpr std::uint64_t kBytesKept = std::uint64_t{256} << 20U;

  std::size_t count_ = 0;
  Read read_;
  mutable LruCache<RgbImage> kept_{kBytesKept};  // by number
};

// Every image of the folder in list_images()' order, which decides what is drawn, as a sweep takes them.
// Throws InputError without such a folder or an image in it; drawing one throws it naming a file that cannot
// be decoded.
FrostOverlays frost_overlays_in(const std::filesystem::path& folder);

// The overlays of the plan, in its order; none when the plan has none. Each is read once here (and then again
// whenever it is drawn and not kept), so that a sweep does not find out after days: both throw CannotServe
// naming a file that cannot be read, is not the one planned, or cannot be decoded.
FrostOverlays planned_frost_overlays(const Plan& plan);

}  // namespace wcam
