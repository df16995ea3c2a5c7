#include "common/study/perturbation.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/base/error.h"
#include "common/command_line/suggestion.h"

namespace wcam {

namespace {

constexpr std::string_view kFamilies[] = {kCorruptions, kImagenetC, kEditing, kFolders};

// ImageNet-C's other spellings, after '_' has become '-'.
constexpr std::pair<std::string_view, std::string_view> kAliases[] = {
    {"jpeg-compression", "jpeg"},
    {"elastic-transform", "elastic-transformation"},
    {"elastic", "elastic-transformation"},
};

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

bool is_family(std::string_view name) {
  return std::find(std::begin(kFamilies), std::end(kFamilies), name) != std::end(kFamilies);
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

void check_family(const std::string& family) {
  if (is_family(family)) return;
  throw UsageError("unknown perturbation '" + family + "'" + but_known(family, kFamilies));
}

bool is_on_disk(std::string_view family) { return family != kCorruptions; }

bool has_severities(std::string_view family) { return family == kCorruptions || family == kImagenetC; }

std::string canonical_spelling(std::string_view name) {
  std::string canonical(name);
  std::replace(canonical.begin(), canonical.end(), '_', '-');
  for (const auto& [alias, target] : kAliases)
    if (canonical == alias) canonical = target;
  return canonical;
}

std::string canonical_corruption(std::string_view name) {
  const std::string canonical = canonical_spelling(name);
  const auto& known = corruption_names();
  if (std::find(known.begin(), known.end(), canonical) == known.end())
    throw UsageError("unknown corruption '" + std::string(name) + "'" + but_known(canonical, known));
  return canonical;
}

bool needs_overlays(std::string_view variant) { return variant.starts_with("corruptions/frost/"); }

Variant parse_variant(std::string_view text) {
  const auto first = text.find('/'), second = text.find('/', first + 1);
  const std::string_view family = text.substr(0, first);
  if (first != std::string_view::npos && is_family(family)) {
    const std::string name(text.substr(first + 1, second - first - 1));
    const std::string_view severity = second == std::string_view::npos ? "" : text.substr(second + 1);
    const bool graded = severity.size() == 1 && severity[0] >= '1' && severity[0] <= '5';
    const bool whole = has_severities(family) ? graded : second == std::string_view::npos;
    if (!name.empty() && whole) return {std::string(family), name, graded ? severity[0] - '0' : 0};
  }
  throw InputError("'" + std::string(text) +
                   "' is not a variant: expected FAMILY/NAME/SEVERITY, severity 1 to 5, or FAMILY/NAME of "
                   "editing and folders");
}

std::string to_string(const Variant& variant) {
  const std::string name = variant.family + "/" + variant.name;
  return variant.severity == 0 ? name : name + "/" + std::to_string(variant.severity);
}

void check_severity(int severity) {
  if (severity < kLowestSeverity || severity > kHighestSeverity)
    throw UsageError("severity " + std::to_string(severity) + " is outside 1 to 5");
}

std::vector<std::string> variants_of(const std::string& family, const std::vector<std::string>& names,
                                     const std::vector<int>& severities) {
  if (family != kCorruptions)
    throw UsageError("no perturbation '" + family + "' is made here, only " + std::string(kCorruptions));
  std::vector<std::string> variants;
  for (const auto& canonical : chosen_corruptions(names)) {
    const auto add = [&](int severity) {  // once, however often it is named
      const std::string variant = to_string(Variant{family, canonical, severity});
      if (std::find(variants.begin(), variants.end(), variant) == variants.end()) variants.push_back(variant);
    };
    for (int s = kLowestSeverity; severities.empty() && s <= kHighestSeverity; ++s) add(s);
    for (const int s : severities) {
      check_severity(s);
      add(s);
    }
  }
  return variants;
}

}  // namespace wcam
