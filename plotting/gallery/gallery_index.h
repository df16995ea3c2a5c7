// What the page knows of every map before it has one: names, filters, captions, scale.
#pragma once

#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <queue>
#include <span>
#include <string>
#include <vector>

#include "common/store/records.h"
#include "plotting/colour_map.h"
#include "plotting/sweep_reader.h"

namespace wcam {

// All maps of one variant of an image, beside its photograph: [first, first + count) of GalleryOrder::rows.
struct GalleryGroup {
  std::size_t first = 0, count = 0;
};

// In which order maps are shown: by image as in the sample, the source before its variants, these in the
// plan's order, then by case, label and replicate.
struct GalleryOrder {
  std::vector<std::size_t> rows;  // of the profiles
  std::vector<GalleryGroup> groups;
};
// profiles: ordered as Results gives them; variants: the plan's.
GalleryOrder gallery_order(std::span<const ProfileRow> profiles, std::span<const std::string> variants);

// One scale for all maps, as that of a figure's row (scale.h): from the smallest value to the largest but
// 1 %. Of values that come map by map, whose number is known before; only that 1 % is kept.
class GalleryScale {
 public:
  explicit GalleryScale(std::size_t values);
  void add(std::span<const float> map);
  ColourRange range() const;
  bool cut() const;  // whether any value is above

 private:
  const std::size_t kept_;
  double low_ = 0, largest_ = 0;
  std::priority_queue<float, std::vector<float>, std::greater<>> top_;  // the smallest of the largest first
};

// The index as gallery.js reads it: what is the same for all, then columns, one entry a group and one a map,
// in the given order. Names that are no UTF-8 have replacement characters.
nlohmann::json gallery_index(SweepReader& sweep, const GalleryOrder& order, const GalleryScale& scale);

}  // namespace wcam
