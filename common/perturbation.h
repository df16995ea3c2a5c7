// Families of altered images and the names of their variants. What a corruption does to pixels is in
// worker/corruption; this is only what both sides must agree on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wcam {

// The unaltered image, beside the variants.
inline constexpr std::string_view kSourceVariant = "source";

inline constexpr int kLowestSeverity = 1, kHighestSeverity = 5;

// One variant: "corruptions/motion-blur/3".
struct Variant {
  std::string family;  // "corruptions"
  std::string name;    // "motion-blur"
  int severity = 0;    // 1..5
};

// Throws InputError naming the text and what was expected.
Variant parse_variant(std::string_view text);
std::string to_string(const Variant& variant);

// "defocus_blur", "jpeg_compression" (ImageNet-C's spelling) -> "defocus-blur", "jpeg". Throws UsageError
// listing the known names.
std::string canonical_corruption(std::string_view name);

// Names of the corruptions this version can make, in the published order.
const std::vector<std::string>& corruption_names();

// All variants of the family, corruptions outside, severities inside. Throws UsageError on an unknown family
// or name or a severity outside 1..5; an empty list of names or severities means all.
std::vector<std::string> variants_of(const std::string& family, const std::vector<std::string>& names,
                                     const std::vector<int>& severities);

}  // namespace wcam
