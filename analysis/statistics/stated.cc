#include "analysis/statistics/stated.h"

namespace wcam {

std::optional<NotStated> too_few(std::size_t images) {
  if (images >= kFewestImages) return std::nullopt;
  return NotStated{std::to_string(images) + (images == 1 ? " image" : " images") +
                   ": nothing is asserted below " + std::to_string(kFewestImages) + ", add images"};
}

}  // namespace wcam
