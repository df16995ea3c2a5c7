#include "coordinator/selection.h"

#include <algorithm>
#include <utility>

#include "common/error.h"
#include "coordinator/draw.h"

namespace wcam {

namespace {

bool affected(const Labels& labels, std::size_t variant) { return labels[variant] != labels[0]; }

// The `count` of `candidates` (positions from 1) with the smallest draws, in the plan's order.
std::vector<std::uint16_t> drawn(std::vector<std::uint16_t> candidates, std::size_t count, std::uint64_t seed,
                                 const std::string& image, const char* purpose,
                                 const std::vector<std::string>& variants) {
  if (candidates.size() <= count) return candidates;
  std::vector<std::pair<std::uint64_t, std::uint16_t>> draws;
  for (const std::uint16_t v : candidates)
    draws.emplace_back(draw(seed, image, purpose, variants[v - 1U]), v);
  std::sort(draws.begin(), draws.end());
  candidates.clear();
  for (std::size_t i = 0; i < count; ++i) candidates.push_back(draws[i].second);
  std::sort(candidates.begin(), candidates.end());
  return candidates;
}

// Positions from 1 of the variants for which `wanted` holds.
template <typename Predicate>
std::vector<std::uint16_t> variants_where(std::size_t count, Predicate wanted) {
  std::vector<std::uint16_t> positions;
  for (std::size_t v = 1; v <= count; ++v)
    if (wanted(v)) positions.push_back(static_cast<std::uint16_t>(v));
  return positions;
}

}  // namespace

Decision select(std::span<const Labels> labels, const std::vector<std::string>& variants,
                const SelectionSettings& settings, std::uint64_t seed, const std::string& image) {
  for (const Labels& of_case : labels)
    if (of_case.size() != variants.size() + 1)
      invariant_broken("select(): labels of another number of variants");
  const auto altered =
      drawn(variants_where(variants.size(),
                           [&](std::size_t v) {
                             return std::all_of(labels.begin(), labels.end(),
                                                [&](const Labels& l) { return affected(l, v); });
                           }),
            static_cast<std::size_t>(settings.max_altered), seed, image, "altered", variants);
  Decision decision;
  if (altered.empty()) {
    decision.why = "no variant changes the prediction of every case";
    return decision;
  }
  decision.selected = true;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto c = static_cast<std::uint16_t>(i);
    const auto choose = [&](std::uint16_t v, Role role, std::size_t role_index) {
      decision.choices.push_back({c, v, role, static_cast<std::uint8_t>(role_index), labels[c][v]});
    };
    choose(0, Role::kSource, 0);
    for (std::size_t a = 0; a < altered.size(); ++a) choose(altered[a], Role::kAltered, a);
    const auto unaffected =
        drawn(variants_where(variants.size(), [&](std::size_t v) { return !affected(labels[c], v); }), 1,
              seed, image, "unaffected", variants);
    if (!unaffected.empty()) choose(unaffected.front(), Role::kUnaffected, 0);
  }
  return decision;
}

}  // namespace wcam
