#include "coordinator/queue/seeded_order.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/base/error.h"
#include "common/base/sha256.h"

namespace wcam {

std::uint64_t seeded_key(std::uint64_t seed, std::string_view image, std::string_view purpose,
                         std::string_view item) {
  std::string what = std::to_string(seed);
  what += '\0';
  for (const std::string_view part : {image, purpose, item}) {
    what += part;
    what += '\0';
  }
  return std::stoull(sha256_of(what).substr(0, 16), nullptr, 16) >> 1U;
}

std::vector<KeyedImage> taking_order(const Plan& plan) {
  std::vector<KeyedImage> order;
  order.reserve(plan.images.size());
  const bool listed = plan.selection.rule == SelectionRule::kListed;
  std::unordered_map<std::string_view, std::uint64_t> kept;
  if (!plan.earlier.empty())
    for (const std::string& path : plan.earlier.back().sample) kept.emplace(path, kept.size());
  for (std::uint32_t i = 0; i < plan.images.size(); ++i) {
    const std::string& path = plan.images[i].path;
    const auto known = kept.find(path);
    const std::uint64_t place = listed ? kept.size() + i : seeded_key(plan.seed, path, "order");
    order.push_back({known != kept.end() ? known->second : place, i});
  }
  std::sort(order.begin(), order.end(),
            [](const KeyedImage& a, const KeyedImage& b) { return a.key < b.key; });
  const auto twin = std::adjacent_find(
      order.begin(), order.end(), [](const KeyedImage& a, const KeyedImage& b) { return a.key == b.key; });
  if (twin != order.end())
    throw InputError("images '" + plan.images[twin->index].path + "' and '" +
                     plan.images[twin[1].index].path + "' draw the same number with seed " +
                     std::to_string(plan.seed) + ": rename one or choose another --seed");
  return order;
}

}  // namespace wcam
