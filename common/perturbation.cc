#include "common/perturbation.h"

#include <algorithm>
#include <utility>

#include "common/error.h"

namespace wcam {

namespace {

constexpr std::string_view kCorruptions = "corruptions", kAllCorruptions = "all";

// ImageNet-C's other spellings, after '_' has become '-'.
constexpr std::pair<std::string_view, std::string_view> kAliases[] = {
    {"jpeg-compression", "jpeg"},
    {"elastic-transform", "elastic-transformation"},
    {"elastic", "elastic-transformation"},
};

std::string known_names() {
  std::string list;
  for (const auto& name : corruption_names()) list += (list.empty() ? "" : ", ") + name;
  return list;
}

// Canonical names, "all" replaced by all.
std::vector<std::string> chosen_corruptions(const std::vector<std::string>& names) {
  if (names.empty()) return study_corruption_names();
  std::vector<std::string> chosen;
  for (const auto& name : names)
    if (name == kAllCorruptions)
      chosen.insert(chosen.end(), corruption_names().begin(), corruption_names().end());
    else
      chosen.push_back(canonical_corruption(name));
  return chosen;
}

}  // namespace

const std::vector<std::string>& corruption_names() {
  static const std::vector<std::string> names{"motion-blur", "defocus-blur",  "brightness",
                                              "spatter",     "jpeg",          "saturate",
                                              "pixelate",    "impulse-noise", "gaussian-noise",
                                              "contrast",    "glass-blur",    "elastic-transformation",
                                              "shot-noise",  "gaussian-blur",  // study
                                              "zoom-blur",   "snow",          "fog",
                                              "frost",       "speckle-noise"};
  return names;
}

const std::vector<std::string>& study_corruption_names() {
  static const std::vector<std::string> names(
      corruption_names().begin(),
      std::find(corruption_names().begin(), corruption_names().end(), "gaussian-blur") + 1);
  return names;
}

std::string canonical_corruption(std::string_view name) {
  std::string canonical(name);
  std::replace(canonical.begin(), canonical.end(), '_', '-');
  for (const auto& [alias, target] : kAliases)
    if (canonical == alias) canonical = target;
  const auto& known = corruption_names();
  if (std::find(known.begin(), known.end(), canonical) == known.end())
    throw UsageError("unknown corruption '" + std::string(name) + "'; known: all, " + known_names());
  return canonical;
}

Variant parse_variant(std::string_view text) {
  const auto first = text.find('/'), last = text.rfind('/');
  const std::string_view severity = last == std::string_view::npos ? "" : text.substr(last + 1);
  if (first == std::string_view::npos || first == last || severity.size() != 1 || severity[0] < '1' ||
      severity[0] > '5')
    throw InputError("'" + std::string(text) +
                     "' is not a variant: expected FAMILY/NAME/SEVERITY, severity 1 to 5");
  return {std::string(text.substr(0, first)), std::string(text.substr(first + 1, last - first - 1)),
          severity[0] - '0'};
}

std::string to_string(const Variant& variant) {
  return variant.family + "/" + variant.name + "/" + std::to_string(variant.severity);
}

std::vector<std::string> variants_of(const std::string& family, const std::vector<std::string>& names,
                                     const std::vector<int>& severities) {
  if (family != kCorruptions)
    throw UsageError("unknown perturbation '" + family + "'; known: " + std::string(kCorruptions));
  std::vector<std::string> variants;
  for (const auto& canonical : chosen_corruptions(names)) {
    const auto add = [&](int severity) {
      variants.push_back(to_string(Variant{family, canonical, severity}));
    };
    for (int s = kLowestSeverity; severities.empty() && s <= kHighestSeverity; ++s) add(s);
    for (const int s : severities) {
      if (s < kLowestSeverity || s > kHighestSeverity)
        throw UsageError("severity " + std::to_string(s) + " is outside 1 to 5");
      add(s);
    }
  }
  return variants;
}

}  // namespace wcam
